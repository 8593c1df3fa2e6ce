/** The S3 adapter where the network, the bucket or the rights fail. What every object store keeps is in the contract. */
import { once } from 'node:events';
import { request as ask, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { createS3ObjectStore } from '../../../src/adapters/object-store.s3.ts';
import { limits } from '../../../src/limits.ts';
import { newBucket, s3Client, s3Options } from '../../support/adapters/aws.ts';

const engines = inject('engines');
const MiB = 1024 * 1024;
const SOON = { s3ReadBackoff: { firstMs: 1, lastMs: 2 } };
const unavailable = expect.objectContaining({ name: 'OmsError', code: 'object_store_unavailable', retryable: true });
const refused = (words: RegExp) =>
  expect.objectContaining({
    code: 'object_store_unavailable',
    retryable: false,
    message: expect.stringMatching(words),
  });

/** What happens to one answer on its way. */
type Fate = 'passes' | 'is lost' | { breaksAfter: number } | { stallsAfter: number };

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const { close } of open.splice(0)) close();
});

async function listen(server: Server): Promise<string> {
  open.push({
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Stands between client and engine, and decides the fate of each answer. */
async function proxy(engine: string, fateOf: (request: IncomingMessage) => Fate | Promise<Fate>): Promise<string> {
  return listen(
    createServer((request, response) => {
      const onward = ask(
        `${engine}${request.url}`,
        { method: request.method, headers: request.headers },
        async (answer) => {
          const fate = await fateOf(request);
          if (fate === 'is lost') {
            await buffer(answer);
            request.socket.destroy();
            return;
          }
          response.writeHead(answer.statusCode!, answer.headers);
          if (fate === 'passes') {
            answer.pipe(response);
            return;
          }
          const bytes = await buffer(answer);
          response.flushHeaders();
          if ('breaksAfter' in fate)
            response.write(bytes.subarray(0, fate.breaksAfter), () => request.socket.destroy());
          else response.write(bytes.subarray(0, fate.stallsAfter));
        },
      );
      onward.on('error', () => request.socket.destroy());
      request.pipe(onward);
    }),
  );
}

async function answering(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  return listen(createServer(answer));
}

function storeAt(endpoint: string, bucket: string, bounds: Parameters<typeof createS3ObjectStore>[1] = SOON) {
  const store = createS3ObjectStore(s3Options(endpoint, bucket), bounds);
  open.push(store);
  return store;
}

/** Bytes of which none is like the one that a lost or repeated block would put in its place. */
function numbered(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at + 4 <= sizeBytes; at += 4) bytes.writeUInt32BE(at, at);
  return bytes;
}

test('a silent socket is closed at its time limit, however long that is', async () => {
  const triedAtMs: number[] = [];
  const silent = await answering(() => triedAtMs.push(Date.now()));
  const store = storeAt(silent, 'orders', { ...SOON, s3SilenceMs: 6_000, s3AnswerMs: 30_000 });
  void store.stat('uploads/f_1').catch(() => {});
  await expect.poll(() => triedAtMs.length).toBe(2);
  // The SDK alone makes three seconds more of it.
  expect(triedAtMs[1]! - triedAtMs[0]!).toBeLessThan(8_900);
});

async function put(store: ReturnType<typeof storeAt>, key: string, bytes: Uint8Array) {
  const staged = await store.stage(key);
  await staged.write(bytes);
  return staged.commit();
}

const isRead = (request: IncomingMessage) => request.method === 'GET' && request.headers.range !== undefined;

for (const name of ['fauxqs', 'moto'] as const) {
  const engine = engines[name]!;

  describe.skipIf(engine === null)(`reading from S3 of ${name} over a bad network`, () => {
    const CONTENT = numbered(3_000_000);

    async function reading(
      fates: Fate[],
      {
        offset = 0,
        whenRead = async () => {},
        silenceMs = 300,
        answerMs = limits.s3AnswerMs,
      }: {
        offset?: number;
        whenRead?: (nth: number, request: IncomingMessage) => Promise<void>;
        silenceMs?: number;
        answerMs?: number;
      } = {},
    ) {
      const bucket = await newBucket(engine);
      const direct = storeAt(engine, bucket);
      const { version } = await put(direct, 'uploads/f_1', CONTENT);
      const ranges: string[] = [];
      const between = await proxy(engine, async (request) => {
        if (!isRead(request)) return 'passes';
        ranges.push(request.headers.range!);
        await whenRead(ranges.length, request);
        return fates[ranges.length - 1] ?? 'passes';
      });
      const store = storeAt(between, bucket, { ...SOON, s3SilenceMs: silenceMs, s3AnswerMs: answerMs });
      return { direct, ranges, read: async () => buffer(await store.open('uploads/f_1', { offset, version })), store };
    }

    test('no byte is lost or repeated wherever the connection breaks', async () => {
      const positions = [0, 1, 65_535, 65_536, 65_537, 0, 1_000_003, 0, 0];
      const { read, ranges } = await reading(
        positions.map((breaksAfter) => ({ breaksAfter })),
        { offset: 5 },
      );
      expect((await read()).equals(CONTENT.subarray(5))).toBe(true);
      // What was under way when the connection broke may be lost to the client, so a later range starts there or before.
      expect(ranges.length).toBe(positions.length + 1);
      expect(ranges[0]).toBe('bytes=5-2999999');
    });

    test('a silent connection is given up, and reading resumes', async () => {
      const { read, ranges } = await reading([{ stallsAfter: 70_000 }, { stallsAfter: 0 }]);
      expect((await read()).equals(CONTENT)).toBe(true);
      expect(ranges.length).toBe(3);
    });

    test('when no more bytes come the reader fails, with the error of the connection', async () => {
      const { read, ranges } = await reading(Array(99).fill({ breaksAfter: 0 }));
      await expect(read()).rejects.toEqual(unavailable);
      expect(ranges.length).toBe(limits.s3ReadTries);
    });

    test('a store that hangs in the middle of an object is an outage after its time limit, however many tries are left', async () => {
      const { read } = await reading([{ stallsAfter: 70_000 }], {
        whenRead: (nth) => (nth === 1 ? Promise.resolve() : new Promise(() => {})),
        silenceMs: 400,
        answerMs: 1_000,
      });
      await expect(read()).rejects.toMatchObject({
        code: 'object_store_unavailable',
        retryable: true,
        message: expect.stringMatching(/did not answer within/),
      });
    });

    test('a reader that takes longer for a block than the time limit of the store is no outage', async () => {
      const { store, ranges, direct } = await reading([{ breaksAfter: 1_500_000 }], { answerMs: 500 });
      const { version } = await direct.stat('uploads/f_1');
      const blocks: Buffer[] = [];
      for await (const block of await store.open('uploads/f_1', { version })) {
        if (blocks.push(block) === 1) await sleep(1_000);
      }
      expect(Buffer.concat(blocks).equals(CONTENT)).toBe(true);
      expect(ranges.length).toBe(2);
    });

    test('an object that is replaced meanwhile is changed, not mixed', async () => {
      const { read, direct } = await reading([{ breaksAfter: 100_000 }], {
        whenRead: async (nth) => void (nth === 1 && (await put(direct, 'uploads/f_1', Buffer.from('another')))),
      });
      await expect(read()).rejects.toMatchObject({ code: 'object_changed', retryable: false });
    });

    test('an object that is deleted meanwhile is missing', async () => {
      const { read, direct } = await reading([{ breaksAfter: 100_000 }], {
        whenRead: async (nth) => void (nth === 1 && (await direct.delete('uploads/f_1'))),
      });
      await expect(read()).rejects.toMatchObject({ code: 'object_missing', retryable: false });
    });

    test('a reader that is destroyed ends its request', async () => {
      const connection = Promise.withResolvers<Socket>();
      const { store } = await reading([{ stallsAfter: 1_000_000 }], {
        whenRead: async (_, { socket }) => connection.resolve(socket),
        // Not what ends it here.
        silenceMs: 600_000,
      });
      const bytes = await store.open('uploads/f_1');
      for await (const _ of bytes) break;
      const socket = await connection.promise;
      // It may be reset, which is an end, too.
      socket.on('error', () => {});
      if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
      expect(bytes.destroyed).toBe(true);
    });

    test('a server without ranges is an outage: its whole object is never taken for a part', async () => {
      const bucket = await newBucket(engine);
      await put(storeAt(engine, bucket), 'uploads/f_1', Buffer.from('0123456789'));
      const ignoring = await listen(
        createServer((request, response) => {
          const { range: _, ...headers } = request.headers;
          ask(`${engine}${request.url}`, { method: request.method, headers }, (answer) => {
            response.writeHead(answer.statusCode!, answer.headers);
            answer.pipe(response);
          }).end();
        }),
      );
      await expect(buffer(await storeAt(ignoring, bucket).open('uploads/f_1', { offset: 4 }))).rejects.toEqual(
        unavailable,
      );
    });
  });

  describe.skipIf(engine === null)(`writing to S3 of ${name}`, () => {
    test('a commit whose answer is lost leaves no upload behind', async () => {
      const bucket = await newBucket(engine);
      const between = await proxy(engine, ({ method }) => (method === 'PUT' ? 'is lost' : 'passes'));
      await expect(put(storeAt(between, bucket), 'uploads/f_1', Buffer.from('bytes'))).rejects.toEqual(unavailable);
      await expect(storeAt(engine, bucket).stat('uploads/f_1')).rejects.toMatchObject({ code: 'object_missing' });
    });

    test('a commit whose answer is lost leaves the report, which may have replaced an older one', async () => {
      const bucket = await newBucket(engine);
      const between = await proxy(engine, ({ method }) => (method === 'PUT' ? 'is lost' : 'passes'));
      await expect(put(storeAt(between, bucket), 'reports/r.csv', Buffer.from('bytes'))).rejects.toEqual(unavailable);
      expect((await storeAt(engine, bucket).stat('reports/r.csv')).sizeBytes).toBe(5);
    });

    test('a commit of many parts whose answer is lost leaves no upload behind', async () => {
      const bucket = await newBucket(engine);
      const between = await proxy(engine, ({ method, url }) =>
        method === 'POST' && /[?&]uploadId=/.test(url!) ? 'is lost' : 'passes',
      );
      const bytes = numbered(limits.s3PartBytes + 1);
      await expect(put(storeAt(between, bucket), 'uploads/f_1', bytes)).rejects.toEqual(unavailable);
      await expect(storeAt(engine, bucket).stat('uploads/f_1')).rejects.toMatchObject({ code: 'object_missing' });
    });

    test('a write fails once a part cannot be uploaded, and holds no more than some parts', async () => {
      const bucket = await newBucket(engine);
      const between = await proxy(engine, ({ url }) => (/[?&]partNumber=2(&|$)/.test(url!) ? 'is lost' : 'passes'));
      const staged = await storeAt(between, bucket).stage('uploads/f_1');
      const writing = async () => {
        for (let mebibytes = 0; mebibytes < 200; mebibytes++) await staged.write(Buffer.alloc(MiB));
      };
      await expect(writing()).rejects.toEqual(unavailable);
      await staged.abort();
    });

    test('never holds more than the parts in flight and the one being filled', async () => {
      const bucket = await newBucket(engine);
      let [written, uploaded, inFlight, mostInFlight, mostHeld] = [0, 0, 0, 0, 0];
      const between = await listen(
        createServer(async (request, response) => {
          const isPart = /[?&]partNumber=/.test(request.url!);
          if (isPart) mostInFlight = Math.max(mostInFlight, ++inFlight);
          const onward = ask(`${engine}${request.url}`, { method: request.method, headers: request.headers });
          request.pipe(onward);
          const [answer] = (await once(onward, 'response')) as [IncomingMessage];
          if (isPart) {
            inFlight -= 1;
            uploaded += limits.s3PartBytes;
          }
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
        }),
      );
      const staged = await storeAt(between, bucket).stage('uploads/f_1');
      for (let block = 0; block < 64; block++) {
        await staged.write(Buffer.alloc(MiB));
        written += MiB;
        mostHeld = Math.max(mostHeld, written - uploaded);
      }
      expect((await staged.commit()).sizeBytes).toBe(64 * MiB);
      expect(mostInFlight).toBe(limits.s3PartsInFlight);
      expect(mostHeld).toBeLessThanOrEqual((limits.s3PartsInFlight + 1) * limits.s3PartBytes + MiB);
    });
  });

  describe.skipIf(engine === null)(`a bucket on S3 of ${name}`, () => {
    test('objects of users are read under the keys that they chose', async () => {
      const bucket = await newBucket(engine);
      const store = storeAt(engine, bucket);
      const keys = ['incoming/2026/05/a b.csv', 'incoming/ü & <é>+%41.csv', 'incoming/a//b'];
      for (const Key of keys)
        await s3Client(engine).send(new PutObjectCommand({ Bucket: bucket, Key, Body: `of ${Key}` }));
      await put(store, 'uploads/f_1', Buffer.from('no user'));
      const found: string[] = [];
      for await (const { key } of store.list('incoming/')) found.push(key);
      expect(found.sort()).toEqual(keys.sort());
      for (const key of keys) {
        const { version } = await store.stat(key);
        expect((await buffer(await store.open(key, { version }))).toString()).toBe(`of ${key}`);
      }
    });

    test('lists more keys than fit into one page', async () => {
      const bucket = await newBucket(engine);
      const s3 = s3Client(engine);
      const keys = Array.from({ length: 1_005 }, (_, i) => `incoming/${i}`);
      for (let first = 0; first < keys.length; first += 100)
        await Promise.all(
          keys
            .slice(first, first + 100)
            .map((Key) => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }))),
        );
      const found: string[] = [];
      for await (const { key } of storeAt(engine, bucket).list('incoming/')) found.push(key);
      expect(found.sort()).toEqual(keys.sort());
    });

    test('that does not exist is missing, with the command that makes it', async () => {
      expect((await storeAt(engine, 'oms-no-such-bucket').inspect()).missing).toEqual([
        {
          what: 'the bucket "oms-no-such-bucket" does not exist',
          cure: `aws s3 mb s3://oms-no-such-bucket --endpoint-url ${engine}`,
          required: true,
        },
      ]);
    });

    test('that does not exist is an outage for work under way, not a missing object', async () => {
      const store = storeAt(engine, 'oms-no-such-bucket');
      await expect(store.stat('uploads/f_1')).rejects.toEqual(unavailable);
      await expect(store.open('uploads/f_1')).rejects.toEqual(unavailable);
      await expect(put(store, 'uploads/f_1', Buffer.from('bytes'))).rejects.toEqual(unavailable);
    });
  });
}

