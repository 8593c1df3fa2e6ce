/**
 * Outages of the production engines in the middle of files: work waits, says for what, and resumes by itself. The outcome is that of
 * one undisturbed process on the embedded engines: nothing is lost or doubled, and no row is rejected because of the outage (INV-7).
 */

import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/engines/free-port.ts';
import { startKafka } from '../../scripts/engines/kafka.ts';
import { createSqsJobQueue } from '../../src/adapters/job-queue.sqs.ts';
import { createS3ObjectStore } from '../../src/adapters/object-store.s3.ts';
import { createMongoOrderStore } from '../../src/adapters/order-store.mongo/order-store.ts';
import { UPLOADS } from '../../src/model/file.ts';
import { deleteOrphans, queueStrandedFiles } from '../../src/pipeline/sweep.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { Line } from '../crash/lives.ts';
import { type OrderFile, scarceFiles, smallFile, stockFor } from '../crash/order-files.ts';
import { differences, type Outcome, readOutcome } from '../crash/outcome.ts';
import { s3Client, s3Options } from '../support/adapters/aws.ts';
import { startMongoProxy } from '../support/mongo-proxy.ts';
import {
  ended,
  type FileJson,
  getJson,
  type Service,
  startService,
  temporaryDirectory,
  upload,
} from '../support/service.ts';
import { engineAddresses, missingEngines, newStack, type Stack } from '../support/stack.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/** A guard: a hang is over for a request after the time limits of its adapter, of which the longest is a minute and a half. */
const HANG_MS = 300_000;
const WAIT = { timeout: 90_000, interval: 50 };
/** Files in work have several chunks; the last is uploaded during the outage. */
const scarce = scarceFiles([11_000, 11_000, 700]);
const [first, second, late] = scarce.map(({ file }) => file) as [OrderFile, OrderFile, OrderFile];
const sentinel = smallFile(99);
/** Of a file's bytes: more than its first chunk and what its encoding is found out by, less than two chunks. */
const READ_SHARE = 0.8;

async function putStock(service: Service): Promise<void> {
  const headers = { 'content-type': 'text/csv' };
  const response = await fetch(`${service.url}/inventory`, {
    method: 'PUT',
    headers,
    body: stockFor(scarce, sentinel),
  });
  expect(response.status).toBe(200);
}

async function accept(service: Service, file: OrderFile): Promise<string> {
  const response = await upload(service, file.bytes, `?name=${file.name}`);
  const answer = (await response.json()) as { file_id: string };
  expect({ status: response.status, answer }).toMatchObject({ status: 202 });
  return answer.file_id;
}

const fileOf = (service: Service, fileId: string) => getJson<FileJson>(service, `/files/${fileId}`);

interface Readiness {
  status: string;
  dependencies: Record<string, { status: string; detail?: string }>;
}

/** The dependencies of a service that are down, and the status of the answer that says so. */
async function readiness({ url }: Service): Promise<{ status: number; down: string[] }> {
  const response = await fetch(`${url}/readyz`);
  const { dependencies } = (await response.json()) as Readiness;
  const down = Object.entries(dependencies).flatMap(([name, { status }]) => (status === 'down' ? [name] : []));
  return { status: response.status, down };
}

/** The answer to a client while an engine is away: try again later. */
async function expectUnavailable(answer: Promise<Response>, code: string): Promise<void> {
  const response = await answer;
  expect({
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    problem: await response.json(),
  }).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/), problem: { code } });
}

/** The first line of the log, already written or yet to come, that it is waited for. */
function lineOf(service: Service, wanted: (line: Line) => boolean): Promise<Line> {
  return new Promise((resolve) => {
    const look = (line: unknown) => {
      if (wanted(line as Line)) resolve(line as Line);
    };
    service.log.forEach(look);
    service.onLog(look);
  });
}

const linesOf = (service: Service, message: string, fileId?: string) =>
  service.log.filter(({ msg, file_id }) => msg === message && (fileId === undefined || file_id === fileId));

const inChunk = (n: number, fileId?: string) => (line: Line) =>
  line.stage === 'chunk' && line.chunk === n && (fileId === undefined || line.file_id === fileId);

/** A broker that can be killed and started again with its data. */
async function ownKafka(port: number) {
  const directory = await temporaryDirectory();
  let broker: Awaited<ReturnType<typeof startKafka>> | null = null;
  return {
    address: `127.0.0.1:${port}`,
    async start() {
      broker = await startKafka({ port, directory });
    },
    /** Keeps its connections and accepts new ones, and answers nothing until it continues. */
    hang: () => broker!.child.kill('SIGSTOP'),
    goOn: () => broker!.child.kill('SIGCONT'),
    async stop() {
      await broker?.stop();
      broker = null;
    },
  };
}

