/** The operations of the order store, which run in the writer thread. */
import type { Database } from '../sqlite/database.ts';
import { auditOperations } from './audit.ts';
import { BACKFILLS, backfillOperations } from './backfills.ts';
import { changeOperations } from './change-orders.ts';
import { chunkOperations } from './commit-chunk.ts';
import { dryRunOperations } from './dry-runs.ts';
import { erasureOperations } from './erasure.ts';
import { fileOperations } from './file-operations.ts';
import { finalizingOperations } from './finalizing.ts';
import { outboxOperations } from './outbox.ts';
import { rejectionOperations } from './rejections.ts';
import { smallRecordOperations } from './small-records.ts';
import { stockOperations } from './stock.ts';
import { createStockLevels } from './stock-levels.ts';
import { undoOperations } from './undo.ts';

export function storeOperations(db: Database, now: () => number, backfills = BACKFILLS) {
  const levels = createStockLevels(db);
  const changes = changeOperations(db, levels, now);
  return {
    table: {
      ...fileOperations(db, now),
      ...chunkOperations(db, levels, now),
      ...dryRunOperations(db, now),
      ...changes,
      ...undoOperations(db, changes.changeOrders, now),
      ...erasureOperations(db),
      ...rejectionOperations(db),
      ...stockOperations(db, levels, now),
      ...outboxOperations(db),
      ...finalizingOperations(db),
      ...smallRecordOperations(db),
      ...auditOperations(db),
      ...backfillOperations(db, backfills),
    },
    /** After a rollback. */
    forget: () => levels.forget(),
  };
}

export type StoreOperations = ReturnType<typeof storeOperations>['table'];
