/**
 * Kafka gone in the middle of files, or at a start, and all engines gone together: as in `outages.test.ts`. The tests share a broker of
 * their own.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../crash/outcome.ts';
import {
  accept,
  expectOutcome,
  expectUnavailable,
  first,
  inChunk,
  late,
  lineOf,
  onStack,
  ownKafka,
  putStock,
  readiness,
  scarce,
  second,
  undisturbed,
  WAIT,
} from '../support/engine-outages.ts';
import { ended, getJson } from '../support/service.ts';
import { engineAddresses, missingEngines, newStack } from '../support/stack.ts';

describe.skipIf(missingEngines !== null)('on S3, SQS, MongoDB and Kafka', () => {
  let expected: Outcome;
  let kafka: Awaited<ReturnType<typeof ownKafka>>;

  beforeAll(async () => {
    kafka = await ownKafka();
    [expected] = await Promise.all([undisturbed(), kafka.start()]);
  });
  afterAll(() => kafka?.stop());

  test('without Kafka files are ingested, and their events wait and are published later', async () => {
    await onStack(kafka.address, async ({ api, worker, publisher }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await lineOf(worker, inChunk(0));
      await kafka.stop();
      ids.push(await accept(api, late));
      for (const fileId of ids) expect(await ended(api, fileId)).toMatchObject({ status: 'completed' });
      await lineOf(publisher, ({ msg }) => msg === 'events cannot be published now: they wait in the outbox');
      expect(await getJson(api, '/stats')).toMatchObject({ events: { pending: expect.toSatisfy((n) => n > 0) } });
      await expectUnavailable(fetch(`${api.url}/events?after=0`), 'event_stream_unavailable');
      for (const service of [api, publisher])
        await expect.poll(() => readiness(service), WAIT).toEqual({ status: 503, down: ['events'] });

      await kafka.start();
      await expectOutcome(api, ids, expected);
      expect(await getJson(api, '/stats')).toMatchObject({ events: { pending: 0 } });
    });
  });

  test('without any engine all work waits, and resumes when the engines are back', async () => {
    await onStack(kafka.address, async ({ proxies, api, worker, publisher }) => {
      const ids = [await accept(api, first), await accept(api, second), await accept(api, late)];
      await lineOf(worker, inChunk(0));
      await Promise.all([...Object.values(proxies), kafka].map((engine) => engine.stop()));
      await Promise.all([
        lineOf(worker, ({ msg }) => msg === 'the file waits for an engine'),
        lineOf(worker, ({ msg }) => msg === 'no message could be received'),
        lineOf(publisher, ({ msg }) => msg === 'events cannot be published now: they wait in the outbox'),
      ]);
      await expect
        .poll(() => readiness(api), WAIT)
        .toMatchObject({
          status: 503,
          down: expect.arrayContaining(['objects', 'queue', 'store', 'events']),
        });
      await Promise.all([...Object.values(proxies), kafka].map((engine) => engine.start()));
      await expectOutcome(api, ids, expected);
    });
  });

  test('started without Kafka a worker ingests files; a publisher reports the missing engine, and later publishes all events', async () => {
    await kafka.stop();
    const stack = await newStack({ visibilitySeconds: 6, addresses: { ...engineAddresses(), kafka: kafka.address } });
    const [api, worker] = await Promise.all([stack.start('api'), stack.start('worker')]);
    await putStock(api);
    const ids: string[] = [];
    for (const { file } of scarce) ids.push(await accept(api, file));
    for (const fileId of ids) expect(await ended(api, fileId)).toMatchObject({ status: 'completed' });
    await expect(stack.start('publisher')).rejects.toThrow(/ended with 1:\n.*OMS_EVENT_STREAM: /s);

    await kafka.start();
    const publisher = await stack.start('publisher');
    await expectOutcome(api, ids, expected);
    expect(await Promise.all([api, worker, publisher].map((service) => service.stop()))).toEqual([0, 0, 0]);
  });
});
