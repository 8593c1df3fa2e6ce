/**
 * Publishes the changes of orders: the log of an order is its outbox. A batch is counted in the sums once, under the next number, by
 * whoever comes first, before its orders are marked; a batch that was counted and not marked is marked by the next publisher. So events
 * come at least once and those of an order in the order of its versions, and the sums count each change once.
 */
import { type AnyBulkWriteOperation, BSON, Decimal128 } from 'mongodb';
import { assert } from '../../assert.ts';
import { limits } from '../../limits.ts';
import { type OrderEvent, orderEvent } from '../../model/event.ts';
import { DELETED } from '../../model/order-change.ts';
import type { OrderEvents, OutboxBatch } from '../../ports/event-stream.ts';
import type { OrderHistory } from '../../ports/order-changes.ts';
import type { Database } from './database.ts';
import { type ChangeEntry, type OrderDocument, publishedOf, type TotalsDocument, versionOf } from './documents.ts';
import { sourcesOf, toHistory } from './order-document.ts';
import { chunkIdOf } from './swap-order.ts';

/** The versions after `from` up to `m` of an order. */
type Part = [orderId: string, from: number, m: number];

/** The id of a batch says what is in it, so that any process can count and mark it. */
interface Batch {
  /** The number of batches that were counted before it. */
  seq: number;
  parts: Part[];
}

const PREFIX = 'changes:';
const idOf = (batch: Batch): string => PREFIX + JSON.stringify(batch);
const batchOf = (id: string): Batch => JSON.parse(id.slice(PREFIX.length));
export const isOfChanges = (batchId: string): boolean => batchId.startsWith(PREFIX);

/** The changes of a batch, one for each of its events. */
export const changesOfBatch = (batchId: string): { order: string; m: number }[] =>
  batchOf(batchId).parts.flatMap(([order, from, m]) =>
    Array.from({ length: m - from }, (_, i) => ({ order, m: from + 1 + i })),
  );

class EventsOfChanges implements OrderEvents {
  readonly #events: [document: OrderDocument, m: number][];

  constructor(documents: readonly OrderDocument[]) {
    this.#events = documents.flatMap((document) =>
      unpublished(document).map(({ m }): [OrderDocument, number] => [document, m]),
    );
  }

  get length(): number {
    return this.#events.length;
  }

  at(index: number): OrderEvent | undefined {
    const event = this.#events.at(index);
    return event && changeEvent(...event);
  }

  *[Symbol.iterator](): Generator<OrderEvent> {
    for (const event of this.#events) yield changeEvent(...event);
  }
}

const histories = new WeakMap<OrderDocument, OrderHistory>();

/** The event of a change. */
export function changeEvent(document: OrderDocument, m: number): OrderEvent {
  const { stored, changes } = histories.get(document) ?? toHistory(document);
  histories.set(document, { stored, changes });
  return orderEvent(stored, changes, m);
}

const unpublished = (document: OrderDocument): ChangeEntry[] =>
  (document.log ?? []).filter(({ m }) => m > publishedOf(document));

/** The oldest changes that may be published, and since when they wait. */
export async function pendingChanges(database: Database): Promise<{ batch: OutboxBatch; since: Date } | null> {
  const { totals, orders } = database;
  const sums = await totals.findOne({ _id: 'orders' }, { projection: { seq: 1, batch: 1 } });
  // That of a publisher that has died.
  if (sums && sums.batch.length > 0) await markBatch(database, sums);
  const waiting: OrderDocument[] = [];
  let bytes = 0;
  const found = orders.find({ outbox_at: { $gt: new Date(0) } }, { sort: { outbox_at: 1 }, batchSize: 20 });
  for await (const document of found) {
    waiting.push(document);
    bytes += BSON.calculateObjectSize(document);
    if (waiting.length === limits.mongoPublishOrders || bytes > limits.mongoPublishBytes) break;
  }
  // The chunks are read after the orders: a chunk that was published by then was so before any later change.
  const created = await afterCreation(database, waiting);
  if (created.length === 0) return null;
  const parts = created.map((document): Part => [document._id, publishedOf(document), versionOf(document)]);
  const batch = { id: idOf({ seq: sums?.seq ?? 0, parts }), events: new EventsOfChanges(created) };
  return { batch, since: created[0]!.outbox_at! };
}

