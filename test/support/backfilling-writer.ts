/** The thread that writes `oms.db` in `backfilling.ts`. */
import { runWriterThread } from '../../src/adapters/sqlite/writer-thread.ts';
import { createOperations } from '../../src/adapters/sqlite-operations.ts';
import { SQLITE_UPGRADE } from './backfills.ts';

runWriterThread((db) => createOperations(db, Date.now, SQLITE_UPGRADE.backfills), SQLITE_UPGRADE.migrations);
