/** Takes undone orders again, by rows of a file. Runs in the writer's transaction. */
import { assert } from '../../assert.ts';
import { takeAgain } from '../../model/undo.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from '../sqlite/database.ts';
import { orderHistories } from './order-history.ts';
import { toStored } from './order-row.ts';
import type { orderSums } from './record-sums.ts';
import { orderWriter } from './write-orders.ts';

interface Taking {
  fileNo: number;
  fileId: string;
  /** Of new orders. */
  status: string;
  trackStock: boolean;
  atMs: number;
}

/** `sums`: gets what the order was before, as the chunk counts what it is now; its stock is the chunk's matter, too. */
export function orderTaker(db: Database, sums: Pick<ReturnType<typeof orderSums>, 'remove'>) {
  const { find } = orderHistories(db);
  const write = orderWriter(db);

  /** `seq`: the number of the change; `order`: by index. */
  return (seq: number, rows: OrderBatch, order: number, { fileNo, fileId, status, trackStock, atMs }: Taking): void => {
    const first = rows.first(order);
    const row = find(rows.text(first, 'order_id'))!;
    const before = toStored(row);
    assert(before.undone, 'only an undone order is taken again (INV-1)');
    const anew = {
      content: rows.content(order),
      source: { fileId, row: rows.row(first) },
      actor: null,
      status,
      trackStock,
    };
    write.change(seq, row.seq, takeAgain(before, anew, Math.max(atMs, before.order.updatedAtMs)), fileNo);
    sums.remove(before);
  };
}
