/**
 * Why a row did not become an order. A rejection holds all reasons of its row, in column order, and the row's original
 * values, from which the report is written.
 */
export const REASON_CODES = [
  'missing_value',
  'invalid_id',
  'invalid_email',
  'invalid_quantity',
  'invalid_price',
  'invalid_total',
  'total_mismatch',
  'invalid_date',
  'value_too_long',
  'control_character',
  'invalid_utf8',
  'malformed_quote',
  'column_count',
  'not_an_order',
  'unknown_sku',
  'unknown_hub',
  'forbidden_hub',
  'duplicate_order',
  'order_conflict',
  'out_of_stock',
  'order_incomplete',
  'too_many_items',
] as const;

export type ReasonCode = (typeof REASON_CODES)[number];

export interface Reason {
  /** The column's name; empty when the reason is about the whole row. */
  column: string;
  code: ReasonCode;
  /** A text that names the value and what is expected. */
  reason: string;
}

/** With one of these, the cells of the row could not be separated, or are not an order. Such a row has no other reason. */
export const WHOLE_ROW_CODES: readonly ReasonCode[] = ['malformed_quote', 'column_count', 'not_an_order'];

export interface Rejection {
  /** As a spreadsheet counts: the header is row 1, blank records count. */
  row: number;
  reasons: Reason[];
  /** Original values, in the order of the file's data columns. */
  values: string[];
  /** The whole record as a line of CSV, when the reason is about the whole row: then the values are a guess. */
  record?: string;
}
