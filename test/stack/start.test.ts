/**
 * What `oms start` says when something is wrong with an engine: one line for each variable that is wrong, with what to do, no stack trace
 * and no secret. What AWS and MongoDB say and their emulators do not is answered by small servers of the test.
 */
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BSON, type Document } from 'mongodb';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startKafka } from '../../scripts/engines/kafka.ts';
import { newQueue } from '../support/adapters/aws.ts';
import { newDatabaseUrl } from '../support/adapters/mongo.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  runOms,
  setStock,
  startService,
  upload,
} from '../support/service.ts';
import { missingEngines, newStack, type Stack } from '../support/stack.ts';

const SECRET = 'open-sesame';
/** Nothing listens there. */
const NOBODY = '127.0.0.1:9';

const servers: (Server | HttpServer)[] = [];
afterAll(() => {
  for (const server of servers) {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  }
});

async function listening(server: Server | HttpServer): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Refuses everything as S3 and SQS do. */
const awsRefusing = (status: number, code: string, headers: Record<string, string> = {}) =>
  listening(
    createHttpServer((request, response) => {
      request.resume();
      if (request.headers['x-amz-target'])
        response
          .writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
          .end(JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: 'no' }));
      else
        response
          .writeHead(status, { 'content-type': 'application/xml', ...headers })
          .end(`<Error><Code>${code}</Code><Message>no</Message></Error>`);
    }),
  );

const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;

/** Greets as a server of MongoDB with what `hello` says, and answers each command as `answer` does. */
const mongoSaying = (hello: Document, answer: (command: string) => Document = () => ({ ok: 1 })) =>
  listening(
    createServer((socket) => {
      let rest = Buffer.alloc(0);
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        rest = Buffer.concat([rest, bytes]);
        while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
          const message = rest.subarray(0, rest.readInt32LE(0));
          rest = rest.subarray(message.length);
          const legacy = message.readInt32LE(12) === OP_QUERY;
          // Behind flags, the collection's name and two numbers; or behind flags and the kind of the section.
          const at = legacy ? message.indexOf(0, HEADER_BYTES + 4) + 9 : HEADER_BYTES + 5;
          const command = Object.keys(BSON.deserialize(message.subarray(at, at + message.readInt32LE(at))))[0]!;
          const greets = /^(hello|ismaster)$/i.test(command);
          const body = BSON.serialize(
            greets
              ? { ismaster: true, isWritablePrimary: true, localTime: new Date(), minWireVersion: 0, ok: 1, ...hello }
              : answer(command),
          );
          const head = Buffer.alloc(HEADER_BYTES + (legacy ? 20 : 5));
          head.writeInt32LE(head.length + body.length, 0);
          head.writeInt32LE(message.readInt32LE(4), 8);
          head.writeInt32LE(legacy ? OP_REPLY : message.readInt32LE(12), 12);
          if (legacy) head.writeInt32LE(1, head.length - 4);
          socket.write(Buffer.concat([head, body]));
        }
      });
    }),
  );

