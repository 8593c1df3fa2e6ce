/** The commit of a chunk: the one call that writes orders. */
import type { Rejection } from '../model/rejection.ts';
import type { Warning } from '../model/warnings.ts';
import type { OrderBatch } from '../order-batch/order-batch.ts';
import type { Asked, Claim } from './files.ts';

export interface ChunkToCommit {
  n: number;
  /** Where the next chunk begins. */
  end: { offset: number; row: number };
  /** Of the rows behind it: see `FileRecord`. None when absent. */
  openOrder?: string | null;
  bytesRead: number;
  /** Valid rows in file order, those of an order together. The caller owns them, and may release them as soon as the commit has ended. */
  orders: OrderBatch;
  rejections: Rejection[];
  /** Rows that the format of the file leaves out; none when absent. */
  skipped?: number;
  /** The warnings of the chunk's rows, recorded with it; none when absent. */
  warnings?: Warning[];
}

export interface ChunkResult extends Asked {
  accepted: number;
  invalid: number;
  /** Totals of the file so far. */
  rows: number;
  rejected: { rows: number; bytes: number };
}

export interface Chunks {
  /**
   * Decides every order and records the chunk, exactly once (INV-1 to INV-4). The rows of one that exists are `duplicate_order` or
   * `order_conflict`, also when an earlier release stored another form of the id (`formsOfId`). The others are decided in file order:
   * accepted when the stock that is left covers all of their rows; else those that it does not cover are `out_of_stock`, and the others
   * `order_incomplete`. What an order that is not accepted needed is left for those after it; a store MAY refuse one that needs more than
   * that order and those before it, though there is as much.
   *
   * MUST return the same again when this claim has committed chunk n before. Throws `claim_lost` when the claim is not the newest: then
   * the chunk is unchanged, or as the newest claim would commit it. Throws `file_closed`, and `chunk_moved` when the file was cut
   * differently for the committed chunk n: the caller resumes at the new checkpoint. After it has ended, also with an error, it MUST NOT
   * start any write; to read the orders longer it MUST hold them.
   */
  commit(claim: Claim, chunk: ChunkToCommit): Promise<ChunkResult>;
}
