/** The outbox of this store: the committed chunks with accepted rows that are not marked as published, oldest first. */
import { type OrderEvent, orderCreated } from '../../model/event.ts';
import type { Order } from '../../model/order.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { OrderEvents } from '../../ports/event-stream.ts';
import type { Outbox } from '../../ports/outbox.ts';
import type { Database } from './database.ts';
import type { ChunkDocument } from './documents.ts';
import { decodePlan } from './plan.ts';

/** The events of a committed chunk, in file order. */
class EventsOfChunk implements OrderEvents {
  readonly #rows: OrderBatch;
  readonly #accepted: number[];
  readonly #fileId: string;
  readonly #createdAtMs: number;

  constructor(rows: OrderBatch, accepted: number[], { file, created_at }: ChunkDocument) {
    this.#rows = rows;
    this.#accepted = accepted;
    this.#fileId = file;
    this.#createdAtMs = created_at.getTime();
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
      status: 'on_hold',
      version: 1,
      actor: null,
      customerName: rows.text(i, 'customer_name'),
      customerEmail: rows.text(i, 'customer_email'),
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

export async function eventsOf(chunk: ChunkDocument): Promise<OrderEvents> {
  const { orders, taking } = await decodePlan(chunk.plan);
  const refused = new Set(chunk.refused);
  return new EventsOfChunk(
    orders,
    taking.filter((i) => !refused.has(orders.row(i))),
    chunk,
  );
}

export function createOutbox({ chunks }: Database): Outbox {
  return {
    async pending() {
      const chunk = await chunks.findOne({ publish: 'pending' }, { sort: { committed_at: 1 } });
      return chunk && { id: chunk._id, events: await eventsOf(chunk) };
    },
    async markPublished(batchId) {
      await chunks.updateOne({ _id: batchId, publish: 'pending' }, { $set: { publish: 'published' } });
    },
  };
}
