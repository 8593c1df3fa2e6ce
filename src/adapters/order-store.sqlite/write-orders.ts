/** Writes single orders and their changes, as they were judged. Runs in the writer thread. */

import type { OrderItem, StoredOrder } from '../../model/order.ts';
import type { PlannedChange } from '../../model/planned-change.ts';
import type { Database } from '../sqlite/database.ts';
import { SOURCE_BIT, touchedBy } from './order-history.ts';
import { CONTENT_COLUMNS, contentValues } from './order-row.ts';
import { statusWindows } from './status-windows.ts';

/** What orders that were made through the API have instead of a file and a row. */
export const NO_FILE = 0;

export function orderWriter(db: Database) {
  const insert = db.prepare(`
    insert into orders (seq, order_id, file_no, row, status, stock_taken, version, created_by, actor, created_at, updated_at,
      ${CONTENT_COLUMNS.join(', ')})
    values (?, ?, ${NO_FILE}, ${NO_FILE}, ?, ?, ?, ?, ?, ?, ?, ${CONTENT_COLUMNS.map(() => '?').join(', ')})`);
  const state = 'status = ?, stock_taken = ?, version = ?, actor = ?, updated_at = ?';
  const updateState = db.prepare(`update orders set ${state} where seq = ?`);
  const updateAll = db.prepare(
    `update orders set ${state}, ${CONTENT_COLUMNS.map((column) => `${column} = ?`).join(', ')} where seq = ?`,
  );
  const insertItem = db.prepare(`
    insert into order_items (order_no, n, sku, hub_id, product_name, quantity, unit_price_minor) values (?, ?, ?, ?, ?, ?, ?)`);
  const deleteItems = db.prepare('delete from order_items where order_no = ?');
  const markUndone = db.prepare('update orders set undone_as = version where seq = ?');
  const noteFormer = db.prepare(`
    update order_changes set (former_file_no, former_row) = (select file_no, row from orders where orders.seq = order_no) where seq = ?`);
  const moveSource = db.prepare('update orders set file_no = ?, row = ?, created_as = version where seq = ?');
  const insertChange = db.prepare(`
    insert into order_changes (seq, order_no, version, kind, from_status, to_status, touched, actor, at, reason, fields)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const eraseChanges = db.prepare(
    `update order_changes set touched = touched & ${SOURCE_BIT}, reason = null, fields = '[]' where order_no = ?`,
  );

  const windows = statusWindows(db);

  const writeItems = (orderNo: number, items: readonly OrderItem[]): void => {
    for (const [n, { sku, hubId, productName, quantity, unitPriceMinor }] of items.entries())
      if (n > 0) insertItem.run(orderNo, n, sku, hubId, productName, quantity, unitPriceMinor);
  };

  return {
    /** `seq`: the number of the order. */
    create(seq: number, { order, holdsStock }: StoredOrder): void {
      insert.run(
        ...[seq, order.orderId, order.status, holdsStock ? 1 : 0, order.version, order.actor, order.actor],
        ...[order.createdAtMs, order.updatedAtMs, ...contentValues(order)],
      );
      writeItems(seq, order.items);
      windows.add(order.status, seq, 1);
    },

    /** `seq`: the number of the change; `orderNo`: that of the order; `fileNo`: that of the file that takes it again. */
    change(seq: number, orderNo: number, { next, change }: PlannedChange, fileNo = NO_FILE): void {
      const { order, holdsStock, deleted } = next;
      const stateNow = [order.status, holdsStock ? 1 : 0, order.version, order.actor, order.updatedAtMs];
      if (change.kind === 'status_changed' || change.kind === 'undone') updateState.run(...stateNow, orderNo);
      else updateAll.run(...stateNow, ...contentValues(order), orderNo);
      if (deleted || change.fields.some(({ field }) => field === 'items')) {
        deleteItems.run(orderNo);
        writeItems(orderNo, order.items);
      }
      if (deleted) eraseChanges.run(orderNo);
      windows.move(orderNo, change.fromStatus!, order.status);
      insertChange.run(
        ...[seq, orderNo, change.version, change.kind, change.fromStatus, change.toStatus, touchedBy(change)],
        ...[change.actor, change.atMs, change.reason, JSON.stringify(change.fields)],
      );
      if (next.undone) markUndone.run(orderNo);
      if (change.kind === 'created') {
        noteFormer.run(seq);
        moveSource.run(fileNo, order.row ?? 0, orderNo);
      }
    },
  };
}
