/**
 * Erases people from orders. Orders are found by their numbers, as there is no index by person: the search reads, and only what it has found
 * is the writer's work.
 */
import { limits } from '../../limits.ts';
import { type ErasureOf, filesOf, type OrderWithHistory, withoutPerson } from '../../model/erasure.ts';
import type { Erasure, FoundOrder } from '../../ports/erasure.ts';
import type { Calls } from '../sqlite/calls.ts';
import { type Database, fromJson } from '../sqlite/database.ts';
import { FIELD_BITS, type OrderHistories, orderHistories } from './order-history.ts';
import { type OrderRow, type StoredRow, toStored } from './order-row.ts';
import { newestNumber } from './sequence.ts';

interface Erasing {
  of: ErasureOf;
  orderIds: readonly string[];
}

const wholeOrder = (histories: OrderHistories, row: StoredRow): OrderWithHistory => ({
  stored: toStored(row),
  changes: histories.changesOf(row),
});

export function erasureOperations(db: Database) {
  const histories = orderHistories(db);
  const eraseOrder = db.prepare(
    'update orders set customer_name = ?, customer_email = ?, shipping_address = ? where seq = ?',
  );
  const eraseChange = db.prepare(
    'update order_changes set reason = ?, fields = ? where order_no = ? and version = ? and (reason is not ?1 or fields <> ?2)',
  );
  const notice = db.prepare('insert into order_notices (order_no) values (?)');
  const eraseAnswer = db.prepare("update finalizer_orders set answer = '' where order_id = ?");

  function erase(of: ErasureOf, orderId: string): boolean {
    const row = histories.find(orderId);
    const erased = row && withoutPerson(wholeOrder(histories, row), of);
    if (!erased) return false;
    const { order } = erased.stored;
    eraseOrder.run(order.customerName, order.customerEmail, order.shippingAddress, row.seq);
    for (const { version, reason, fields } of erased.changes)
      eraseChange.run(reason, JSON.stringify(fields), row.seq, version);
    eraseAnswer.run(order.orderId);
    notice.run(row.seq);
    return true;
  }

  return {
    erasePeople: ({ of, orderIds }: Erasing): number => orderIds.filter((orderId) => erase(of, orderId)).length,
  };
}

type FoundRow = Pick<OrderRow, 'order_id' | 'file_id'> & { former_files: string | null };

export function createErasure(db: Database, writer: Calls<ReturnType<typeof erasureOperations>>): Erasure {
  const histories = orderHistories(db);
  const newest = newestNumber(db);
  const columns = `o.order_id, f.file_id, case when o.created_as > 1 then (
    select json_group_array(t.file_id) from order_changes c join files t on t.file_no = c.former_file_no where c.order_no = o.seq) end former_files`;
  const from = 'orders o left join files f on f.file_no = o.file_no';
  const ofPerson = db.prepare(
    `select ${columns} from ${from} where o.seq > ? and o.seq <= ? and lower(o.customer_email) = ?`,
  );
  const formerlyOfPerson = db.prepare(`
    select distinct o.order_id from order_changes c join orders o on o.seq = c.order_no
    where c.seq > ? and c.seq <= ? and c.touched & ${FIELD_BITS.customer_email} and instr(lower(c.fields), ?) > 0
      and lower(o.customer_email) <> ?`);
  /** The first number in the window of an order, or a change, that is not that old. */
  const younger = db.prepare(`
    select min(seq) seq from (
      select min(seq) seq from orders where seq > ?1 and seq <= ?2 and created_at >= ?3
      union all select min(seq) from order_changes where seq > ?1 and seq <= ?2 and at >= ?3)`);
  const isOld = "o.customer_email <> '' and o.updated_at < ?3 and o.status in (select value from json_each(?4))";
  /** Found where they got to that state. */
  const unchanged = db.prepare(`
    select ${columns} from ${from} where o.seq > ?1 and o.seq <= ?2 and o.version = 1 and ${isOld}
    union all
    select ${columns} from order_changes c join orders o on o.seq = c.order_no left join files f on f.file_no = o.file_no
    where c.seq > ?1 and c.seq <= ?2 and c.version = o.version and ${isOld}`);

  function former(of: ErasureOf, orderId: string): FoundOrder[] {
    const row = histories.find(orderId);
    const whole = row && histories.whole(row, (one) => wholeOrder(histories, one));
    if (!whole || withoutPerson(whole, of) === null) return [];
    return [{ orderId: row.order_id, fileIds: filesOf(whole) }];
  }

  return {
    async find(of, position) {
      const low = position === null ? 0 : Number(position);
      const last = newest();
      const high = Math.min(last, low + limits.maxScanOrders);
      if ('email' in of) {
        const theirs = ofPerson.all(low, high, of.email) as unknown as FoundRow[];
        const changed = formerlyOfPerson.all(low, high, JSON.stringify(of.email), of.email) as { order_id: string }[];
        const found = [...theirs.map(toFound), ...changed.flatMap(({ order_id }) => former(of, order_id))];
        return { found, position: String(high), end: high === last };
      }
      const { seq } = younger.get(low, high, of.unchangedSinceMs) as { seq: number | null };
      const upTo = seq === null ? high : seq - 1;
      const rows = unchanged.all(low, upTo, of.unchangedSinceMs, JSON.stringify(of.states)) as unknown as FoundRow[];
      return { found: rows.map(toFound), position: String(upTo), end: seq !== null || high === last };
    },
    erase: (of, orderIds) => writer.call('erasePeople', { of, orderIds }),
  };
}

const toFound = ({ order_id, file_id, former_files }: FoundRow): FoundOrder => ({
  orderId: order_id,
  fileIds: [...(file_id === null ? [] : [file_id]), ...(former_files === null ? [] : fromJson<string[]>(former_files))],
});