interface Disturbed {
  stack: Stack;
  proxies: Record<'s3' | 'sqs' | 'mongo', TcpProxy>;
  api: Service;
  worker: Service;
  publisher: Service;
}

describe.skipIf(missingEngines !== null)('on S3, SQS, MongoDB and Kafka', () => {
  let expected: Outcome;
  let kafka: Awaited<ReturnType<typeof ownKafka>>;

  beforeAll(async () => {
    kafka = await ownKafka(await freePort());
    [expected] = await Promise.all([undisturbed(), kafka.start()]);
  }, 120_000);
  afterAll(() => kafka?.stop());

  async function undisturbed(): Promise<Outcome> {
    const service = await startService();
    await putStock(service);
    for (const { file } of scarce) await ended(service, await accept(service, file));
    const outcome = await readOutcome(service, { sentinel });
    expect(await service.stop()).toBe(0);
    return outcome;
  }

  /** A process for each role, every engine but Kafka behind a proxy of its own, and stock. */
  async function onStack(
    work: (disturbed: Disturbed) => Promise<void>,
    kafkaAddress: string = kafka.address,
  ): Promise<void> {
    const engines = engineAddresses();
    const behind = (url: string) => startTcpProxy(new URL(url).host);
    const [s3, sqs, mongo] = await Promise.all([behind(engines.s3), behind(engines.sqs), behind(engines.mongo)]);
    const stack = await newStack({
      visibilitySeconds: 6,
      addresses: {
        s3: `http://${s3.address}`,
        sqs: `http://${sqs.address}`,
        mongo: `mongodb://${mongo.address}`,
        kafka: kafkaAddress,
      },
    });
    const [api, worker, publisher] = await Promise.all([
      stack.start('api'),
      stack.start('worker'),
      stack.start('publisher'),
    ]);
    await putStock(api);
    await work({ stack, proxies: { s3, sqs, mongo }, api, worker, publisher });
    expect(await Promise.all([api, worker, publisher].map((service) => service.stop()))).toEqual([0, 0, 0]);
    await Promise.all([s3, sqs, mongo].map((proxy) => proxy.close()));
  }

  async function expectUndisturbed(api: Service, ids: string[]): Promise<void> {
    for (const fileId of ids)
      expect(await ended(api, fileId)).toMatchObject({ status: 'completed', waiting_for: null });
    expect(differences(await readOutcome(api, { sentinel, repeats: true }), expected)).toEqual([]);
  }

  /** Uploaded objects of files: those that a refused upload left would be among them. */
  async function objectsOf({ bucket }: Stack): Promise<number> {
    const s3 = s3Client(engineAddresses().s3);
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${UPLOADS}f_` }));
    s3.destroy();
    return KeyCount!;
  }

  /** What the sweeper does of its own accord, without its waits. */
  async function sweep(stack: Stack): Promise<void> {
    const store = createMongoOrderStore({ url: stack.env.OMS_ORDER_STORE!, trackStock: true, now: Date.now });
    const queue = await createSqsJobQueue({
      queue: stack.queue,
      endpoint: engineAddresses().sqs,
      region: 'us-east-1',
    });
    const objects = createS3ObjectStore(s3Options(engineAddresses().s3, stack.bucket));
    const ports = { objects, store, queue, clock: systemClock };
    const logger = pino({ level: 'silent' });
    await queueStrandedFiles(ports, 0, logger);
    await deleteOrphans(ports, { fromMs: 0, toMs: Date.now() }, logger);
    objects.close();
    queue.close();
    await store.close();
  }

  test('without S3 a file in the middle waits for it and says so, and an upload is refused and leaves nothing', {
    timeout: 60_000,
  }, async () => {
    await onStack(async ({ stack, proxies: { s3 }, api, worker }) => {
      s3.holdAnswersAfter(first.bytes.length * READ_SHARE);
      const ids = [await accept(api, first), await accept(api, second)];
      await Promise.all(ids.map((fileId) => lineOf(worker, inChunk(0, fileId))));
      await s3.stop();
      for (const fileId of ids)
        await expect
          .poll(() => fileOf(api, fileId), WAIT)
          .toMatchObject({ status: 'waiting', waiting_for: 'objects', progress: { rows: 5_000 } });

      await expectUnavailable(upload(api, late.bytes, `?name=${late.name}`), 'object_store_unavailable');
      expect(await objectsOf(stack)).toBe(2);
      expect(await getJson(api, '/files')).toMatchObject({ items: [{}, {}] });
      for (const service of [api, worker]) expect(await readiness(service)).toEqual({ status: 503, down: ['objects'] });
      for (const fileId of ids)
        expect(await fileOf(api, fileId)).toMatchObject({ status: 'waiting', waiting_for: 'objects' });
      expect(linesOf(worker, 'the engine is back: the file continues')).toEqual([]);

      await s3.start();
      ids.push(await accept(api, late));
      await expectUndisturbed(api, ids);
      for (const fileId of ids.slice(0, 2)) {
        expect(linesOf(worker, 'the file waits for an engine', fileId)).toMatchObject([{ dependency: 'objects' }]);
        expect(linesOf(worker, 'the engine is back: the file continues', fileId)).toHaveLength(1);
      }
      expect(await readiness(worker)).toEqual({ status: 200, down: [] });
    });
  });

  test('without SQS files in work are finished, and an upload is taken and ingested later', {
    timeout: 60_000,
  }, async () => {
    await onStack(async ({ stack, proxies: { sqs }, api, worker }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await lineOf(worker, inChunk(0));
      await sqs.stop();
      ids.push(await accept(api, late));
      expect(await fileOf(api, ids[2]!)).toMatchObject({ status: 'queued' });
      for (const service of [api, worker]) expect(await readiness(service)).toEqual({ status: 503, down: ['queue'] });
      await lineOf(worker, ({ msg }) => msg === 'no message could be received');

      await sqs.start();
      await sweep(stack);
      await expectUndisturbed(api, ids);
    });
  });

  test('without MongoDB every request that needs it is answered 503, and an upload leaves nothing', {
    timeout: 90_000,
  }, async () => {
    await onStack(async ({ stack, proxies: { mongo }, api, worker, publisher }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await lineOf(worker, inChunk(1));
      await mongo.stop();
      await Promise.all([
        expectUnavailable(upload(api, late.bytes, `?name=${late.name}`), 'store_unavailable'),
        ...['/files', `/files/${ids[0]}`, '/orders', '/stats', '/stats/history', '/inventory', '/invalid-files'].map(
          (path) => expectUnavailable(fetch(`${api.url}${path}`), 'store_unavailable'),
        ),
      ]);
      expect(await objectsOf(stack)).toBe(2);
      for (const service of [api, worker, publisher])
        expect(await readiness(service)).toMatchObject({ status: 503, down: expect.arrayContaining(['store']) });
      await lineOf(worker, ({ msg }) => msg === 'the file waits for an engine');

      await mongo.start();
      // Until the service has seen that it is back, it says so.
      await expect.poll(async () => (await fetch(`${api.url}/files`)).status).toBe(200);
      ids.push(await accept(api, late));
      await expectUndisturbed(api, ids);
    });
  });

  test('without Kafka files are ingested, their events wait and all arrive later', { timeout: 60_000 }, async () => {
    await onStack(async ({ api, worker, publisher }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await lineOf(worker, inChunk(0));
      await kafka.stop();
      ids.push(await accept(api, late));
      for (const fileId of ids) expect(await ended(api, fileId)).toMatchObject({ status: 'completed' });
      await lineOf(publisher, ({ msg }) => msg === 'events cannot be published now: they wait in the outbox');
      expect(await getJson(api, '/stats')).toMatchObject({ events: { pending: expect.toSatisfy((n) => n > 0) } });
      await expectUnavailable(fetch(`${api.url}/events?after=0`), 'event_stream_unavailable');
      for (const service of [api, publisher])
        expect(await readiness(service)).toEqual({ status: 503, down: ['events'] });

      await kafka.start();
      await expectUndisturbed(api, ids);
      expect(await getJson(api, '/stats')).toMatchObject({ events: { pending: 0 } });
    });
  });

  // They wait for time limits more than they work, each on engines of its own but for Kafka, which is left alone.
  test.concurrent('while S3 hangs files in the middle wait for it, and an upload is refused and leaves nothing', {
    timeout: HANG_MS,
  }, async ({ expect }) => {
    await onStack(async ({ stack, proxies: { s3 }, api, worker }) => {
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
      for (const service of [api, worker]) expect(await readiness(service)).toEqual({ status: 503, down: ['objects'] });

      // What was held reaches S3 now, the object of the refused upload with it.
      await s3.start();
      ids.push(await accept(api, late));
      await expectUndisturbed(api, ids);
      await sweep(stack);
      expect(await objectsOf(stack)).toBe([...ids, sentinel].length);
    });
  });

  test.concurrent('while SQS hangs files in work are finished, and an upload is taken and ingested later', {
    timeout: HANG_MS,
  }, async () => {
    await onStack(async ({ stack, proxies: { sqs }, api, worker }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await Promise.all(ids.map((fileId) => lineOf(worker, inChunk(0, fileId))));
      sqs.hang();
      ids.push(await accept(api, late));
      for (const fileId of ids.slice(0, 2)) expect(await ended(api, fileId)).toMatchObject({ status: 'completed' });
      expect(await fileOf(api, ids[2]!)).toMatchObject({ status: 'queued', waiting_for: null });
      await lineOf(worker, ({ msg }) => msg === 'no message could be received');

      await sqs.start();
      await sweep(stack);
      await expectUndisturbed(api, ids);
    });
  });

  test.concurrent('while MongoDB hangs requests are answered 503, files wait, and an upload leaves nothing', {
    timeout: HANG_MS,
  }, async () => {
    await onStack(async ({ stack, proxies: { mongo }, api, worker }) => {
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
      expect(await objectsOf(stack)).toBe(2);

      await mongo.start();
      ids.push(await accept(api, late));
      await expectUndisturbed(api, ids);
    });
  });

  test.concurrent('while MongoDB accepts connections and executes nothing a request is answered 503, however long that takes', {
    timeout: HANG_MS,
  }, async () => {
    const until = Promise.withResolvers<void>();
    let hangs = false;
    const mongo = await startMongoProxy(engineAddresses().mongo, async () => {
      if (hangs) await until.promise;
      return { applies: 'all', cut: null };
    });
    const stack = await newStack({ addresses: { ...engineAddresses(), mongo: mongo.url } });
    const api = await stack.start('api');
    hangs = true;
    await Promise.all([
      expectUnavailable(upload(api, late.bytes, `?name=${late.name}`), 'store_unavailable'),
      expectUnavailable(fetch(`${api.url}/files`), 'store_unavailable'),
    ]);
    expect(await objectsOf(stack)).toBe(0);
    hangs = false;
    until.resolve();
    await accept(api, late);
    expect(await api.stop()).toBe(0);
    mongo.stop();
  });

  test('while Kafka hangs files are ingested, their events wait and all arrive later', {
    timeout: HANG_MS,
  }, async () => {
    await onStack(async ({ api, worker, publisher }) => {
      const ids = [await accept(api, first), await accept(api, second)];
      await lineOf(worker, inChunk(0));
      kafka.hang();
      ids.push(await accept(api, late));
      for (const fileId of ids) expect(await ended(api, fileId)).toMatchObject({ status: 'completed' });
      await lineOf(publisher, ({ msg }) => msg === 'events cannot be published now: they wait in the outbox');
      expect(await getJson(api, '/stats')).toMatchObject({ events: { pending: expect.toSatisfy((n) => n > 0) } });
      for (const service of [api, publisher])
        expect(await readiness(service)).toEqual({ status: 503, down: ['events'] });

      kafka.goOn();
      await expectUndisturbed(api, ids);
    });
  });

  test('without any engine everything waits, and continues when they are back', { timeout: 90_000 }, async () => {
    await onStack(async ({ proxies, api, worker, publisher }) => {
      const ids = [await accept(api, first), await accept(api, second), await accept(api, late)];
      await lineOf(worker, inChunk(0));
      await Promise.all([...Object.values(proxies), kafka].map((engine) => engine.stop()));
      await Promise.all([
        lineOf(worker, ({ msg }) => msg === 'the file waits for an engine'),
        lineOf(worker, ({ msg }) => msg === 'no message could be received'),
        lineOf(publisher, ({ msg }) => msg === 'events cannot be published now: they wait in the outbox'),
      ]);
      expect(await readiness(api)).toMatchObject({
        status: 503,
        down: expect.arrayContaining(['objects', 'queue', 'store', 'events']),
      });
      await Promise.all([...Object.values(proxies), kafka].map((engine) => engine.start()));
      await expectUndisturbed(api, ids);
    });
  });

  test('started without Kafka a worker works; a publisher says what it misses, and once it can start publishes all', {
    timeout: 60_000,
  }, async () => {
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
    await expectUndisturbed(api, ids);
    expect(await Promise.all([api, worker, publisher].map((service) => service.stop()))).toEqual([0, 0, 0]);
  });
});
