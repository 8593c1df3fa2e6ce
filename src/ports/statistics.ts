/** Sums over all files, and their history. */
import type { FileStatus } from '../model/file.ts';

export interface Totals {
  files: Record<FileStatus, number>;
  rows: { total: number; accepted: number; invalid: number };
  orders: { total: number; byStatus: Record<string, number>; byHub: Record<string, number>; amountMinor: bigint };
  invalidByCode: Record<string, number>;
  events: { published: number; pending: number };
}

export interface Statistics {
  /** MUST NOT scan orders. */
  totals(): Promise<Totals>;
  history(
    bucketMs: number,
    fromMs: number,
    toMs: number,
  ): Promise<{ atMs: number; rows: number; accepted: number; invalid: number }[]>;
}
