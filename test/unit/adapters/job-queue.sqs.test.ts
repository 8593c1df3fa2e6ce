/** The SQS adapter where queues are missing, or are not as they should be. What every job queue keeps is in the contract. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeleteQueueCommand, GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import pino from 'pino';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { createSqsJobQueue } from '../../../src/adapters/job-queue.sqs.ts';
import { limits } from '../../../src/limits.ts';
import type { Delivery, JobQueue } from '../../../src/ports/job-queue.ts';
import { newQueue, sqsClient } from '../../support/adapters/aws.ts';

const engines = inject('engines');
const WAIT_MS = 20_000;
const job = (fileId: string) => ({ version: 1, fileId }) as const;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const { close } of open.splice(0)) await close();
});

async function queueAt(endpoint: string, queue: string, options: Parameters<typeof createSqsJobQueue>[1] = {}) {
  const created = await createSqsJobQueue({ queue, endpoint, region: null }, options);
  open.push(created);
  return created;
}

async function receive(from: JobQueue): Promise<Delivery> {
  const delivery = await from.receive(WAIT_MS);
  if (!delivery) throw new Error('no message came');
  return delivery;
}

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const name of ['fauxqs', 'moto'] as const) {
  const engine = engines[name]!;

  describe.skipIf(engine === null)(`a queue on SQS of ${name}`, () => {
    const urlOf = async (queue: string) =>
      (await sqsClient(engine).send(new GetQueueUrlCommand({ QueueName: queue }))).QueueUrl!;

    test('that does not exist is missing, with the command that makes it', async () => {
      const what = 'the queue "oms-no-such-queue" does not exist';
      const cure = `aws sqs create-queue --endpoint-url ${engine} --queue-name oms-no-such-queue --attributes VisibilityTimeout=60,MessageRetentionPeriod=1209600`;
      await expect(queueAt(engine, 'oms-no-such-queue')).rejects.toMatchObject({
        code: 'queue_missing',
        retryable: false,
        message: `${what} at ${engine}: ${cure}`,
        details: { missing: [{ what, cure, required: true }] },
      });
    });

    test('that is deleted later is missing, and an outage for work under way', async () => {
      const name = await newQueue(engine);
      const queue = await queueAt(engine, name);
      await sqsClient(engine).send(new DeleteQueueCommand({ QueueUrl: await urlOf(name) }));
      expect((await queue.inspect()).missing).toEqual([
        { what: `the queue "${name}" does not exist`, cure: expect.stringContaining(name), required: true },
      ]);
      const unavailable = expect.objectContaining({ code: 'job_queue_unavailable', retryable: true });
      await expect(queue.send(job('f_1'))).rejects.toEqual(unavailable);
      await expect(queue.receive(0)).rejects.toEqual(unavailable);
      await expect(queue.extend('a receipt', 0)).rejects.toEqual(unavailable);
      await expect(queue.delete('a receipt')).rejects.toEqual(unavailable);
      await expect(queue.depth()).rejects.toEqual(unavailable);
    });

    test('determines how long a message is hidden', async () => {
      const queue = await queueAt(engine, await newQueue(engine, { visibilitySeconds: 7 }));
      expect(queue.visibilityMs).toBe(7_000);
      expect((await queue.inspect()).missing).toEqual([]);
    });

    test('that hides messages for too short a time is reported, with the fix', async () => {
      const queue = await queueAt(engine, await newQueue(engine, { visibilitySeconds: 1 }));
      expect((await queue.inspect()).missing).toEqual([
        {
          what: expect.stringContaining('for 1 s only'),
          cure: expect.stringContaining('VisibilityTimeout=60'),
          required: false,
        },
      ]);
      await queue.send(job('f_1'));
      expect((await receive(queue)).deliveries).toBe(1);
      expect((await receive(queue)).deliveries).toBe(2);
    });

    test('hides a message for no longer than SQS can', async () => {
      const queue = await queueAt(engine, await newQueue(engine));
      await queue.send(job('f_1'));
      const { receipt } = await receive(queue);
      await queue.extend(receipt, (limits.sqsHideSeconds + 1) * 1000);
      expect(await queue.receive(0)).toBeNull();
    });

    test('delivers messages of other senders unchanged', async () => {
      const name = await newQueue(engine);
      const queue = await queueAt(engine, name);
      const body = '{"Records":[{"s3":{"object":{"key":"ü <&>.csv"}}}]}\n';
      await sqsClient(engine).send(new SendMessageCommand({ QueueUrl: await urlOf(name), MessageBody: body }));
      expect((await receive(queue)).body).toBe(body);
    });

    test('keeps the reason with a dead message', async () => {
      const name = await newQueue(engine);
      const queue = await queueAt(engine, name);
      for (const why of ['no JSON: \u0000\uD800"ü"', '', 'long'.repeat(limits.sqsReasonChars)]) {
        await queue.send(job('f_1'));
        await queue.deadLetter(await receive(queue), why);
      }
      const { Messages = [] } = await sqsClient(engine).send(
        new ReceiveMessageCommand({
          QueueUrl: await urlOf(`${name}-dead`),
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ['All'],
        }),
      );
      expect(Messages.map(({ Body }) => JSON.parse(Body!))).toEqual([job('f_1'), job('f_1'), job('f_1')]);
      expect(Messages.map(({ MessageAttributes }) => MessageAttributes!.why!.StringValue).sort()).toEqual(
        ['no JSON: ??"ü"', '?', 'long'.repeat(limits.sqsReasonChars / 4)].sort(),
      );
    });

    test('without a dead-letter queue reports that, and logs the messages that it deletes', async () => {
      const name = await newQueue(engine, { deadLetters: false });
      const lines: string[] = [];
      const logger = pino({}, { write: (line: string) => void lines.push(line) });
      const queue = await queueAt(engine, name, { logger });
      const { missing } = await queue.inspect();
      expect(missing).toEqual([
        {
          what: `the queue "${name}" has no dead-letter queue: dead messages are deleted`,
          cure: expect.stringMatching(/create-queue .*set-queue-attributes/),
          required: false,
        },
      ]);
      const attributes = JSON.parse(/--attributes '(.*)'/.exec(missing[0]!.cure)![1]!) as { RedrivePolicy: string };
      expect(JSON.parse(attributes.RedrivePolicy)).toEqual({
        deadLetterTargetArn: expect.stringMatching(new RegExp(`^arn:aws:sqs:us-east-1:\\d{12}:${name}-dead$`)),
        maxReceiveCount: limits.maxDeliveries,
      });

      await queue.send(job('f_1'));
      await queue.deadLetter(await receive(queue), 'it is no use');
      expect(lines.map((line) => JSON.parse(line))).toEqual([
        expect.objectContaining({ level: 50, body: JSON.stringify(job('f_1')), why: 'it is no use' }),
      ]);
      expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0, dead: 0 });
      expect(await queue.redrive()).toEqual([]);
    });

    test('whose dead-letter queue was deleted reports that, and works', async () => {
      const name = await newQueue(engine);
      await sqsClient(engine).send(new DeleteQueueCommand({ QueueUrl: await urlOf(`${name}-dead`) }));
      const queue = await queueAt(engine, name);
      expect((await queue.inspect()).missing).toEqual([
        {
          what: expect.stringContaining(`the dead-letter queue "${name}-dead"`),
          cure: expect.stringMatching(new RegExp(`create-queue .*--queue-name ${name}-dead`)),
          required: false,
        },
      ]);
      await queue.send(job('f_1'));
      await queue.deadLetter(await receive(queue), 'it is no use');
      expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0, dead: 0 });
    });

    test('redrives more dead messages than one receive returns', async () => {
      const queue = await queueAt(engine, await newQueue(engine));
      const files = Array.from({ length: 25 }, (_, i) => `f_${i}`);
      for (const fileId of files) {
        await queue.send(job(fileId));
        await queue.deadLetter(await receive(queue), 'it is no use');
      }
      expect((await queue.depth()).dead).toBe(25);
      const fileIds = (await queue.redrive()).map((body) => JSON.parse(body).fileId);
      expect(fileIds.sort()).toEqual(files.sort());
      expect(await queue.depth()).toEqual({ visible: 25, inFlight: 0, dead: 0 });
    });

    test('a redrive ends, though a message dies again immediately', async () => {
      const name = await newQueue(engine);
      const [queue, worker] = [await queueAt(engine, name), await queueAt(engine, name)];
      await queue.send(job('f_1'));
      await queue.deadLetter(await receive(queue), 'it is no use');
      const stop = new AbortController();
      const burying = (async () => {
        while (!stop.signal.aborted) {
          const delivery = await worker.receive(WAIT_MS, stop.signal);
          if (delivery) await worker.deadLetter(delivery, 'again');
        }
      })();
      expect(await queue.redrive()).toEqual([JSON.stringify(job('f_1'))]);
      stop.abort();
      await burying;
    });
  });
}

describe('a queue is asked at the endpoint, whatever host its URL names,', () => {
  async function elsewhere() {
    const app = buildApp({ logger: false, host: 'queues.invalid' });
    open.push({ close: () => app.close() });
    const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
    const name = await newQueue(endpoint);
    const { QueueUrl } = await sqsClient(endpoint).send(new GetQueueUrlCommand({ QueueName: name }));
    expect(new URL(QueueUrl!).hostname).toBe('sqs.us-east-1.queues.invalid');
    return { endpoint, name };
  }

  async function useUp(queue: JobQueue) {
    await queue.send(job('f_1'));
    await queue.deadLetter(await receive(queue), 'it is no use');
    expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0, dead: 1 });
  }

  test('when it is given', async () => {
    const { endpoint, name } = await elsewhere();
    await useUp(await queueAt(endpoint, name));
  });

  test('when it is configured for the tools of AWS', async () => {
    const { endpoint, name } = await elsewhere();
    process.env.AWS_ENDPOINT_URL_SQS = endpoint;
    try {
      const queue = await createSqsJobQueue({ queue: name, endpoint: null, region: 'us-east-1' });
      open.push(queue);
      await useUp(queue);
    } finally {
      delete process.env.AWS_ENDPOINT_URL_SQS;
    }
  });
});

describe('what SQS refuses', () => {
  async function saying(status: number, type: string): Promise<string> {
    const server = createServer((_, response) =>
      response
        .writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
        .end(JSON.stringify({ __type: `com.amazon.coral.service#${type}`, message: `${type}!` })),
    );
    open.push({
      close() {
        server.closeAllConnections();
        server.close();
      },
    });
    return listen(server);
  }

  const refusals: [string, number, RegExp][] = [
    ['InvalidClientTokenId', 403, /AWS_ACCESS_KEY_ID/],
    ['SignatureDoesNotMatch', 403, /AWS_SECRET_ACCESS_KEY/],
    ['ExpiredTokenException', 403, /expired/],
  ];
  for (const [type, status, words] of refusals)
    test(`${type} ends the opening`, async () => {
      await expect(queueAt(await saying(status, type), 'orders')).rejects.toMatchObject({
        code: 'job_queue_unavailable',
        retryable: false,
        message: expect.stringMatching(words),
      });
    });

  test('missing rights make the opening fail, with those that are needed', async () => {
    for (const [type, status] of [
      ['AccessDenied', 403],
      ['AccessDeniedException', 400],
    ] as const)
      await expect(queueAt(await saying(status, type), 'orders')).rejects.toMatchObject({
        code: 'job_queue_unavailable',
        retryable: false,
        message: expect.stringMatching(/no right to use the queue "orders".*sqs:ReceiveMessage/),
        details: { missing: [{ what: 'no right to use the queue "orders"', required: true }] },
      });
  });

  test('an endpoint that is down, or where nobody listens, is an outage', async () => {
    const down = await saying(503, 'ServiceUnavailable');
    const unavailable = { code: 'job_queue_unavailable', retryable: true };
    await expect(queueAt(down, 'orders')).rejects.toMatchObject(unavailable);
    const server = createServer();
    const nobody = await listen(server);
    server.close();
    await once(server, 'close');
    await expect(queueAt(nobody, 'orders')).rejects.toMatchObject(unavailable);
  });
});
