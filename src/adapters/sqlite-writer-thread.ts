/** The entry of the thread that writes `oms.db`. */
import { runWriterThread } from './sqlite/writer-thread.ts';
import { createOperations } from './sqlite-operations.ts';

runWriterThread((db) => createOperations(db, Date.now));
