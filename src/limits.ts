/**
 * Every bound of the system in one place, unit last, each with its reason (INV-6: nothing grows without a limit).
 * Bounds that a user may set are in `config.ts`.
 */
const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  // Reading a file.
  /** Bytes looked at to decide encoding and delimiter: enough to see past a long ASCII beginning. */
  detectBytes: 1 * MiB,
  /** One CSV record, and so the reader's buffer. A real order is under 2 KiB; a quote that never closes stops here. */
  maxRecordBytes: 1 * MiB,
  /** Columns of a header: orders have 11; a spreadsheet with every column used is a mistake. */
  maxColumns: 256,
  /** A chunk is one transaction: large enough to share its fsync among many rows, small enough to commit in some 50 ms. */
  maxChunkRows: 5_000,
  maxChunkBytes: 4 * MiB,
  /** A gzip file that grows more than this is a bomb; looked at after `gzipRatioFromBytes`. CSV seldom passes 50. */
  maxGzipRatio: 250,
  gzipRatioFromBytes: 64 * MiB,
} as const;
