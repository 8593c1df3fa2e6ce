/**
 * The event stream without a broker: the events of the order store, read by the number that each has in the outbox, without gaps. Each
 * reading builds the event from the order and its history, always with the same bytes (INV-3).
 */
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { CREATED, type EventType, type OrderEvent } from '../model/event.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { EventStream } from '../ports/event-stream.ts';

/** What this stream needs of an order store. */
export interface NumberedEvents {
  /** The highest number so far; 0 when there is none. */
  newest(): Promise<number>;
  /**
   * Events of these types above a number, up to `limit`, in the order of their numbers; `last` is the number up to which all were
   * considered, above `number` unless there are no more.
   */
  after(
    number: number,
    types: ReadonlySet<EventType>,
    limit: number,
  ): Promise<{ last: number; events: NumberedEvent[] }>;
  /** How many of `order.created` are above a number; where many are, other events may be counted, too. */
  behind(number: number): Promise<number>;
  /** Resolves when there may be some above the number, or the signal is aborted. */
  wait(number: number, signal: AbortSignal): Promise<void>;
}

export interface NumberedEvent extends OrderEvent {
  number: number;
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
  numbered: NumberedEvents,
  { inspect, publish = null }: Pick<EventStream, 'inspect'> & Partial<Pick<EventStream, 'publish'>>,
): EventStream {
  const check = async (cursor: string) => {
    // With a cursor of another store the reader would skip all events up to it.
    if (toNumber(cursor) > (await numbered.newest())) throw invalidCursor(cursor);
  };
  return {
    beginning: toCursor(0),
    end: async () => toCursor(await numbered.newest()),
    check,
    async *subscribe(after, signal, types = CREATED) {
      await check(after);
      let last = toNumber(after);
      while (!signal.aborted) {
        // A commit wakes all subscribers together.
        await sliceTurn();
        const batch = await numbered.after(last, types, limits.eventBatch);
        if (batch.last === last) {
          await numbered.wait(last, signal);
          continue;
        }
        last = batch.last;
        const events = batch.events.map(({ number, ...event }) => ({ cursor: toCursor(number), ...event }));
        yield { events, cursor: toCursor(last) };
      }
    },
    async behind(after) {
      await check(after);
      return numbered.behind(toNumber(after));
    },
    group: null,
    publish,
    async inspect() {
      return { ...(await inspect()), engine: 'outbox of the order store' };
    },
  };
}
