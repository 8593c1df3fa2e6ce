/** The event stream in Kafka beyond its contract: outages, slow and late readers, a topic that changes, what is left behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { freePort } from '../../../scripts/engines/free-port.ts';
import { startKafka } from '../../../scripts/engines/kafka.ts';
import { GROUP_PREFIX } from '../../../src/adapters/event-stream.kafka/client.ts';
import { Kafka, logLevel } from '../../../src/adapters/event-stream.kafka/kafkajs.ts';
import { createKafkaEventStream, type KafkaEventStream } from '../../../src/adapters/event-stream.kafka.ts';
import { isOmsError } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import {
  ALL_TYPES,
  type EventType,
  eventId,
  type OrderEvent,
  orderCreated,
  orderEvent,
  type PublishedEvent,
} from '../../../src/model/event.ts';
import type { Order } from '../../../src/model/order.ts';
import type { ChangeKind, OrderChange } from '../../../src/model/order-change.ts';
import type { EventBatch, EventStream } from '../../../src/ports/event-stream.ts';
import { kafkaOptions, openKafka, withAdmin } from '../../support/adapters/kafka.ts';
import { temporaryDirectory } from '../../support/service.ts';

const { kafka, why } = inject('engines');
/** A guard against hangs, before that of the test. */
const TIMEOUT_MS = 150_000;

const opened: KafkaEventStream[] = [];
function open(...options: Parameters<typeof openKafka>): KafkaEventStream {
  const stream = openKafka(...options);
  opened.push(stream);
  return stream;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((stream) => stream.close()));
});

function orderOf(orderId: string, shippingAddress = '12 St James Square'): Order {
  return {
    orderId,
    status: 'on_hold',
    version: 1,
    actor: null,
    customerName: 'Ada Lovelace',
    customerEmail: 'ada@example.com',
    items: [
      {
        sku: 'SKU-1',
        hubId: 'HUB-1',
        productName: 'Analytical Engine',
        quantity: 1,
        unitPriceMinor: 1999,
        lineTotalMinor: 1999,
      },
    ],
    totalMinor: 1999,
    orderDateMs: 0,
    shippingAddress,
    fileId: 'f_1',
    row: 2,
    createdAtMs: 0,
    updatedAtMs: 0,
  };
}
const idsOf = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
const publish = (stream: EventStream, ids: string[]) =>
  stream.publish!({ id: '1', events: ids.map((id) => orderCreated(orderOf(id))) });

/** The event of a change. */
function changeOf(orderId: string, version: number, kind: ChangeKind = 'status_changed'): OrderEvent {
  const order = orderOf(orderId);
  const change: OrderChange = {
    ...{ version, kind, fromStatus: 'on_hold', toStatus: 'confirmed', fields: [], reason: null, actor: null, atMs: 0 },
  };
  return orderEvent({ order, holdsStock: true, deleted: false, untouched: false, undone: false }, [change], version);
}

/** Takes events until there are so many. */
async function take(
  stream: EventStream,
  after: string,
  count: number,
  types?: ReadonlySet<EventType>,
): Promise<PublishedEvent[]> {
  const seen: PublishedEvent[] = [];
  if (count === 0) return seen;
  for await (const batch of stream.subscribe(after, AbortSignal.timeout(TIMEOUT_MS), types)) {
    seen.push(...batch.events);
    if (seen.length >= count) break;
  }
  return seen;
}
const eventsOf = ({ value }: IteratorResult<EventBatch>): PublishedEvent[] => value.events;
/** Gives the user `guest` all rights on a topic, and on the groups of readers. */
async function allowGuest(broker: string, topic: string): Promise<void> {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  const rule = (resourceType: number, resourceName: string, resourcePatternType: number) => ({
    ...{ resourceType, resourceName, resourcePatternType, principal: 'User:guest', host: '*' },
    ...{ operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.ALLOW },
  });
  const sasl = { mechanism: 'plain' as const, username: 'admin', password: 'admin-secret' };
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, sasl }).admin();
  await admin.connect();
  const acl = [
    rule(AclResourceTypes.TOPIC, topic, ResourcePatternTypes.LITERAL),
    rule(AclResourceTypes.GROUP, GROUP_PREFIX, ResourcePatternTypes.PREFIXED),
  ];
  await admin.createAcls({ acl });
  await admin.disconnect();
}
/** How many events are before a cursor. */
const totalOf = (cursor: string) =>
  cursor
    .slice(1)
    .split('.')
    .reduce((total, offset) => total + Number.parseInt(offset, 36), 0);
