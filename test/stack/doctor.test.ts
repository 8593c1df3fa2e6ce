/** `oms doctor` on the whole stack: the engine of each port, what is missing and how to create it. It changes nothing itself. */
import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { MongoClient } from 'mongodb';
import { describe, expect, inject, test } from 'vitest';
import { AWS_ENVIRONMENT, newBucket, newQueue, s3Client, sqsClient } from '../support/adapters/aws.ts';
import { withAdmin } from '../support/adapters/kafka.ts';
import { runOms, temporaryDirectory } from '../support/service.ts';
import { missingEngines, newStack } from '../support/stack.ts';

const SECRET = 'open-sesame';
const PORTS = ['events', 'ims', 'objects', 'queue', 'store'];

/** What is printed of each port. */
function sections(stdout: string): Record<string, string> {
  const parts = stdout.split(/^(?=\w)/m);
  return Object.fromEntries(parts.map((part) => [part.split(' ')[0], part]));
}

describe.skipIf(missingEngines !== null)('oms doctor', () => {
  test('lists each engine and what a start would create, creates nothing, and finds nothing missing after the start', async () => {
    const stack = await newStack();
    const topic = new URL(stack.env.OMS_EVENT_STREAM!).pathname.slice(1);
    const before = await runOms(['doctor'], stack.env);
    expect(before).toMatchObject({ code: 0, stderr: '' });
    const told = sections(before.stdout);
    expect(Object.keys(told)).toEqual(PORTS);
    for (const port of PORTS) expect(told[port]).toMatch(new RegExp(`^${port} +up `));
    expect(told.store).toMatch(/MongoDB \d/);
    expect(told.store).toMatch(/missing: the indexes .*`oms start` makes them/);
    expect(told.events).toContain(`missing: the topic "${topic}" does not exist: \`oms start\` makes it`);
    expect(await withAdmin(inject('engines').kafka!, (admin) => admin.listTopics())).not.toContain(topic);
    const client = new MongoClient(stack.env.OMS_ORDER_STORE!);
    expect(await client.db().listCollections().toArray()).toEqual([]);
    await client.close();

    const service = await stack.start('api,worker,publisher');
    const after = await runOms(['doctor'], stack.env);
    expect(after.code, after.stdout).toBe(0);
    for (const port of ['events', 'ims', 'store']) expect(sections(after.stdout)[port]).not.toContain('missing');
    const { dependencies, status } = (await (await fetch(`${service.url}/readyz`)).json()) as {
      status: string;
      dependencies: Record<string, { status: string; engine: string; missing: unknown[] }>;
    };
    expect(status).toBe('ready');
    for (const port of PORTS) {
      expect(dependencies[port]).toMatchObject({ status: 'up', missing: [] });
      if (port !== 'ims') expect(sections(after.stdout)[port]).toContain(dependencies[port]!.engine);
    }
    expect(await service.stop()).toBe(0);
  });

  test('prints the commands that create what is missing', async () => {
    const stack = await newStack();
    const { fauxqs } = inject('engines');
    const queue = await newQueue(fauxqs!, { deadLetters: false });
    const { code, stdout } = await runOms(['doctor'], {
      ...stack.env,
      OMS_OBJECT_STORE: `s3://no-bucket?endpoint=${fauxqs}&path_style=true`,
      OMS_JOB_QUEUE: `sqs://${queue}?endpoint=${fauxqs}`,
    });
    expect(code).toBe(1);
    const told = sections(stdout);
    expect(told.objects).toMatch(/^objects +down .*\n.*aws s3 mb s3:\/\/no-bucket --endpoint-url/);
    expect(told.queue).toMatch(/^queue +up .*\n.*\n.*missing: .*aws sqs create-queue .*aws sqs set-queue-attributes/);
    expect(told.store).toMatch(/^store +up /);
  });

  test.skipIf(inject('engines').moto === null)(
    'prints what bucket and queue lack for objects of users, with commands that keep their other settings',
    async () => {
      const { moto: endpoint } = inject('engines');
      const [bucket, queue] = [await newBucket(endpoint!), await newQueue(endpoint!, { maxDeliveries: 1_000 })];
      const [s3, sqs] = [s3Client(endpoint!), sqsClient(endpoint!)];
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
      const others = {
        ID: "nobody's",
        Status: 'Enabled',
        Filter: { Prefix: 'logs/' },
        Expiration: { Days: 9 },
      } as const;
      await s3.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration: { Rules: [others] } }),
      );
      const env = {
        ...AWS_ENVIRONMENT,
        OMS_DATA_DIR: await temporaryDirectory(),
        OMS_OBJECT_STORE: `s3://${bucket}?endpoint=${endpoint}&path_style=true`,
        OMS_JOB_QUEUE: `sqs://${queue}?endpoint=${endpoint}`,
      };
      const { code, stdout } = await runOms(['doctor'], env);
      expect(code).toBe(0);
      const told = sections(stdout);
      /** What a command is given there, as a shell reads it. */
      const given = (text: string, option: string) =>
        JSON.parse(new RegExp(`--${option} '((?:[^']|'\\\\'')*)'`).exec(text)![1]!.replaceAll("'\\''", "'"));
      expect(told.queue).toMatch(/missing: the policy of the queue .*aws sqs set-queue-attributes --endpoint-url/);
      expect(told.objects).toMatch(/missing: .* does not tell the queue .*put-bucket-notification-configuration/);
      expect(told.objects).toMatch(/missing: .* keeps the parts of uploads .*put-bucket-lifecycle-configuration/);
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: given(told.queue!, 'attributes') }));
      await s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: bucket,
          NotificationConfiguration: given(told.objects!, 'notification-configuration'),
        }),
      );
      await s3.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket: bucket,
          LifecycleConfiguration: given(told.objects!, 'lifecycle-configuration'),
        }),
      );
      const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
      expect(Rules!.map(({ ID }) => ID)).toEqual([others.ID, 'abort-uploads-left']);
      expect((await runOms(['doctor'], env)).stdout).not.toContain('missing');
      s3.destroy();
      sqs.destroy();
    },
  );

  test('prints which engine is down and why, without a password, and still lists the others', async () => {
    const stack = await newStack();
    const down = {
      OMS_OBJECT_STORE: 's3://orders?endpoint=http://127.0.0.1:9&path_style=true',
      OMS_JOB_QUEUE: 'sqs://jobs?endpoint=http://127.0.0.1:9',
      OMS_ORDER_STORE: `mongodb://user:${SECRET}/x@127.0.0.1:9/oms`,
      OMS_EVENT_STREAM: `kafka://user:${SECRET}@127.0.0.1:9/orders`,
    };
    const ports = {
      OMS_OBJECT_STORE: 'objects',
      OMS_JOB_QUEUE: 'queue',
      OMS_ORDER_STORE: 'store',
      OMS_EVENT_STREAM: 'events',
    };
    for (const env of [...Object.entries(down).map(([name, url]) => ({ [name]: url })), down]) {
      const { code, stdout, stderr } = await runOms(['doctor'], { ...stack.env, ...env });
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
      expect(stdout).not.toContain(SECRET);
      for (const [name, port] of Object.entries(ports)) {
        const state = name in env ? `${port} +down .*\n +${name}: ` : `${port} +up `;
        expect(stdout).toMatch(new RegExp(`^${state}`, 'm'));
      }
    }
  });
});
