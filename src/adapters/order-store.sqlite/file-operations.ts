/** The operations on file records, which run in the writer thread. */
import type { Database } from '../sqlite/database.ts';
import { claimOperations, noteOperations } from './claim-operations.ts';
import { creationOperations } from './create-file.ts';
import { endOperations } from './end-operations.ts';
import { requestOperations } from './request-operations.ts';

export const fileOperations = (db: Database, now: () => number) => ({
  ...creationOperations(db, now),
  ...claimOperations(db, now),
  ...noteOperations(db, now),
  ...endOperations(db, now),
  ...requestOperations(db, now),
});
