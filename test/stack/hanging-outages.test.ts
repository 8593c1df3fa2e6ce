/**
 * Production engines that hang in the middle of files: connections stay open and are accepted, but no response comes. Each request and
 * each file waits for the time limits of the adapter, and then the outcome is as in `outages.test.ts`.
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
  READ_SHARE,
  readiness,
  second,
  sentinel,
  sweep,
  undisturbed,
  WAIT,
} from '../support/engine-outages.ts';
import { startMongoProxy } from '../support/mongo-proxy.ts';
import { ended, getJson, upload } from '../support/service.ts';
import { engineAddresses, missingEngines, newStack } from '../support/stack.ts';

// They wait for time limits more than they work, so they run together. Only the last one makes its Kafka hang, a broker of its own.
describe.skipIf(missingEngines !== null)('on S3, SQS, MongoDB and Kafka', () => {
  let expected: Outcome;
  let kafka: Awaited<ReturnType<typeof ownKafka>>;

  beforeAll(async () => {
    kafka = await ownKafka();
    [expected] = await Promise.all([undisturbed(), kafka.start()]);
  });
  afterAll(() => kafka?.stop());

  test.concurrent('while S3 hangs files in work wait for it, and an upload is refused and leaves nothing', async ({
    expect,
  }) => {
    await onStack(engineAddresses().kafka, async ({ stack, proxies: { s3 }, api, worker }) => {
      s3.holdAnswersAfter(first.bytes.length * READ_SHARE);
      const ids = [await accept(api, first), await accept(api, second)];
      await Promise.all(ids.map((fileId) => lineOf(worker, inChunk(0, fileId))));
      s3.hang();
      const refused = expectUnavailable(upload(api, late.bytes, `?name=${late.name}`), 'object_store_unavailable');
      for (const fileId of ids)
        await expect
          .poll(() => fileOf(api, fileId), WAIT)
          .toMatchObject({ status: 'waiting', waiting_for: 'objects', progress: { rows: 5_000 } });
      await refused;
      for (const service of [api, worker])
        await expect.poll(() => readiness(service), WAIT).toEqual({ status: 503, down: ['objects'] });

      // What the proxy held reaches S3 now, including the object of the refused upload.
      await s3.start();
      ids.push(await accept(api, late));
      await expectOutcome(api, ids, expected);
      await sweep(stack);
      expect(await countObjects(stack)).toBe([...ids, sentinel].length);
    });
  });

  test.concurrent('while SQS hangs files in work are completed, and an upload is accepted and ingested later', async () => {
    await onStack(engineAddresses().kafka, async ({ stack, proxies: { sqs }, api, worker }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await Promise.all(ids.map((fileId) => lineOf(worker, inChunk(0, fileId))));
      sqs.hang();
      ids.push(await accept(api, late));
      for (const fileId of ids.slice(0, 2)) expect(await ended(api, fileId)).toMatchObject({ status: 'completed' });
      expect(await fileOf(api, ids[2]!)).toMatchObject({ status: 'queued', waiting_for: null });
      await lineOf(worker, ({ msg }) => msg === 'no message could be received');

      await sqs.start();
      await sweep(stack);
      await expectOutcome(api, ids, expected);
    });
  });

  test.concurrent('while MongoDB hangs requests get 503, files wait, and an upload leaves nothing', async () => {
    await onStack(engineAddresses().kafka, async ({ stack, proxies: { mongo }, api, worker }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await lineOf(worker, inChunk(1));
      mongo.hang();
      await Promise.all([
        expectUnavailable(upload(api, late.bytes, `?name=${late.name}`), 'store_unavailable'),
        ...['/files', `/files/${ids[0]}`, '/orders', '/stats'].map((path) =>
          expectUnavailable(fetch(`${api.url}${path}`), 'store_unavailable'),
        ),
        lineOf(worker, ({ msg }) => msg === 'the file waits for an engine'),
      ]);
      expect(linesOf(worker, 'the file waits for an engine')[0]).toMatchObject({ dependency: 'store' });
      expect(await countObjects(stack)).toBe(2);

      await mongo.start();
      ids.push(await accept(api, late));
      await expectOutcome(api, ids, expected);
    });
  });

  test.concurrent('while MongoDB accepts connections but executes nothing requests get 503, however long that takes', async () => {
    const resumed = Promise.withResolvers<void>();
    let hangs = false;
    const mongo = await startMongoProxy(engineAddresses().mongo, async () => {
      if (hangs) await resumed.promise;
      return { applies: 'all', cut: null };
    });
    const stack = await newStack({ addresses: { ...engineAddresses(), mongo: mongo.url } });
    const api = await stack.start('api');
    hangs = true;
    await Promise.all([
      expectUnavailable(upload(api, late.bytes, `?name=${late.name}`), 'store_unavailable'),
      expectUnavailable(fetch(`${api.url}/files`), 'store_unavailable'),
    ]);
    expect(await countObjects(stack)).toBe(0);
    hangs = false;
    resumed.resolve();
    await accept(api, late);
    expect(await api.stop()).toBe(0);
    mongo.stop();
  });

  test.concurrent('while Kafka hangs files are ingested, and their events wait and are published later', async ({
    expect,
  }) => {
    await onStack(kafka.address, async ({ api, worker, publisher }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await lineOf(worker, inChunk(0));
      kafka.hang();
      ids.push(await accept(api, late));
      for (const fileId of ids) expect(await ended(api, fileId)).toMatchObject({ status: 'completed' });
      await lineOf(publisher, ({ msg }) => msg === 'events cannot be published now: they wait in the outbox');
      expect(await getJson(api, '/stats')).toMatchObject({ events: { pending: expect.toSatisfy((n) => n > 0) } });
      for (const service of [api, publisher])
        await expect.poll(() => readiness(service), WAIT).toEqual({ status: 503, down: ['events'] });

      kafka.resume();
      await expectOutcome(api, ids, expected);
    });
  });
});