/** Those whose `order.created` is published, or in this batch. */
async function afterCreation({ chunks }: Database, waiting: OrderDocument[]): Promise<OrderDocument[]> {
  const ofFiles = waiting.filter((document) => sourcesOf(document)[0]!.file !== null && publishedOf(document) === 1);
  if (ofFiles.length === 0) return waiting;
  const chunkOf = new Map<string, string | null>();
  for (const document of ofFiles) chunkOf.set(document._id, await chunkIdOf({ chunks }, sourcesOf(document)[0]!));
  const ids = [...new Set(chunkOf.values())].filter((id) => id !== null);
  const published = await chunks
    .find({ _id: { $in: ids }, publish: 'published' }, { projection: { _id: 1 } })
    .toArray();
  const isPublished = new Set<string | null>(published.map(({ _id }) => _id));
  return waiting.filter(({ _id }) => !chunkOf.has(_id) || isPublished.has(chunkOf.get(_id)!));
}

/** Counts the batch, unless another publisher has counted one since it was read, and marks its orders. */
export async function markChanges(database: Database, batchId: string): Promise<void> {
  const { seq, parts } = batchOf(batchId);
  const documents = await database.orders
    .find({ _id: { $in: parts.map(([id]) => id) } }, { projection: { log: 1 } })
    .toArray();
  const logs = new Map(documents.map(({ _id, log = [] }) => [_id, log]));
  const entries = parts.flatMap(([id, from, m]) => {
    const part = (logs.get(id) ?? []).filter((entry) => entry.m > from && entry.m <= m);
    assert(part.length === m - from, 'the log of an order has no gaps (INV-8)');
    return part;
  });
  const batch = parts.map(([o, , m]) => ({ o, m }));
  const { matchedCount } = await database.totals.updateOne({ _id: 'orders', seq }, {
    $inc: { seq: 1, ...incrementOf(sumUp(entries)) },
    $set: { batch },
  } as never);
  if (matchedCount === 1) await markBatch(database, { seq: seq + 1, batch });
}

async function markBatch(
  { orders, totals }: Database,
  { seq, batch }: Pick<TotalsDocument, 'seq' | 'batch'>,
): Promise<void> {
  const marks = batch.flatMap(({ o, m }): AnyBulkWriteOperation<OrderDocument>[] => [
    {
      updateOne: {
        filter: { _id: o, version: m },
        update: { $set: { published: m }, $unset: { outbox_at: '', 'log.$[].counts': '' } } as never,
      },
    },
    // It was changed again meanwhile, and still waits.
    { updateOne: { filter: { _id: o }, update: { $max: { published: m } } } },
  ]);
  await orders.bulkWrite(marks, { ordered: false });
  await totals.updateOne({ _id: 'orders', seq }, { $set: { batch: [] } });
}

/** What changes add to the sums. */
export interface ChangeSums {
  events: number;
  byStatus: Map<string, number>;
  byHub: Map<string, number>;
  amountMinor: bigint;
}

export function sumUp(entries: readonly ChangeEntry[]): ChangeSums {
  const byStatus = new Map<string, number>();
  const byHub = new Map<string, number>();
  let amountMinor = 0n;
  const add = (sums: Map<string, number>, name: string, by: number) => sums.set(name, (sums.get(name) ?? 0) + by);
  for (const { from, to, of_file, counts } of entries) {
    if (from !== null) add(byStatus, from, -1);
    if (to !== DELETED && !of_file) add(byStatus, to, 1);
    for (const { hub, orders } of counts?.hubs ?? []) add(byHub, hub, orders);
    amountMinor += BigInt(counts?.amount ?? 0);
  }
  return { events: entries.length, byStatus, byHub, amountMinor };
}

const incrementOf = ({ events, byStatus, byHub, amountMinor }: ChangeSums) => ({
  events,
  amount_minor: Decimal128.fromString(amountMinor.toString()),
  ...prefixed('by_status', byStatus),
  ...prefixed('by_hub', byHub),
});

const prefixed = (field: string, sums: Map<string, number>) =>
  Object.fromEntries([...sums].filter(([, by]) => by !== 0).map(([name, by]) => [`${field}.${name}`, by]));

/** What the changes add that are not counted yet. */
export async function uncountedSums(
  { orders }: Pick<Database, 'orders'>,
  { batch }: Pick<TotalsDocument, 'batch'>,
): Promise<ChangeSums> {
  const counted = new Map(batch.map(({ o, m }) => [o, m]));
  const waiting = orders.find(
    { outbox_at: { $gt: new Date(0) } },
    { sort: { outbox_at: 1 }, limit: limits.maxUncountedOrders, projection: { published: 1, log: 1 } },
  );
  const entries: ChangeEntry[] = [];
  for await (const document of waiting) {
    const from = Math.max(publishedOf(document), counted.get(document._id) ?? 0);
    for (const { m, from: before, to, of_file, counts } of document.log ?? [])
      if (m > from) entries.push({ m, from: before, to, of_file, counts } as ChangeEntry);
  }
  return sumUp(entries);
}
