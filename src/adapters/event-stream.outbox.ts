/**
 * The event stream without a broker: the orders of `oms.db`, read by the number that each got when it was committed. An order is
 * published from its commit on; its event is made from it at every reading, always the same bytes (INV-3).
 */
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { orderCreatedJson } from '../model/event.ts';
import type { EventStream } from '../ports/event-stream.ts';
import { createOutboxReader } from './order-store.sqlite/orders.ts';
import type { Database } from './sqlite/database.ts';
import type { Writer } from './sqlite/writer.ts';

const toCursor = (seq: number) => `o${seq.toString(36)}`;

function toSeq(cursor: string): number {
  const seq = /^o[0-9a-z]{1,11}$/.test(cursor) ? Number.parseInt(cursor.slice(1), 36) : Number.NaN;
  if (!Number.isSafeInteger(seq)) throw invalidCursor(cursor);
  return seq;
}

const invalidCursor = (cursor: string) =>
  new OmsError(
    'invalid_cursor',
    `"${cursor.slice(0, 40)}" is no cursor of this event stream: take the id of an event, or 0`,
  );

export function createOutboxEventStream(db: Database, writer: Pick<Writer, 'nextCommit'>): EventStream {
  const outbox = createOutboxReader(db);
  return {
    beginning: toCursor(0),
    async end() {
      return toCursor(outbox.newest());
    },
    async read(after, limit) {
      const from = toSeq(after);
      // A cursor from another data directory would keep its reader waiting past events that it has never seen.
      if (from > outbox.newest()) throw invalidCursor(after);
      return outbox.after(from, Math.min(limit, limits.eventBatch)).map(({ seq, order }) => ({
        cursor: toCursor(seq),
        orderId: order.orderId,
        json: orderCreatedJson(order),
      }));
    },
    async wait(after, signal) {
      const seq = toSeq(after);
      while (!signal.aborted && outbox.newest() <= seq) await writer.nextCommit(signal);
    },
    async ping() {
      outbox.newest();
    },
  };
}
