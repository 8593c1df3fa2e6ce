/** Dry runs: what a commit would decide now, without its effects, and the record of what was decided. */
import type { ExistingOrder } from '../model/existing-order.ts';
import type { FileRecord } from '../model/file.ts';
import type { Rejection } from '../model/rejection.ts';
import type { OrderBatch } from '../order-batch/order-batch.ts';
import type { ChunkResult, ChunkToCommit } from './chunks.ts';
import type { Claim } from './files.ts';

/** What the file itself would have stored and taken before: it counts as if it were in the store. */
export interface EarlierRows {
  /** The orders with these ids, by id. */
  find(orderIds: readonly string[]): ReadonlyMap<string, ExistingOrder>;
  taken(sku: string, hubId: string): number;
}

export interface Decided {
  /** Orders by index, in any order. */
  accepted: ArrayLike<number> & Iterable<number>;
  /** The others, in any order. */
  rejected: Rejection[];
}

/** A chunk whose rows were decided. */
export interface DecidedChunk extends Omit<ChunkToCommit, 'orders'> {
  /** How many rows were accepted, and how many orders they would be. */
  accepted: number;
  orders: number;
  /** All others, in file order. */
  rejections: Rejection[];
}

export interface DryRuns {
  /**
   * Decides the orders as `chunks.commit` would now, in the same words. MUST write nothing. It may read the orders for a moment after it has
   * failed, so it holds them.
   */
  decide(file: Pick<FileRecord, 'fileId' | 'hubs'>, orders: OrderBatch, earlier: EarlierRows): Promise<Decided>;
  /**
   * Records the rejections, the counters and the checkpoint of a chunk, exactly once; nothing of it is in the sums over files and orders.
   * MUST return the same again when this claim has recorded chunk n before. Throws `claim_lost`, `file_closed`, and `chunk_moved` when
   * another claim has recorded chunk n: what was decided here does not count, and the caller resumes at the new checkpoint.
   */
  record(claim: Claim, chunk: DecidedChunk): Promise<ChunkResult>;
}
