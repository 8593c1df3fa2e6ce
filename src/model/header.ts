/** The header of a file: which of its columns the columns of an order come from. */
import type { OrderColumn, ReportColumn } from './columns.ts';
import type { Format } from './format.ts';

export interface Header {
  /** The names of all columns as in the file, decoded and trimmed. */
  columns: string[];
  /** Indices of the data columns, those whose name does not start with `_`, in the file's order. */
  dataColumns: number[];
  /** Which value of a row each column of an order is: a cell of the file, or behind them one of those that are made. */
  orderColumns: Record<OrderColumn, number>;
  /** The format that it is read by; null for a standard file. */
  format: Format | null;
  /** The columns of an order whose values are made by the format, not cells as they are. */
  made: readonly OrderColumn[];
  /** The cells that the value of each column comes from: none where it is a constant, or calculated. */
  sources: Record<OrderColumn, readonly number[]>;
  /** Index of `_file`, or -1. */
  fileColumn: number;
  /** Set for our own reports, which have both `_file` and `_row`: the indices of the report columns, -1 for a missing one. */
  report: Record<ReportColumn, number> | null;
}
