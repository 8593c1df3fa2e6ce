/** What the finalizer keeps, on SQLite. */
import type { Finalizing, KeptOrder } from '../../ports/finalizing.ts';
import { readPosition, toPage } from '../page.ts';
import type { Calls } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';

interface KeptRow {
  order_id: string;
  asks: number;
  failures: number;
  due_at: number | null;
  answer: string;
}

export function finalizingOperations(db: Database) {
  const move = db.prepare(
    'insert into finalizer_position (one, cursor) values (1, ?) on conflict (one) do update set cursor = excluded.cursor',
  );
  const keep = db.prepare(
    'insert or replace into finalizer_orders (order_id, asks, failures, due_at, answer) values (?, ?, ?, ?, ?)',
  );
  const forget = db.prepare('delete from finalizer_orders where order_id = ?');
  const askAgain = db.prepare('update finalizer_orders set due_at = ?, failures = 0 where due_at is null');
  return {
    moveFinalizer(cursor: string): void {
      move.run(cursor);
    },
    keepForFinalizer({ orderId, asks, failures, dueMs, answer }: KeptOrder): void {
      keep.run(orderId, asks, failures, dueMs, answer);
    },
    forgetForFinalizer(orderId: string): void {
      forget.run(orderId);
    },
    askAgain: (nowMs: number): number => Number(askAgain.run(nowMs).changes),
  };
}

export function createFinalizing(db: Database, writer: Calls<ReturnType<typeof finalizingOperations>>): Finalizing {
  const position = db.prepare('select cursor from finalizer_position');
  const kept = db.prepare('select 1 from finalizer_orders where order_id = ?');
  const due = db.prepare('select * from finalizer_orders where due_at <= ? order by due_at, order_id limit ?');
  const counts = db.prepare('select count(*) all_kept, count(due_at) held from finalizer_orders');
  const behind = 'order_id > ? order by order_id limit ?';
  const lists = {
    held: db.prepare(`select * from finalizer_orders where due_at is not null and ${behind}`),
    aside: db.prepare(`select * from finalizer_orders where due_at is null and ${behind}`),
  };
  return {
    async position() {
      return (position.get() as { cursor: string } | undefined)?.cursor ?? null;
    },
    move: (cursor) => writer.call('moveFinalizer', cursor),
    keep: (order) => writer.call('keepForFinalizer', order),
    forget: (orderId) => writer.call('forgetForFinalizer', orderId),
    async kept(orderIds) {
      return new Set(orderIds.filter((orderId) => kept.get(orderId) !== undefined));
    },
    async due(nowMs, limit) {
      return (due.all(nowMs, limit) as unknown as KeptRow[]).map(toKept);
    },
    async counts() {
      const { all_kept, held } = counts.get() as { all_kept: number; held: number };
      return { held, aside: all_kept - held };
    },
    async list(state, { after, limit }) {
      const [orderId] = readPosition<[string]>(after, 'string') ?? [''];
      const rows = lists[state].all(orderId, limit + 1) as unknown as KeptRow[];
      return toPage(rows, limit, ({ order_id }) => [order_id], toKept);
    },
    askAgain: (nowMs) => writer.call('askAgain', nowMs),
  };
}

const toKept = ({ order_id, asks, failures, due_at, answer }: KeptRow): KeptOrder => ({
  ...{ orderId: order_id, asks, failures, dueMs: due_at, answer },
});