describe.skipIf(missingEngines !== null)('oms start', { concurrent: true }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await newStack();
  });

  /** The lines on standard error. */
  async function refused(env: Record<string, string>, args: string[] = []): Promise<string[]> {
    const settings = { ...stack.env, OMS_PORT: '0', OMS_IMS_PORT: '0', AWS_SECRET_ACCESS_KEY: SECRET, ...env };
    const { code, stdout, stderr } = await runOms(['start', ...args], { ...settings, OMS_LOG_LEVEL: 'warn' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).not.toContain(SECRET);
    const lines = stderr.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^oms start: /);
    return lines;
  }
  const s3At = (host: string) => `s3://orders?endpoint=http://${host}&path_style=true`;
  const sqsAt = (host: string) => `sqs://jobs?endpoint=http://${host}`;

  test.each([
    ['OMS_OBJECT_STORE', s3At(NOBODY)],
    ['OMS_JOB_QUEUE', sqsAt(NOBODY)],
    ['OMS_ORDER_STORE', `mongodb://user:${SECRET}@${NOBODY}/oms`],
    ['OMS_EVENT_STREAM', `kafka://user:${SECRET}@${NOBODY}/orders`],
  ])('names %s when its engine cannot be reached', async (variable, url) => {
    const [line, ...others] = await refused({ [variable]: url });
    expect(others).toEqual([]);
    expect(line).toMatch(new RegExp(`^oms start: ${variable}: .*ECONNREFUSED`));
  });

  test('names all engines that are wrong, silent ones too, and ends', async () => {
    const silent = await listening(createServer(() => {}));
    const lines = await refused({
      OMS_OBJECT_STORE: s3At(silent),
      OMS_JOB_QUEUE: sqsAt(silent),
      OMS_ORDER_STORE: `mongodb://${silent}/oms`,
      OMS_EVENT_STREAM: `kafka://${silent}/orders`,
    });
    expect(lines.map((line) => line.split(': ')[1])).toEqual([
      'OMS_EVENT_STREAM',
      'OMS_JOB_QUEUE',
      'OMS_OBJECT_STORE',
      'OMS_ORDER_STORE',
    ]);
    for (const line of lines) expect(line).toMatch(/is it running, and is the address right|can be reached/);
  });

  test('prints the commands that create a bucket and a queue', async () => {
    const endpoint = inject('engines').fauxqs!;
    expect(
      await refused({
        OMS_OBJECT_STORE: `s3://no-bucket?endpoint=${endpoint}&path_style=true`,
        OMS_JOB_QUEUE: `sqs://no-queue?endpoint=${endpoint}`,
      }),
    ).toEqual([
      expect.stringContaining('aws sqs create-queue --endpoint-url'),
      expect.stringContaining('aws s3 mb s3://no-bucket --endpoint-url'),
    ]);
  });

  test.each([
    ['InvalidClientTokenId', 403, /AWS_ACCESS_KEY_ID/],
    ['SignatureDoesNotMatch', 403, /AWS_SECRET_ACCESS_KEY/],
    ['ExpiredToken', 400, /renew them/],
    ['RequestTimeTooSkewed', 403, /clock of this machine/],
    ['AccessDenied', 403, /allow s(3|qs):/],
  ])('says what to do about %s', async (code, status, cure) => {
    const host = await awsRefusing(status, code);
    const lines = await refused({ OMS_OBJECT_STORE: s3At(host), OMS_JOB_QUEUE: sqsAt(host) });
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(cure);
  });

  test('says in which region the bucket is', async () => {
    const host = await awsRefusing(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' });
    const [line] = await refused({ OMS_OBJECT_STORE: s3At(host) });
    expect(line).toMatch(/^oms start: OMS_OBJECT_STORE: .*AWS_REGION=eu-west-1/);
  });

  const failed = (code: number, errmsg: string) => ({ ok: 0, code, errmsg });
  const buildInfo = (command: string) => (command === 'buildInfo' ? { ok: 1, version: '7.0.0' } : failed(26, 'no ns'));
  test.each<[string, Document, (command: string) => Document, RegExp]>([
    ['is too old for the driver', { maxWireVersion: 6 }, buildInfo, /MongoDB 4.4 or later is needed/],
    [
      'is too old for the service',
      { maxWireVersion: 9 },
      (command) => (command === 'buildInfo' ? { ok: 1, version: '4.2.25' } : buildInfo(command)),
      /it is MongoDB 4.2.25: update it to 4.4 or later/,
    ],
    [
      'has a clock that is wrong',
      { maxWireVersion: 21, localTime: new Date(Date.now() - 300_000) },
      buildInfo,
      /the clock of this machine is 3\d\d s ahead of that of the database: set both by NTP/,
    ],
    [
      'refuses the password',
      { maxWireVersion: 21 },
      (command) => (command === 'saslStart' ? failed(18, 'Authentication failed.') : buildInfo(command)),
      /refuses the user or the password.*correct them/,
    ],
    [
      'grants no rights',
      { maxWireVersion: 21 },
      (command) => (command === 'listIndexes' ? failed(13, 'not authorized on oms') : buildInfo(command)),
      /grant the user readWrite on the database/,
    ],
  ])('says what to do about a MongoDB that %s', async (what, hello, answer, cure) => {
    const host = await mongoSaying(hello, answer);
    const user = what.includes('password') ? `user:${SECRET}@` : '';
    const [line, ...others] = await refused({ OMS_ORDER_STORE: `mongodb://${user}${host}/oms` });
    expect(others).toEqual([]);
    expect(line).toMatch(new RegExp(`^oms start: OMS_ORDER_STORE: .*${cure.source}`));
  });

  test('says that there are no credentials, or no region', async () => {
    const without = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    for (const line of await refused(without)) expect(line).toMatch(/no credentials were found: set AWS_ACCESS_KEY_ID/);
    const lines = await refused({ OMS_OBJECT_STORE: 's3://orders', OMS_JOB_QUEUE: 'sqs://jobs' });
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/no region is configured: .*AWS_REGION/);
  });

  test.each([
    ['OMS_OBJECT_STORE', 's3://'],
    ['OMS_JOB_QUEUE', 'sqs:///jobs'],
    ['OMS_ORDER_STORE', `mongodb://user:${SECRET}@`],
    ['OMS_ORDER_STORE', `mongodb://user:${SECRET}/x@localhost:1/oms`],
    ['OMS_ORDER_STORE', `mongodb://user:${SECRET}@localhost:port/oms`],
    ['OMS_ORDER_STORE', 'mongodb://localhost:1/oms?nonsense=1'],
    ['OMS_EVENT_STREAM', `kafka://user:${SECRET}@localhost/orders`],
  ])('refuses %s=%s', async (variable, url) => {
    const lines = await refused({ [variable]: url });
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`${variable}.*(is neither|no MongoDB connection string)`)),
    ]);
  });

  test('refuses an unknown role, and a single role on an embedded engine', async () => {
    expect(await refused({}, ['--role', 'boss'])).toEqual([expect.stringContaining('api, worker, publisher')]);
    expect(await refused({ OMS_JOB_QUEUE: 'sqlite:' }, ['--role', 'worker'])).toEqual([
      expect.stringContaining('--role'),
    ]);
  });

  test('works without a dead-letter queue, and warns', async () => {
    const endpoint = inject('engines').fauxqs!;
    const queue = await newQueue(endpoint, { deadLetters: false });
    const service = await stack.start('api', { OMS_JOB_QUEUE: `sqs://${queue}?endpoint=${endpoint}` });
    expect(service.log.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/^OMS_JOB_QUEUE: .*dead-letter/));
    expect(await service.stop()).toBe(0);
  });

  test('serves health and metrics of a worker, on a port of their own', async () => {
    const worker = await stack.start('worker', { OMS_PORT: '1', OMS_HEALTH_PORT: '0' });
    for (const path of ['/healthz', '/readyz', '/metrics'])
      expect((await fetch(`${worker.url}${path}`)).status).toBe(200);
    expect((await fetch(`${worker.url}/orders`)).status).toBe(404);
    expect(await worker.stop()).toBe(0);
  });

  test.each([
    ['orders in SQLite, events in Kafka', { OMS_ORDER_STORE: 'sqlite:' }],
    ['orders in MongoDB, queue and objects embedded', { OMS_JOB_QUEUE: 'sqlite:', OMS_OBJECT_STORE: 'file:' }],
    ['orders and events in MongoDB', { OMS_EVENT_STREAM: 'outbox:' }],
  ])('works with %s', async (_, mixed) => {
    const own = await newStack();
    const service = await startService({ env: { ...own.env, ...mixed } });
    await setStock(service, [['SKU-1', 'HUB-1', 10]]);
    const { file_id } = (await (await upload(service, csv(orderLine('E-1')))).json()) as FileJson;
    expect(await ended(service, file_id)).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
    const published = async () =>
      (await getJson<{ events: { published: number } }>(service, '/stats')).events.published === 1;
    while (!(await published())) await delay(50);
    expect(await service.stop()).toBe(0);
  });
});