const sorted = (events: PublishedEvent[]) => events.map(({ orderId }) => orderId).sort();

describe.skipIf(kafka === null)(`on a Kafka of the run${why.kafka ? `, which is missing: ${why.kafka}` : ''}`, () => {
  test('a topic is created with as many partitions as configured, and messages are structured CloudEvents', async () => {
    const options = kafkaOptions(kafka!, { partitions: 5 });
    const stream = open(options);
    await stream.end(ALL_TYPES);
    await publish(stream, ['A-1']);
    expect(await stream.inspect()).toEqual({ engine: 'Kafka', address: kafka, missing: [] });
    const { topics } = await withAdmin(kafka!, (admin) => admin.fetchTopicMetadata({ topics: [options.topic] }));
    expect(topics[0]!.partitions).toHaveLength(5);
    const [event] = await take(stream, stream.beginning, 1);
    expect(JSON.parse(event!.json)).toMatchObject({ specversion: '1.0', id: eventId('A-1'), subject: 'A-1' });
  });

  test('an inspection reports each topic that is missing, and creates none', async () => {
    const options = kafkaOptions(kafka!);
    const stream = open(options);
    const missing = [options.topic, options.changesTopic].map((topic) => ({
      what: `the topic "${topic}" does not exist`,
      cure: '`oms start` makes it',
      required: false,
    }));
    expect((await stream.inspect()).missing).toEqual(missing);
    const topics = await withAdmin(kafka!, (admin) => admin.listTopics());
    expect(topics).not.toContain(options.topic);
    expect(topics).not.toContain(options.changesTopic);
    await stream.end();
    expect((await stream.inspect()).missing).toEqual([missing[1]]);
    await stream.end(ALL_TYPES);
    expect((await stream.inspect()).missing).toEqual([]);
  });

  test('new orders and their changes are in a topic each, both with the order id as key', async () => {
    const options = kafkaOptions(kafka!, { partitions: 1 });
    const stream = open(options);
    const ids = idsOf('A', 20);
    const events = [2, 3, 1, 4].flatMap((version) =>
      ids.map((id) => (version === 1 ? orderCreated(orderOf(id)) : changeOf(id, version))),
    );
    await stream.publish!({ id: '1', events });
    const all = await take(stream, stream.beginning, 80, ALL_TYPES);
    const idsIn = (type: EventType) =>
      all.filter((event) => event.type === type).map(({ json }) => JSON.parse(json).id);
    expect(idsIn('order.created')).toEqual(ids.map((id) => eventId(id)));
    expect(idsIn('order.status_changed')).toEqual(
      [2, 3, 4].flatMap((version) => ids.map((id) => eventId(id, version))),
    );
    expect(all.every(({ orderId, json }) => JSON.parse(json).subject === orderId)).toBe(true);
    expect(all.at(-1)!.cursor).toBe(await stream.end(ALL_TYPES));
    const ends = await withAdmin(kafka!, (admin) =>
      Promise.all([options.topic, options.changesTopic].map((topic) => admin.fetchTopicOffsets(topic))),
    );
    expect(ends.map(([partition]) => partition!.high)).toEqual(['20', '60']);
    // Resumed after any event, in whichever order the two topics were read.
    await Promise.all(
      all.map(async ({ cursor }, i) => {
        const rest = await take(stream, cursor, 79 - i, ALL_TYPES);
        expect(rest.map(({ json }) => json).sort()).toEqual(
          all
            .slice(i + 1)
            .map(({ json }) => json)
            .sort(),
        );
      }),
    );
  });

  test('a filter passes over other types, and its cursors come after those', async () => {
    const options = kafkaOptions(kafka!, { partitions: 1 });
    const stream = open(options);
    const kinds = ['status_changed', 'edited', 'deleted'] as const;
    await stream.publish!({ id: '1', events: kinds.map((kind, i) => changeOf('A-1', i + 2, kind)) });
    const [edited] = await take(stream, stream.beginning, 1, new Set(['order.edited'] as const));
    expect(edited!.type).toBe('order.edited');
    expect((await take(stream, edited!.cursor, 1, ALL_TYPES))[0]!.type).toBe('order.deleted');
    for await (const batch of stream.subscribe(
      edited!.cursor,
      AbortSignal.timeout(TIMEOUT_MS),
      new Set(['order.edited'] as const),
    )) {
      expect(batch).toEqual({ events: [], cursor: await stream.end(new Set(['order.edited'] as const)) });
      break;
    }
  });

  test('a subscriber of new orders alone needs no other topic, and its cursor starts the changes at their beginning', async () => {
    const options = kafkaOptions(kafka!, { partitions: 1 });
    const stream = open(options);
    await publish(stream, ['A-1', 'A-2']);
    const [first, second] = await take(stream, stream.beginning, 2);
    expect([first!.cursor, second!.cursor]).toEqual(['k1', 'k2']);
    expect(await withAdmin(kafka!, (admin) => admin.listTopics())).not.toContain(options.changesTopic);

    await stream.publish!({ id: '1', events: [changeOf('A-1', 2), orderCreated(orderOf('A-3')), changeOf('A-1', 3)] });
    const idsAfter = async (cursor: string, count: number, types?: ReadonlySet<EventType>) =>
      (await take(stream, cursor, count, types)).map(({ json }) => JSON.parse(json).id).sort();
    expect(await idsAfter(second!.cursor, 3, ALL_TYPES)).toEqual(['A-1:2', 'A-1:3', 'A-3:created']);
    const changed = new Set(['order.status_changed'] as const);
    const [change] = await take(stream, second!.cursor, 1, changed);
    expect(change!.cursor).toBe('k2_1');
    // Where the other topic was is kept, too.
    const [third] = await take(stream, change!.cursor, 1);
    expect(third!.cursor).toBe('k3_1');
    expect(await idsAfter(third!.cursor, 1, ALL_TYPES)).toEqual(['A-1:3']);
    expect(await idsAfter('k_1', 4, ALL_TYPES)).toEqual(['A-1:3', 'A-1:created', 'A-2:created', 'A-3:created']);
  });

  test('a cursor may be ahead of no topic that is read', async () => {
    const stream = open(kafkaOptions(kafka!, { partitions: 1 }));
    await stream.publish!({ id: '1', events: [orderCreated(orderOf('A-1')), changeOf('A-1', 2)] });
    await stream.check('k1_1', ALL_TYPES);
    await stream.check('k1_9');
    const refused = { code: 'invalid_cursor', retryable: false };
    for (const cursor of ['k1_2', 'k2_1', 'k2', 'k1_0.0', 'k1_1_1', 'k1_x!'])
      await expect(stream.check(cursor, ALL_TYPES)).rejects.toMatchObject(refused);
  });

  test('a message of others among the changes is passed over', async () => {
    const options = kafkaOptions(kafka!, { partitions: 1 });
    const stream = open(options);
    await stream.end(ALL_TYPES);
    const producer = new Kafka({ brokers: [kafka!], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const values = [
      'no JSON',
      '{"type":"order.edited"}',
      null,
      changeOf('A-1', 2).json.replace('order.status', 'order.no'),
    ];
    await producer.send({ topic: options.changesTopic, messages: values.map((value) => ({ key: 'A-1', value })) });
    await producer.disconnect();
    await stream.publish!({ id: '1', events: [changeOf('A-1', 2)] });
    expect((await take(stream, stream.beginning, 1, ALL_TYPES))[0]).toMatchObject({ cursor: 'k_5', orderId: 'A-1' });
  });

  test.each(['gzip', 'zstd', 'none'] as const)(
    'with compression %s a batch far above a broker’s bound is read whole',
    async (compression) => {
      const stream = open(kafkaOptions(kafka!, { compression, partitions: 1 }));
      const ids = idsOf('A', 2_000);
      // 3 MB, and hardly compressible.
      const address = () => Array.from({ length: 1_500 }, () => Math.trunc(Math.random() * 36).toString(36)).join('');
      await stream.publish!({ id: '1', events: ids.map((id) => orderCreated(orderOf(id, address()))) });
      const seen = await take(stream, stream.beginning, ids.length);
      expect(seen.map(({ orderId }) => orderId)).toEqual(ids);
    },
  );

  test('resumes after each of 50 events', async () => {
    const stream = open(kafkaOptions(kafka!));
    await publish(stream, idsOf('A', 50));
    const all = await take(stream, stream.beginning, 50);
    expect(sorted(all)).toEqual(idsOf('A', 50).sort());
    await Promise.all(
      all.map(async ({ cursor }, i) =>
        expect(sorted(await take(stream, cursor, 49 - i))).toEqual(sorted(all.slice(i + 1))),
      ),
    );
  });

  test('refuses malformed cursors, and those ahead of it', async () => {
    const stream = open(kafkaOptions(kafka!));
    await publish(stream, ['A-1']);
    const end = await stream.end();
    for (const cursor of ['k.', 'k0.', 'k0..0', 'k0.0.0.0', 'kzzzzzzzzzzz', 'kA', 'k 0', 'o1', `${end}0`])
      await expect(stream.check(cursor)).rejects.toMatchObject({ code: 'invalid_cursor', retryable: false });
    for (const cursor of ['k', 'k0', 'k0.0', 'k0.0.0', end]) await stream.check(cursor);
  });

  test('20,000 events are replayed in batches to a reader that then gets new ones', async () => {
    const stream = open(kafkaOptions(kafka!));
    const ids = idsOf('A', 20_000);
    for (let i = 0; i < ids.length; i += 1_000) await publish(stream, ids.slice(i, i + 1_000));
    const later = idsOf('B', 500);
    const seen: PublishedEvent[] = [];
    let largest = 0;
    for await (const batch of stream.subscribe(stream.beginning, AbortSignal.timeout(TIMEOUT_MS))) {
      largest = Math.max(largest, batch.events.length);
      seen.push(...batch.events);
      if (seen.length === 400) await sleep(100);
      if (seen.length >= ids.length && later.length > 0 && seen.length - batch.events.length < ids.length)
        await publish(stream, later);
      if (seen.length >= ids.length + later.length) break;
    }
    expect(sorted(seen)).toEqual([...ids, ...later].sort());
    expect(largest).toBeLessThanOrEqual(limits.eventBatch + 2);
  });

  test('a subscriber that pauses is overtaken by others, and gets all events when it resumes', async () => {
    const stream = open(kafkaOptions(kafka!));
    const slow = stream.subscribe(await stream.end(), AbortSignal.timeout(TIMEOUT_MS))[Symbol.asyncIterator]();
    const end = await stream.end();
    await publish(stream, ['A-0']);
    const seen = eventsOf(await slow.next());
    // More than is kept for those that follow.
    const ids = idsOf('B', limits.kafkaKeptEvents + 2_000);
    const quick = take(stream, end, ids.length + 1);
    for (let i = 0; i < ids.length; i += 2_000) await publish(stream, ids.slice(i, i + 2_000));
    expect(sorted(await quick)).toEqual(['A-0', ...ids].sort());
    while (seen.length < ids.length + 1) seen.push(...eventsOf(await slow.next()));
    await slow.return!();
    expect(sorted(seen)).toEqual(['A-0', ...ids].sort());
  });

  test('more late readers than may replay at the same time are all served, and readers that leave block none', async () => {
    const stream = open(kafkaOptions(kafka!));
    await publish(stream, idsOf('A', 100));
    const leaving = new AbortController();
    const left = Array.from({ length: limits.kafkaReplays }, async () => {
      for await (const _ of stream.subscribe(stream.beginning, leaving.signal)) leaving.abort();
    });
    const reading = Array.from({ length: 2 * limits.kafkaReplays }, () => take(stream, stream.beginning, 100));
    for (const events of await Promise.all(reading)) expect(events).toHaveLength(100);
    await Promise.all(left);
  });

  test('late readers that pause give their places to others, and get all events when they resume', async () => {
    const stream = open(kafkaOptions(kafka!), { replayIdleMs: 2_000 });
    await publish(stream, idsOf('A', 2_000));
    const standing = await Promise.all(
      Array.from({ length: limits.kafkaReplays }, async () => {
        const iterator = stream.subscribe(stream.beginning, AbortSignal.timeout(TIMEOUT_MS))[Symbol.asyncIterator]();
        return { iterator, seen: eventsOf(await iterator.next()) };
      }),
    );
    expect(await take(stream, stream.beginning, 2_000)).toHaveLength(2_000);
    for (const { iterator, seen } of standing) {
      while (seen.length < 2_000) seen.push(...eventsOf(await iterator.next()));
      await iterator.return!();
      expect(sorted(seen)).toEqual(idsOf('A', 2_000).sort());
    }
  });

  test('a partition that is added is read from its beginning', async () => {
    const options = kafkaOptions(kafka!, { partitions: 1 });
    const stream = open(options);
    await publish(stream, idsOf('A', 3));
    const { cursor } = (await take(stream, stream.beginning, 3)).at(-1)!;
    await withAdmin(kafka!, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: options.topic, count: 4 }] }),
    );
    const other = open(options);
    await publish(other, idsOf('B', 40));
    // A message may be there twice, as it was sent before all new partitions had a leader.
    const seen = await take(other, cursor, totalOf(await other.end()) - totalOf(cursor));
    expect([...new Set(sorted(seen))]).toEqual(idsOf('B', 40).sort());
  });

  test('events that are no longer kept are skipped', async () => {
    const options = kafkaOptions(kafka!, { partitions: 1 });
    const stream = open(options);
    await publish(stream, idsOf('A', 10));
    const [event] = await take(stream, stream.beginning, 1);
    const deleteTo = (offset: string) =>
      withAdmin(kafka!, async (admin) => {
        // It knows the topics only that it was asked for before.
        await admin.fetchTopicOffsets(options.topic);
        await admin.deleteTopicRecords({ topic: options.topic, partitions: [{ partition: 0, offset }] });
      });
    await deleteTo('5');
    expect(sorted(await take(stream, event!.cursor, 5))).toEqual(idsOf('A', 10).slice(5));
    await deleteTo('10');
    const following = take(stream, event!.cursor, 1);
    await publish(stream, ['B-0']);
    expect(sorted(await following)).toEqual(['B-0']);
  });

  test('a topic that was deleted and created again ends a subscription, whose cursor is then refused', async () => {
    const options = kafkaOptions(kafka!, { partitions: 1 });
    const stream = open(options);
    await publish(stream, idsOf('A', 10));
    const subscription = stream.subscribe(await stream.end(), AbortSignal.timeout(TIMEOUT_MS))[Symbol.asyncIterator]();
    const end = await stream.end();
    const next = subscription.next();
    next.catch(() => {});
    await publish(stream, ['B-0']);
    expect(sorted(eventsOf(await next))).toEqual(['B-0']);
    const refused = expect(subscription.next()).rejects.toMatchObject({
      code: expect.stringMatching(/^(invalid_cursor|event_stream_unavailable)$/),
    });
    await withAdmin(kafka!, (admin) => admin.deleteTopics({ topics: [options.topic] }));
    const again = open(options);
    await again.end();
    await publish(again, ['C-0']);
    await refused;
    await expect(again.check(end)).rejects.toMatchObject({ code: 'invalid_cursor' });
    expect(sorted(await take(again, again.beginning, 1))).toEqual(['C-0']);
  });
});

