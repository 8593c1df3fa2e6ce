/**
 * The journal: orders and changes by their one sequence of numbers, and the notices of what changed an order without a number, such as the
 * erasure of a person.
 */
import { limits } from '../../limits.ts';
import type { Journal, JournalOrder } from '../../ports/journal.ts';
import { readPosition } from '../page.ts';
import type { Database } from '../sqlite/database.ts';
import { SELECT_STORED, type StoredRow, toStored } from './order-row.ts';
import { newestNumber } from './sequence.ts';

export function createJournal(db: Database): Journal {
  const newest = newestNumber(db);
  const created = db.prepare(`${SELECT_STORED} where o.seq > ? and o.seq <= ? order by o.seq`);
  const changed = db.prepare(`
    ${SELECT_STORED} where o.seq in (select order_no from order_changes where seq > ? and seq <= ? and order_no <= ?)`);
  const noticed = db.prepare(
    `${SELECT_STORED} where o.seq in (select order_no from order_notices where notice_no > ? and notice_no <= ?)`,
  );
  const newestNotice = db.prepare('select coalesce(max(notice_no), 0) notice from order_notices');
  const notice = () => (newestNotice.get() as { notice: number }).notice;
  const read = (position: string | null) => readPosition<[number, number]>(position, 'number', 'number') ?? [0, 0];

  return {
    async read(position) {
      const [number, note] = read(position);
      const toNumber = Math.min(newest(), number + limits.journalOrders);
      const toNote = Math.min(notice(), note + limits.journalOrders);
      const rows = [
        ...created.all(number, toNumber),
        ...changed.all(number, toNumber, number),
        ...noticed.all(note, toNote),
      ] as unknown as StoredRow[];
      const orders = new Map(
        rows.map((row): [number, JournalOrder] => [row.seq, { number: row.seq, ...toStored(row) }]),
      );
      return { orders: [...orders.values()], position: JSON.stringify([toNumber, toNote]) };
    },
    async erasuresBehind(position) {
      return notice() - read(position)[1];
    },
    async behind(position) {
      const [number, note] = read(position);
      return newest() - number + (notice() - note);
    },
  };
}
