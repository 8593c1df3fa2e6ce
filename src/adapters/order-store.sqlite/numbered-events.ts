/** The events of this store by their number: those of orders and those of changes, merged. Oldest first. */
import { limits } from '../../limits.ts';
import {
  changeEvent,
  type EventType,
  eventTypeOf,
  ORDER_CREATED,
  type OrderEvent,
  orderCreated,
  orderEvent,
} from '../../model/event.ts';
import { CHANGE_KINDS } from '../../model/order-change.ts';
import type { NumberedEvent, NumberedEvents } from '../event-stream.outbox.ts';
import type { Commits } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';
import { CHANGE_COLUMNS, type ChangeRow, orderHistories, toChange } from './order-history.ts';
import { type OrderRow, SELECT, toOrder, toStored } from './order-row.ts';
import { newestNumber } from './sequence.ts';

type NumberedChange = ChangeRow & { seq: number; order_no: number; order_id: string; erased: 0 | 1 };

export function numberedEvents(db: Database, writer: Commits): NumberedEvents {
  const orders = db.prepare(`${SELECT} where o.seq > ? and o.seq <= ? order by o.seq limit ?`);
  const changes = db.prepare(`
    select c.seq, c.order_no, o.order_id, o.customer_email = '' erased, ${CHANGE_COLUMNS}
    from order_changes c join orders o on o.seq = c.order_no
    where c.seq > ? and c.seq <= ? and c.kind in (select value from json_each(?)) order by c.seq limit ?`);
  const created = db.prepare(`
    select count(*) count from (
      select 1 from (select 1 from orders where seq > ?1 union all select 1 from order_changes where kind = 'created' and seq > ?1) limit ?2)`);
  const histories = orderHistories(db);
  const newest = newestNumber(db);

  /** As the order was created, or taken again, whatever became of it. */
  const createdEvent = (found: Pick<OrderRow, 'seq'>, version: number): OrderEvent =>
    histories.whole(found, (row) => orderEvent(toStored(row), histories.changesFrom(row, version), version));

  const eventOf = (row: NumberedChange): OrderEvent =>
    row.kind === 'created'
      ? createdEvent({ seq: row.order_no }, row.version)
      : changeEvent(row.order_id, toChange(row), row.erased === 1);

  function* read(number: number, high: number, types: ReadonlySet<EventType>, limit: number): Generator<NumberedEvent> {
    const ofOrders = (types.has(ORDER_CREATED) ? orders.all(number, high, limit) : []) as unknown as OrderRow[];
    // A full batch ends with its last order at the latest: changes behind it would be read again for each batch.
    const last = ofOrders.length === limit ? ofOrders.at(-1)!.seq : high;
    const kinds = CHANGE_KINDS.filter((kind) => types.has(eventTypeOf(kind)));
    const ofChanges = changes.all(number, last, JSON.stringify(kinds), limit) as unknown as NumberedChange[];
    let at = 0;
    function* changesBelow(seq: number): Generator<NumberedEvent> {
      for (let row = ofChanges[at]; row && row.seq < seq; row = ofChanges[++at])
        yield { number: row.seq, ...eventOf(row) };
    }
    for (const found of ofOrders) {
      yield* changesBelow(found.seq);
      yield { number: found.seq, ...(found.more === null ? orderCreated(toOrder(found)) : createdEvent(found, 1)) };
    }
    yield* changesBelow(Number.POSITIVE_INFINITY);
  }

  return {
    newest: async () => newest(),
    async after(number, types, limit) {
      // A filter may skip any number of events, and an event of many items is large: each call reads a bounded part.
      const high = Math.min(newest(), number + limits.maxScanOrders);
      const events: NumberedEvent[] = [];
      let chars = 0;
      for (const event of read(number, high, types, limit)) {
        events.push(event);
        chars += event.json.length;
        if (events.length === limit || chars > limits.eventBatchChars) return { last: event.number, events };
      }
      return { last: Math.max(number, high), events };
    },
    async behind(number) {
      const most = limits.eventsCounted;
      const { count } = created.get(number, most + 1) as { count: number };
      return count <= most ? count : newest() - number;
    },
    async wait(number, signal) {
      // `newest` is read in the same turn as the wait begins, so that no commit comes in between.
      while (!signal.aborted && newest() <= number) await writer.nextCommit(signal);
    },
  };
}