// fauxqs does not list unfinished uploads.
describe.skipIf(engines.moto === null)('an upload that is given up leaves no parts on S3 of moto', () => {
  const engine = engines.moto!;
  const unfinished = async (bucket: string) =>
    (await s3Client(engine).send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];

  test('when it is aborted with parts under way', async () => {
    const bucket = await newBucket(engine);
    const staged = await storeAt(engine, bucket).stage('uploads/f_1');
    for (let mebibytes = 0; mebibytes < 25; mebibytes++) await staged.write(Buffer.alloc(MiB));
    expect(await unfinished(bucket)).toHaveLength(1);
    await staged.abort();
    expect(await unfinished(bucket)).toEqual([]);
    await staged.abort();
  });

  test('nor one that was under way: the abort is sent when no part is', async () => {
    const bucket = await newBucket(engine);
    const release = Promise.withResolvers<void>();
    const allUnderWay = Promise.withResolvers<void>();
    let underWay = 0;
    const underWayAtAborts: number[] = [];
    const between = await proxy(engine, async ({ method, url }): Promise<Fate> => {
      if (method === 'DELETE') underWayAtAborts.push(underWay);
      if (!/[?&]partNumber=/.test(url!)) return 'passes';
      underWay += 1;
      if (underWay === limits.s3PartsInFlight) allUnderWay.resolve();
      await release.promise;
      underWay -= 1;
      return 'passes';
    });
    const staged = await storeAt(between, bucket).stage('uploads/f_1');
    // Just enough for two parts, which are all that may be under way: one more block would wait for them.
    const blocks = (limits.s3PartsInFlight * limits.s3PartBytes) / MiB + 1;
    for (let block = 0; block < blocks; block++) await staged.write(Buffer.alloc(MiB));
    await allUnderWay.promise;
    const aborting = staged.abort();
    // An abort that did not wait would come before these answers.
    for (let asked = 0; asked < 20; asked++) expect(await unfinished(bucket)).toHaveLength(1);
    release.resolve();
    await aborting;
    expect(underWayAtAborts.length).toBeGreaterThan(0);
    expect(Math.max(...underWayAtAborts)).toBe(0);
    expect(await unfinished(bucket)).toEqual([]);
  });

  test('when a part cannot be uploaded', async () => {
    const bucket = await newBucket(engine);
    const between = await proxy(engine, ({ url }) => (/[?&]partNumber=2(&|$)/.test(url!) ? 'is lost' : 'passes'));
    await expect(put(storeAt(between, bucket), 'uploads/f_1', Buffer.alloc(25 * MiB))).rejects.toEqual(unavailable);
    expect(await unfinished(bucket)).toEqual([]);
  });

  test('when its first abort is lost, too', async () => {
    const bucket = await newBucket(engine);
    let aborts = 0;
    const between = await answering((request, response) => {
      if (/[?&]partNumber=2(&|$)/.test(request.url!)) return void request.socket.destroy();
      if (request.method === 'DELETE' && ++aborts <= limits.awsTries) return void request.socket.destroy();
      request.pipe(
        ask(`${engine}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
        }),
      );
    });
    const staged = await storeAt(between, bucket).stage('uploads/f_1');
    await expect(staged.write(Buffer.alloc(25 * MiB)).then(() => staged.commit())).rejects.toEqual(unavailable);
    await staged.abort();
    expect(await unfinished(bucket)).toEqual([]);
  });
});

describe('what S3 refuses', () => {
  const saying = (status: number, code: string, headers: Record<string, string> = {}, inner = '') =>
    answering((_, response) =>
      response
        .writeHead(status, { 'content-type': 'application/xml', ...headers })
        .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}!</Message>${inner}</Error>`),
    );
  const inspecting = async (endpoint: string) => storeAt(endpoint, 'orders').inspect();

  const refusals: [string, number, RegExp][] = [
    ['InvalidAccessKeyId', 403, /AWS_ACCESS_KEY_ID/],
    ['SignatureDoesNotMatch', 403, /AWS_SECRET_ACCESS_KEY/],
    ['ExpiredToken', 400, /expired/],
    ['RequestTimeTooSkewed', 403, /clock/],
  ];
  for (const [code, status, words] of refusals)
    test(`${code} ends an inspection, and makes work wait`, async () => {
      const endpoint = await saying(status, code);
      await expect(inspecting(endpoint)).rejects.toEqual(refused(words));
      await expect(put(storeAt(endpoint, 'orders'), 'uploads/f_1', Buffer.from('bytes'))).rejects.toEqual(unavailable);
    });

  test('a bucket in another region is reported, with the region', async () => {
    const missing = [
      {
        what: expect.stringMatching(/eu-west-3.*us-east-1/),
        cure: expect.stringMatching(/AWS_REGION=eu-west-3/),
        required: true,
      },
    ];
    const redirect = await saying(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-3' });
    expect((await inspecting(redirect)).missing).toEqual(missing);
    const malformed = await saying(400, 'AuthorizationHeaderMalformed', {}, '<Region>eu-west-3</Region>');
    expect((await inspecting(malformed)).missing).toEqual(missing);
  });

  test('missing rights are reported, with those that are needed', async () => {
    expect((await inspecting(await saying(403, 'AccessDenied'))).missing).toEqual([
      {
        what: expect.stringContaining('"orders"'),
        cure: expect.stringMatching(/s3:ListBucket.*s3:GetObject.*s3:PutObject.*s3:DeleteObject/),
        required: true,
      },
    ]);
  });

  test('the name of a server is shown, credentials in an endpoint are not', async () => {
    const endpoint = await saying(403, 'AccessDenied', { server: 'MinIO' });
    const { engine, address } = await inspecting(endpoint.replace('http://', 'http://user:secret@'));
    expect(engine).toBe('S3 (MinIO)');
    expect(address).toBe(`s3://orders at ${endpoint}`);
  });

  test('an endpoint where nobody listens is an outage', async () => {
    const server = createServer();
    const endpoint = await listen(server);
    server.close();
    await once(server, 'close');
    await expect(inspecting(endpoint)).rejects.toEqual(unavailable);
    await expect(storeAt(endpoint, 'orders').open('uploads/f_1')).rejects.toEqual(unavailable);
  });

  test('an endpoint that accepts requests and never answers is one, too, for every operation', async () => {
    const store = storeAt(await answering(() => {}), 'bucket', { ...SOON, s3AnswerMs: 300 });
    const late = {
      code: 'object_store_unavailable',
      retryable: true,
      message: expect.stringMatching(/did not answer within/),
    };
    await Promise.all([
      expect(store.stat('uploads/f_1')).rejects.toMatchObject(late),
      expect(store.open('uploads/f_1')).rejects.toMatchObject(late),
      expect(store.delete('uploads/f_1')).rejects.toMatchObject(late),
    ]);
  });

  test('a server that does not speak S3 is recognized', async () => {
    const endpoint = await answering((_, response) => response.writeHead(200).end('<html>hello</html>'));
    const store = storeAt(endpoint, 'orders');
    const reported = expect.objectContaining({
      code: 'object_store_unavailable',
      message: expect.stringMatching(/protocol/),
    });
    await expect(store.inspect()).rejects.toEqual(reported);
    await expect(store.stat('uploads/f_1')).rejects.toEqual(reported);
    await expect(put(store, 'uploads/f_1', Buffer.from('bytes'))).rejects.toEqual(reported);
  });

  test('no credentials at all, and no region', async () => {
    const { AWS_ACCESS_KEY_ID } = process.env;
    delete process.env.AWS_ACCESS_KEY_ID;
    try {
      await expect(inspecting('http://127.0.0.1:9')).rejects.toEqual(refused(/no credentials were found/));
    } finally {
      process.env.AWS_ACCESS_KEY_ID = AWS_ACCESS_KEY_ID;
    }
    const nowhere = createS3ObjectStore({ bucket: 'orders', endpoint: null, region: null, pathStyle: false });
    open.push(nowhere);
    await expect(nowhere.inspect()).rejects.toEqual(refused(/no region is configured.*AWS_REGION/));
  });
});
