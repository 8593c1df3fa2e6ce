/**
 * The outbox of this store: the committed chunks with accepted rows that are not marked as published, and the changes of orders, oldest
 * first. A change of an order waits for the chunk that made it.
 */
import { type OrderEvent, orderCreated } from '../../model/event.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { OrderEvents } from '../../ports/event-stream.ts';
import type { Outbox } from '../../ports/outbox.ts';
import { ERASED_HERE } from './blank-plans.ts';
import type { Database } from './database.ts';
import { type ChunkDocument, initialStatus } from './documents.ts';
import { rowIn } from './order-document.ts';
import { acceptedOrders } from './plan.ts';
import { isOfChanges, markChanges, pendingChanges } from './publish-changes.ts';

/** The events of the new orders of a committed chunk, in file order. */
class EventsOfChunk implements OrderEvents {
  readonly #orders: OrderBatch;
  readonly #accepted: number[];
  readonly #fileId: string;
  readonly #createdAtMs: number;
  readonly #status: string;
  /** First rows of orders that were deleted or erased since. */
  readonly #erased: ReadonlySet<number>;

  constructor(orders: OrderBatch, accepted: number[], chunk: ChunkDocument, erased: ReadonlySet<number>) {
    this.#orders = orders;
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
    const order = this.#accepted.at(index);
    return order === undefined ? undefined : this.#event(order);
  }

  *[Symbol.iterator](): Generator<OrderEvent> {
    for (const order of this.#accepted) yield this.#event(order);
  }

  #event(order: number): OrderEvent {
    const first = this.#orders.first(order);
    const row = this.#orders.row(first);
    return orderCreated({
      orderId: this.#orders.text(first, 'order_id'),
      ...{ status: this.#status, version: 1, actor: null },
      ...this.#orders.content(order),
      ...(this.#erased.has(row) && { customerEmail: '' }),
      ...{ fileId: this.#fileId, row },
      ...{ createdAtMs: this.#createdAtMs, updatedAtMs: this.#createdAtMs },
    });
  }
}

/** The orders are read before the plan: what has left their list by then has left the plan before. */
export async function eventsOf(database: Pick<Database, 'orders' | 'chunks'>, id: string): Promise<OrderEvents> {
  const erased = await database.orders.find({ erased_from: id }, { projection: ERASED_HERE }).toArray();
  const chunk = (await database.chunks.findOne({ _id: id }))!;
  const { orders, accepted } = await acceptedOrders(chunk);
  const again = new Set(chunk.taken_again);
  const fresh = again.size === 0 ? accepted : accepted.filter((order) => !again.has(orders.row(orders.first(order))));
  return new EventsOfChunk(orders, fresh, chunk, new Set(erased.map((order) => rowIn(id, order))));
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
