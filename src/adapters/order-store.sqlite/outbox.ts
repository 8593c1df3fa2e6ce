/** The outbox of this store, for an event stream of another engine: the events whose number is above the last published one. */
import { limits } from '../../limits.ts';
import { EVENT_TYPES } from '../../model/event.ts';
import type { Outbox } from '../../ports/outbox.ts';
import type { Calls, Commits } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';
import { numberedEvents } from './numbered-events.ts';

/** The row of `totals` with the number of the last published event. */
export const PUBLISHED = 'published';

export function outboxOperations(db: Database) {
  const move = db.prepare(
    'insert into totals (name, value) values (?, ?) on conflict (name) do update set value = max(value, excluded.value)',
  );
  return {
    markPublished(seq: number): void {
      move.run(PUBLISHED, seq);
    },
  };
}

export function createOutbox(db: Database, writer: Calls<ReturnType<typeof outboxOperations>> & Commits): Outbox {
  const published = db.prepare('select value from totals where name = ?');
  const numbered = numberedEvents(db, writer);
  const types = new Set(EVENT_TYPES);
  return {
    async pending() {
      const { value } = (published.get(PUBLISHED) as { value: number } | undefined) ?? { value: 0 };
      const { last, events } = await numbered.after(value, types, limits.publishOrders);
      return events.length === 0 ? null : { id: String(last), events };
    },
    markPublished: (batchId) => writer.call('markPublished', Number(batchId)),
  };
}
