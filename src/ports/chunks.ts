/** The commit of a chunk: the one call that writes orders. */
import type { Rejection } from '../model/rejection.ts';
import type { Warning } from '../model/warnings.ts';
import type { OrderBatch } from '../order-batch/order-batch.ts';
import type { Claim } from './files.ts';

export interface ChunkToCommit {
  n: number;
  /** Where the next chunk begins. */
  end: { offset: number; row: number };
  bytesRead: number;
  /** Valid rows in file order. The caller owns them, and may release them as soon as the commit has ended. */
  orders: OrderBatch;
  rejections: Rejection[];
  /** Of the rows of the chunk, recorded with it; none when left out. */
  warnings?: Warning[];
}

export interface ChunkResult {
  accepted: number;
  invalid: number;
  /** Of the whole file so far. */
  rejected: { rows: number; bytes: number };
  cancelRequested: boolean;
}

export interface Chunks {
  /**
   * Decides every row and records the chunk, exactly once (INV-1 to INV-4): an order that exists is `duplicate_order` or
   * `order_conflict`, also one of before that has another form of the id (`formsOfId`); each row, in file order, that what is left of its stock covers is accepted, the others are
   * `out_of_stock`. Throws `claim_lost` when the claim is not the newest: then the chunk is as it was, or as the newest claim
   * would have committed it. MUST answer the same again when chunk n was committed already by this claim. Throws `file_closed`,
   * and `chunk_moved` when another cut of the file was committed as chunk n: the caller goes on from the new checkpoint.
   * Once it has ended, also by an error, it MUST NOT begin to write anything; to read the orders longer it MUST hold them.
   */
  commit(claim: Claim, chunk: ChunkToCommit): Promise<ChunkResult>;
}