const { mongo, why } = inject('engines');

test.skipIf(why.mongo !== undefined)(
  'a directory of uploads that vanished is not created again while MongoDB knows files in it',
  async () => {
    const env = { OMS_ORDER_STORE: newDatabaseUrl(mongo!) };
    const service = await startService({ env });
    expect(await ingest(service, csv(orderLine('A-1')))).toMatchObject({ status: 'completed' });
    expect(await service.stop()).toBe(0);
    const objects = join(service.dataDirectory, 'objects');
    await rm(objects, { recursive: true });
    const settings = { ...env, OMS_DATA_DIR: service.dataDirectory, OMS_PORT: '0', OMS_IMS_PORT: '0' };
    for (let i = 0; i < 2; i++) {
      const { code, stderr } = await runOms(['start'], { ...settings, OMS_LOG_LEVEL: 'silent' });
      expect(stderr).toMatch(/^oms start: .*objects\/uploads: it is missing[^\n]*\n$/);
      expect(code).toBe(1);
    }
    await mkdir(join(objects, 'uploads'), { recursive: true });
    expect(await (await startService({ env, dataDirectory: service.dataDirectory })).stop()).toBe(0);
  },
);

describe.skipIf(missingEngines !== null)('with a Kafka that knows its users', () => {
  test('oms start and oms doctor say which right or password is wrong, and for how many brokers a topic is', async () => {
    const stack = await newStack();
    const kafka = await startKafka({ users: { admin: SECRET, guest: SECRET } });
    const at = (user: string, password: string, query: string) => ({
      ...stack.env,
      OMS_LOG_LEVEL: 'warn',
      OMS_EVENT_STREAM: `kafka://${user}:${password}@${kafka.url}/orders?${query}`,
    });
    for (const [env, why] of [
      [at('admin', `${SECRET}-not`, ''), /user or password of User:admin/],
      [at('guest', SECRET, ''), /User:guest may not use the topic "orders": kafka-acls/],
      [at('admin', SECRET, 'replication=3'), /too few brokers for replication=3/],
    ] as const) {
      const start = await runOms(['start', '--role', 'publisher'], env);
      expect(start).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(why) });
      expect(start.stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/^oms start: OMS_EVENT_STREAM/)]);
      const doctor = await runOms(['doctor'], env);
      expect(doctor).toMatchObject({ code: 1, stdout: expect.stringMatching(why) });
      expect(start.stderr + doctor.stdout + doctor.stderr).not.toContain(SECRET);
    }
    await kafka.stop();
  });
});
