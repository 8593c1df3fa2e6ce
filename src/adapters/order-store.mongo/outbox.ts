/**
 * The outbox of this store: the committed chunks with accepted rows that are not marked as published, and the changes of orders, oldest
 * first. A change of an order waits for the chunk that made it.
 */
import { type OrderEvent, orderCreated } from '../../model/event.ts';
import type { Order } from '../../model/order.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { OrderEvents } from '../../ports/event-stream.ts';
import type { Outbox } from '../../ports/outbox.ts';
import type { Database } from './database.ts';
import { type ChunkDocument, initialStatus } from './documents.ts';
import { decodePlan } from './plan.ts';
import { isOfChanges, markChanges, pendingChanges } from './publish-changes.ts';

/** The events of a committed chunk, in file order. */
class EventsOfChunk implements OrderEvents {
  readonly #rows: OrderBatch;
  readonly #accepted: number[];
  readonly #fileId: string;
  readonly #createdAtMs: number;
  readonly #status: string;
  /** Rows whose orders were deleted or erased since. */
  readonly #erased: ReadonlySet<number>;

  constructor(rows: OrderBatch, accepted: number[], chunk: ChunkDocument, erased: ReadonlySet<number>) {
    this.#rows = rows;
    this.#accepted = accepted;
    this.#fileId = chunk.file;
    this.#createdAtMs = chunk.created_at.getTime();
    this.#status = initialStatus(chunk);
    this.#erased = erased;
  }

  get length(): number {
    return this.#accepted.length;
  }

  at(index: number): OrderEvent | undefined {
    const i = this.#accepted.at(index);
    return i === undefined ? undefined : orderCreated(this.#order(i));
  }

  *[Symbol.iterator](): Generator<OrderEvent> {
    for (const i of this.#accepted) yield orderCreated(this.#order(i));
  }

  #order(i: number): Order {
    const rows = this.#rows;
    return {
      orderId: rows.text(i, 'order_id'),
      status: this.#status,
      version: 1,
      actor: null,
      customerName: rows.text(i, 'customer_name'),
      customerEmail: this.#erased.has(rows.row(i)) ? '' : rows.text(i, 'customer_email'),
      items: [
        {
          sku: rows.text(i, 'sku'),
          hubId: rows.text(i, 'hub_id'),
          productName: rows.text(i, 'product_name'),
          quantity: rows.quantity(i),
          unitPriceMinor: rows.unitPriceMinor(i),
          lineTotalMinor: rows.totalMinor(i),
        },
      ],
      totalMinor: rows.totalMinor(i),
      orderDateMs: rows.orderDateMs(i),
      shippingAddress: rows.text(i, 'shipping_address'),
      fileId: this.#fileId,
      row: rows.row(i),
      createdAtMs: this.#createdAtMs,
      updatedAtMs: this.#createdAtMs,
    };
  }
}

/** The orders are read before the plan: what has left their list by then has left the plan before. */
export async function eventsOf(database: Pick<Database, 'orders' | 'chunks'>, id: string): Promise<OrderEvents> {
  const erased = await database.orders.find({ erased_from: id }, { projection: { row: 1 } }).toArray();
  const chunk = (await database.chunks.findOne({ _id: id }))!;
  const { orders, taking } = await decodePlan(chunk.plan);
  const refused = new Set(chunk.refused);
  return new EventsOfChunk(
    orders,
    taking.filter((i) => !refused.has(orders.row(i))),
    chunk,
    new Set(erased.map(({ row }) => row!)),
  );
}

export function createOutbox(database: Database): Outbox {
  const { chunks } = database;
  return {
    async pending() {
      const chunk = await chunks.findOne(
        { publish: 'pending' },
        { sort: { committed_at: 1 }, projection: { committed_at: 1 } },
      );
      const changes = await pendingChanges(database);
      if (chunk && (!changes || chunk.committed_at! <= changes.since))
        return { id: chunk._id, events: await eventsOf(database, chunk._id) };
      return changes?.batch ?? null;
    },
    async markPublished(batchId) {
      if (isOfChanges(batchId)) await markChanges(database, batchId);
      else await chunks.updateOne({ _id: batchId, publish: 'pending' }, { $set: { publish: 'published' } });
    },
  };
}
