/**
 * Outages of the production engines in the middle of files: one process for each role, on engines that a test can take away or make hang,
 * and the outcome of one undisturbed process on the embedded engines to compare with.
 */
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { pino } from 'pino';
import { expect } from 'vitest';
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
import { s3Client, s3Options } from './adapters/aws.ts';
import { putStockCsv } from './http.ts';
import { ended, type FileJson, getJson, type Service, startService, temporaryDirectory, upload } from './service.ts';
import { engineAddresses, newStack, type Stack } from './stack.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** Files in work have several chunks; the last one is uploaded during the outage. */
export const scarce = scarceFiles([11_000, 11_000, 700]);
export const [first, second, late] = scarce.map(({ file }) => file) as [OrderFile, OrderFile, OrderFile];
/** The file that `readOutcome` ingests last, to know when all events have come. */
export const sentinel = smallFile(99);
/** Share of a file's bytes: more than its first chunk and the bytes that decide its encoding, less than two chunks. */
export const READ_SHARE = 0.8;
/** For states that come after time limits of clients and engines, of up to a minute and a half. */
export const WAIT = { timeout: 180_000, interval: 50 };

export const putStock = (service: Service): Promise<void> => putStockCsv(service, stockFor(scarce, sentinel));

/** Uploads a file, and returns its id. */
export async function accept(service: Service, file: OrderFile): Promise<string> {
  const response = await upload(service, file.bytes, `?name=${file.name}`);
  const body = (await response.json()) as { file_id: string };
  expect({ status: response.status, body }).toMatchObject({ status: 202 });
  return body.file_id;
}

export const fileOf = (service: Service, fileId: string) => getJson<FileJson>(service, `/files/${fileId}`);

interface Readiness {
  status: string;
  dependencies: Record<string, { status: string; detail?: string }>;
}

/** The status of `/readyz`, and the dependencies that are down. */
export async function readiness({ url }: Service): Promise<{ status: number; down: string[] }> {
  const response = await fetch(`${url}/readyz`);
  const { dependencies } = (await response.json()) as Readiness;
  const down = Object.entries(dependencies).flatMap(([name, { status }]) => (status === 'down' ? [name] : []));
  return { status: response.status, down };
}

/** The response to a client while an engine is away: try again later. */
export async function expectUnavailable(request: Promise<Response>, code: string): Promise<void> {
  const response = await request;
  expect({
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    problem: await response.json(),
  }).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/), problem: { code } });
}

/** Resolves with the first line of the log, past or future, that matches. */
export function lineOf(service: Service, matches: (line: Line) => boolean): Promise<Line> {
  return new Promise((resolve) => {
    const check = (line: unknown) => {
      if (matches(line as Line)) resolve(line as Line);
    };
    service.log.forEach(check);
    service.onLog(check);
  });
}

export const linesOf = (service: Service, message: string, fileId?: string) =>
  service.log.filter(({ msg, file_id }) => msg === message && (fileId === undefined || file_id === fileId));

export const inChunk = (n: number, fileId?: string) => (line: Line) =>
  line.stage === 'chunk' && line.chunk === n && (fileId === undefined || line.file_id === fileId);

/** A broker that can be killed and started again with its data. */
export async function ownKafka() {
  const port = await freePort();
  const directory = await temporaryDirectory();
  let broker: Awaited<ReturnType<typeof startKafka>> | null = null;
  return {
    address: `127.0.0.1:${port}`,
    async start() {
      broker = await startKafka({ port, directory });
    },
    /** Keeps its connections and accepts new ones, but sends nothing until it resumes. */
    hang: () => broker!.child.kill('SIGSTOP'),
    resume: () => broker!.child.kill('SIGCONT'),
    async stop() {
      await broker?.stop();
      broker = null;
    },
  };
}

/** The outcome of the files in one undisturbed process on the embedded engines. */
export async function undisturbed(): Promise<Outcome> {
  const service = await startService();
  await putStock(service);
  for (const { file } of scarce) await ended(service, await accept(service, file));
  const outcome = await readOutcome(service, { sentinel });
  expect(await service.stop()).toBe(0);
  return outcome;
}

/** Waits for the end of the files, and compares their outcome with the undisturbed one. */
export async function expectOutcome(api: Service, ids: string[], expected: Outcome): Promise<void> {
  for (const fileId of ids) expect(await ended(api, fileId)).toMatchObject({ status: 'completed', waiting_for: null });
  expect(differences(await readOutcome(api, { sentinel, repeats: true }), expected)).toEqual([]);
}

interface Disturbed {
  stack: Stack;
  proxies: Record<'s3' | 'sqs' | 'mongo', TcpProxy>;
  api: Service;
  worker: Service;
  publisher: Service;
}

let starting: Promise<unknown> = Promise.resolve();

/** Starts one process after the other: a start asks all engines and has seconds for it, and tests run together on few cores. */
function startInTurn<Started>(start: () => Promise<Started>): Promise<Started> {
  const started = starting.then(start);
  starting = started.catch(() => {});
  return started;
}

/** Starts a process for each role with stock, and every engine but Kafka behind a proxy of its own; stops all after the work. */
export async function onStack(kafkaAddress: string, work: (disturbed: Disturbed) => Promise<void>): Promise<void> {
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
    startInTurn(() => stack.start('api')),
    startInTurn(() => stack.start('worker')),
    startInTurn(() => stack.start('publisher')),
  ]);
  await putStock(api);
  await work({ stack, proxies: { s3, sqs, mongo }, api, worker, publisher });
  expect(await Promise.all([api, worker, publisher].map((service) => service.stop()))).toEqual([0, 0, 0]);
  await Promise.all([s3, sqs, mongo].map((proxy) => proxy.close()));
}

/** How many uploaded objects there are: those that a refused upload left would be among them. */
export async function countObjects({ bucket }: Stack): Promise<number> {
  const s3 = s3Client(engineAddresses().s3);
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${UPLOADS}f_` }));
  s3.destroy();
  return KeyCount!;
}

/** What the sweeper does by itself, without its waits. */
export async function sweep(stack: Stack): Promise<void> {
  const store = createMongoOrderStore({ url: stack.env.OMS_ORDER_STORE!, trackStock: true, now: Date.now });
  const queue = await createSqsJobQueue({ queue: stack.queue, endpoint: engineAddresses().sqs, region: 'us-east-1' });
  const objects = createS3ObjectStore(s3Options(engineAddresses().s3, stack.bucket));
  const ports = { objects, store, queue, clock: systemClock };
  const logger = pino({ level: 'silent' });
  await queueStrandedFiles(ports, 0, logger);
  await deleteOrphans(ports, { fromMs: 0, toMs: Date.now() }, logger);
  objects.close();
  queue.close();
  await store.close();
}
