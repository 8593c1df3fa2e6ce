/**
 * The checks of `oms verify` on MongoDB. There is no snapshot of the whole store, so each check relies only on what holds at every moment:
 * a chunk below the checkpoint never changes, its orders were inserted before it was committed, and no order is ever removed; what is in
 * work does not stay as it is.
 */
import type { Workflow } from '../../model/workflow.ts';
import type { Verification, Violation } from '../../ports/verification.ts';
import type { Database } from './database.ts';
import { toOmsError } from './errors.ts';
import { toOrder } from './order-document.ts';
import { committedChunks, contentOf } from './verify/chunks.ts';
import { checkFile } from './verify/file.ts';
import { checkRest } from './verify/rest.ts';
import { checkStock } from './verify/stock.ts';

export function createVerification(database: Database, workflow: Workflow): Verification {
  return {
    async *chunks({ fileId, nextChunk }) {
      for await (const chunk of committedChunks(database, fileId, nextChunk))
        yield { rows: chunk.rows, orders: (await contentOf(chunk)).accepted.map(toOrder) };
    },
    file: (fileId) => mapErrors(checkFile(database, fileId)),
    stock: () => mapErrors(checkStock(database)),
    rest: () => mapErrors(checkRest(database, workflow)),
  };
}

async function* mapErrors<Return>(checks: AsyncGenerator<Violation, Return>): AsyncGenerator<Violation, Return> {
  try {
    return yield* checks;
  } catch (error) {
    throw toOmsError(error);
  }
}