// One after the other on one broker: a start takes seconds.
describe.skipIf(kafka === null)('on a Kafka of its own', () => {
  let port: number;
  let options: ReturnType<typeof kafkaOptions>;
  let directory: string;
  let server: Awaited<ReturnType<typeof startKafka>> | null = null;
  beforeAll(async () => {
    port = await freePort();
    options = kafkaOptions(`127.0.0.1:${port}`);
    directory = await temporaryDirectory();
  });
  afterAll(() => server?.stop());

  test('without a broker all calls are unavailable, and work when there is one', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'debug' }, { write: (line) => lines.push(line) });
    const stream = createKafkaEventStream(options, { logger });
    opened.push(stream);
    const unavailable = { code: 'event_stream_unavailable', retryable: true };
    await expect(stream.inspect()).rejects.toMatchObject(unavailable);
    await expect(stream.end()).rejects.toMatchObject(unavailable);
    await expect(publish(stream, ['A-1'])).rejects.toMatchObject(unavailable);
    await expect(take(stream, stream.beginning, 1)).rejects.toMatchObject(unavailable);
    expect(lines.length).toBeGreaterThan(0);

    server = await startKafka({ directory, port });
    await publish(stream, ['A-1']);
    expect(sorted(await take(stream, stream.beginning, 1))).toEqual(['A-1']);
  });

  test('no consumer group is left, however its reader ended', async () => {
    const stream = openKafka(options);
    await publish(stream, idsOf('A', 10));
    const stop = new AbortController();
    const waiting = (async () => {
      for await (const _ of stream.subscribe(await stream.end(), stop.signal));
    })();
    await take(stream, stream.beginning, 10);
    await take(stream, stream.beginning, 5);
    const standing = stream.subscribe(stream.beginning, AbortSignal.timeout(TIMEOUT_MS))[Symbol.asyncIterator]();
    await standing.next();
    stop.abort();
    await waiting;
    await stream.close();
    expect(await standing.next()).toMatchObject({ done: true });
    const { groups } = await withAdmin(server!.url, (admin) => admin.listGroups());
    expect(groups.filter(({ groupId }) => groupId.startsWith(GROUP_PREFIX))).toEqual([]);
  });

  test('a broker that restarts loses nothing, for publisher and subscriber', async () => {
    const options = kafkaOptions(server!.url);
    const [publisher, subscriber] = [open(options), open(options)];
    const batches = Array.from({ length: 40 }, (_, i) => idsOf(`A${i}`, 50));

    let published = 0;
    const publishing = (async () => {
      for (const ids of batches) {
        for (;;) {
          try {
            await publish(publisher, ids);
            break;
          } catch (error) {
            if (!isOmsError(error, 'event_stream_unavailable') || !error.retryable) throw error;
            await sleep(limits.outageBackoff.firstMs);
          }
        }
        published += 1;
        await sleep(20);
      }
    })();
    const all = new Set(batches.flat());
    const seen = new Map<string, number>();
    const following = (async () => {
      let cursor = subscriber.beginning;
      while (seen.size < all.size) {
        try {
          for await (const batch of subscriber.subscribe(cursor, AbortSignal.timeout(TIMEOUT_MS))) {
            for (const { orderId } of batch.events) seen.set(orderId, (seen.get(orderId) ?? 0) + 1);
            cursor = batch.cursor;
            if (seen.size === all.size) break;
          }
        } catch (error) {
          if (!isOmsError(error, 'event_stream_unavailable') || !error.retryable) throw error;
          await sleep(limits.outageBackoff.firstMs);
        }
      }
    })();
    while (published < 10) await sleep(20);
    await server!.stop();
    server = await startKafka({ directory, port });
    await Promise.all([publishing, following]);
    expect([...seen.keys()].sort()).toEqual([...all].sort());
  });

  test('a missing right or a wrong password is reported with the fix and without the password', async () => {
    const server = await startKafka({ users: { admin: 'admin-secret', guest: 'guest-secret' } });
    const as = (username: string, password: string) =>
      open(kafkaOptions(server.url, { sasl: { mechanism: 'plain', username, password } }));

    expect((await as('admin', 'admin-secret').inspect()).missing).toMatchObject([
      { required: false },
      { required: false },
    ]);

    const stranger = as('admin', 'wrong-secret');
    const refused = {
      code: 'event_stream_unavailable',
      retryable: false,
      message: expect.stringContaining('User:admin'),
    };
    await expect(stranger.inspect()).rejects.toMatchObject(refused);
    await expect(stranger.inspect()).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
    await expect(publish(stranger, ['A-1'])).rejects.toMatchObject({ ...refused, retryable: true });

    const many = kafkaOptions(server.url, {
      sasl: { mechanism: 'plain', username: 'admin', password: 'admin-secret' },
      replication: 3,
    });
    expect((await open(many).inspect()).missing).toMatchObject([
      { cure: expect.stringContaining('replication=3') },
      { cure: expect.stringContaining('replication=3') },
    ]);

    const guest = kafkaOptions(server.url, {
      sasl: { mechanism: 'plain', username: 'guest', password: 'guest-secret' },
    });
    const lacking = (topic: string) => ({
      what: expect.stringMatching(`${topic}.*TOPIC_AUTHORIZATION_FAILED`),
      cure: expect.stringMatching(`kafka-acls.*${topic}`),
      required: true,
    });
    expect((await open(guest).inspect()).missing).toEqual([lacking(guest.topic), lacking(guest.changesTopic)]);

    // Rights are asked for topic by topic, and one without them does not take the other with it.
    const admin = open({ ...guest, sasl: { mechanism: 'plain', username: 'admin', password: 'admin-secret' } });
    await admin.end(ALL_TYPES);
    await admin.publish!({ id: '1', events: [orderCreated(orderOf('A-1')), changeOf('A-1', 2)] });
    await allowGuest(server.url, guest.topic);
    const half = open(guest);
    expect((await half.inspect()).missing).toEqual([lacking(guest.changesTopic)]);
    await expect(take(half, half.beginning, 1, ALL_TYPES)).rejects.toMatchObject({ code: 'event_stream_unavailable' });
    expect(sorted(await take(half, half.beginning, 1))).toEqual(['A-1']);
    await expect(half.publish!({ id: '1', events: [changeOf('A-1', 2)] })).rejects.toMatchObject({ retryable: true });
    await publish(half, ['A-2']);
    expect(sorted(await take(half, half.beginning, 2))).toEqual(['A-1', 'A-2']);
    await Promise.all(opened.splice(0).map((stream) => stream.close()));
    await server.stop();
  });
});
