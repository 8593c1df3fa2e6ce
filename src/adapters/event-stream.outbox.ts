/**
 * The event stream without a broker: the orders of the order store, read by the number that each has in the outbox, without gaps. Each
 * reading builds the event from the order, always with the same bytes (INV-3).
 */
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { orderCreatedJson } from '../model/event.ts';
import type { Order } from '../model/order.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { EventStream } from '../ports/event-stream.ts';

/** What this stream needs of an order store. */
export interface NumberedOrders {
  /** The highest number so far; 0 when there is none. */
  newest(): Promise<number>;
  /** Orders above a number, up to `limit`, in the order of their numbers. */
  after(number: number, limit: number): Promise<{ number: number; order: Order }[]>;
  /** Resolves when there may be some above the number, or the signal is aborted. */
  wait(number: number, signal: AbortSignal): Promise<void>;
}

const toCursor = (number: number) => `o${number.toString(36)}`;

function toNumber(cursor: string): number {
  const number = /^o[0-9a-z]{1,11}$/.test(cursor) ? Number.parseInt(cursor.slice(1), 36) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw invalidCursor(cursor);
  return number;
}

const invalidCursor = (cursor: string) =>
  new OmsError(
    'invalid_cursor',
    `"${cursor.slice(0, 40)}" is no cursor of this event stream: take the id of an event, or 0`,
  );

export function createOutboxEventStream(
  orders: NumberedOrders,
  { inspect, publish = null }: Pick<EventStream, 'inspect'> & Partial<Pick<EventStream, 'publish'>>,
): EventStream {
  const check = async (cursor: string) => {
    // With a cursor of another store the reader would skip all events up to it.
    if (toNumber(cursor) > (await orders.newest())) throw invalidCursor(cursor);
  };
  return {
    beginning: toCursor(0),
    end: async () => toCursor(await orders.newest()),
    check,
    async *subscribe(after, signal) {
      await check(after);
      let last = toNumber(after);
      while (!signal.aborted) {
        // A commit wakes all subscribers together.
        await sliceTurn();
        const batch = await orders.after(last, limits.eventBatch);
        if (batch.length === 0) {
          await orders.wait(last, signal);
          continue;
        }
        last = batch.at(-1)!.number;
        yield batch.map(({ number, order }) => ({
          cursor: toCursor(number),
          orderId: order.orderId,
          json: orderCreatedJson(order),
        }));
      }
    },
    publish,
    async inspect() {
      return { ...(await inspect()), engine: 'outbox of the order store' };
    },
  };
}
