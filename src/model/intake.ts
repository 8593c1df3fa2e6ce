/** How a file of orders is to be read: what was decided about its bytes and its header once, and kept with the file. */
import type { OrderColumn, ReportColumn } from './columns.ts';

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** In the order of preference when a header fits several. */
export const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

export interface Intake {
  encoding: Encoding;
  delimiter: Delimiter;
  gzip: boolean;
  bom: boolean;
}

export interface Header {
  /** Names as the file has them, decoded and trimmed, all columns. */
  columns: string[];
  /** Indices of the data columns, those whose name does not start with `_`, in the file's order. */
  dataColumns: number[];
  orderColumns: Record<OrderColumn, number>;
  /** Index of `_file`, or -1. */
  fileColumn: number;
  /** The file is one of our reports, as it has both `_file` and `_row`: where its columns are, -1 for one that is not there. */
  report: Record<ReportColumn, number> | null;
}

export interface Position {
  /** Bytes after gunzip and before decoding. */
  offset: number;
  /** Spreadsheet row of the last record before the offset: the first record is row 1, blank records count. */
  row: number;
}
