/**
 * Production engines that are gone in the middle of files. Work waits, shows for which engine, and resumes by itself. The outcome is that
 * of one undisturbed process on the embedded engines: nothing is lost or doubled, and no row is rejected because of the outage (INV-7).
 * Kafka, and all engines together: `kafka-outages.test.ts`. Engines that hang: `hanging-outages.test.ts`.
 */
import { beforeAll, describe, expect, test } from 'vitest';
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
  READ_SHARE,
  readiness,
  second,
  sweep,
  undisturbed,
  WAIT,
} from '../support/engine-outages.ts';
import { getJson, upload } from '../support/service.ts';
import { engineAddresses, missingEngines } from '../support/stack.ts';

// Those on Kafka are beside these in a file of their own, because all wait more than they work.
describe.skipIf(missingEngines !== null)('on S3, SQS, MongoDB and Kafka', () => {
  let expected: Outcome;

  beforeAll(async () => {
    expected = await undisturbed();
  });

  test('without S3 files in work wait and show it, and an upload is refused and leaves nothing', async () => {
    await onStack(engineAddresses().kafka, async ({ stack, proxies: { s3 }, api, worker }) => {
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
    await onStack(engineAddresses().kafka, async ({ stack, proxies: { sqs }, api, worker }) => {
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
    await onStack(engineAddresses().kafka, async ({ stack, proxies: { mongo }, api, worker, publisher }) => {
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
});
