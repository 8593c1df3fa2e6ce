/**
 * Production engines that are gone in the middle of files, one after the other and all together, or at the start. Work waits, shows for
 * which engine, and resumes by itself. The outcome is that of one undisturbed process on the embedded engines: nothing is lost or doubled,
 * and no row is rejected because of the outage (INV-7). `hanging-outages.test.ts` has engines that hang.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../crash/outcome.ts';
import {
  accept,
  countObjects,
  expectOutcome,
  expectUnavailable,
  fileOf,
  first,
  inChunk,
  late,
  lineOf,
  linesOf,
  onStack,
  ownKafka,
  putStock,
  READ_SHARE,
  readiness,
  scarce,
  second,
  sweep,
  undisturbed,
  WAIT,
} from '../support/engine-outages.ts';
import { ended, getJson, upload } from '../support/service.ts';
import { engineAddresses, missingEngines, newStack } from '../support/stack.ts';

describe.skipIf(missingEngines !== null)('on S3, SQS, MongoDB and Kafka', () => {
  let expected: Outcome;
  let kafka: Awaited<ReturnType<typeof ownKafka>>;

  beforeAll(async () => {
    kafka = await ownKafka();
    [expected] = await Promise.all([undisturbed(), kafka.start()]);
  }, 120_000);
  afterAll(() => kafka?.stop());

  test('without S3 files in work wait and show it, and an upload is refused and leaves nothing', async () => {
    await onStack(kafka.address, async ({ stack, proxies: { s3 }, api, worker }) => {
      s3.holdAnswersAfter(first.bytes.length * READ_SHARE);
      const ids = [await accept(api, first), await accept(api, second)];
      await Promise.all(ids.map((fileId) => lineOf(worker, inChunk(0, fileId))));
      await s3.stop();
      for (const fileId of ids)
        await expect
          .poll(() => fileOf(api, fileId), WAIT)
          .toMatchObject({ status: 'waiting', waiting_for: 'objects', progress: { rows: 5_000 } });

      await expectUnavailable(upload(api, late.bytes, `?name=${late.name}`), 'object_store_unavailable');
      expect(await countObjects(stack)).toBe(2);
      expect(await getJson(api, '/files')).toMatchObject({ items: [{}, {}] });
      for (const service of [api, worker])
        await expect.poll(() => readiness(service), WAIT).toEqual({ status: 503, down: ['objects'] });
      for (const fileId of ids)
        expect(await fileOf(api, fileId)).toMatchObject({ status: 'waiting', waiting_for: 'objects' });
      expect(linesOf(worker, 'the engine is back: the file continues')).toEqual([]);

      await s3.start();
      ids.push(await accept(api, late));
      await expectOutcome(api, ids, expected);
      for (const fileId of ids.slice(0, 2)) {
        expect(linesOf(worker, 'the file waits for an engine', fileId)).toMatchObject([{ dependency: 'objects' }]);
        expect(linesOf(worker, 'the engine is back: the file continues', fileId)).toHaveLength(1);
      }
      await expect.poll(() => readiness(worker), WAIT).toEqual({ status: 200, down: [] });
    });
  });

  test('without SQS files in work are completed, and an upload is accepted and ingested later', async () => {
    await onStack(kafka.address, async ({ stack, proxies: { sqs }, api, worker }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await lineOf(worker, inChunk(0));
      await sqs.stop();
      ids.push(await accept(api, late));
      expect(await fileOf(api, ids[2]!)).toMatchObject({ status: 'queued' });
      for (const service of [api, worker])
        await expect.poll(() => readiness(service), WAIT).toEqual({ status: 503, down: ['queue'] });
      await lineOf(worker, ({ msg }) => msg === 'no message could be received');

      await sqs.start();
      await sweep(stack);
      await expectOutcome(api, ids, expected);
    });
  });

  test('without MongoDB every request that needs it gets 503, and an upload leaves nothing', async () => {
    await onStack(kafka.address, async ({ stack, proxies: { mongo }, api, worker, publisher }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await lineOf(worker, inChunk(1));
      await mongo.stop();
      await Promise.all([
        expectUnavailable(upload(api, late.bytes, `?name=${late.name}`), 'store_unavailable'),
        ...['/files', `/files/${ids[0]}`, '/orders', '/stats', '/stats/history', '/inventory', '/invalid-files'].map(
          (path) => expectUnavailable(fetch(`${api.url}${path}`), 'store_unavailable'),
        ),
      ]);
      expect(await countObjects(stack)).toBe(2);
      for (const service of [api, worker, publisher])
        await expect
          .poll(() => readiness(service), WAIT)
          .toMatchObject({ status: 503, down: expect.arrayContaining(['store']) });
      await lineOf(worker, ({ msg }) => msg === 'the file waits for an engine');

      await mongo.start();
      // Requests get 503 until the service has noticed that MongoDB is back.
      await expect.poll(async () => (await fetch(`${api.url}/files`)).status).toBe(200);
      ids.push(await accept(api, late));
      await expectOutcome(api, ids, expected);
    });
  });

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
