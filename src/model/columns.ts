/** The columns of an order file. A header names each once, in any order; case and surrounding spaces do not matter. */
export const ORDER_COLUMNS = [
  'order_id',
  'customer_name',
  'customer_email',
  'product_name',
  'sku',
  'hub_id',
  'quantity',
  'unit_price',
  'total_amount',
  'order_date',
  'shipping_address',
] as const;

export type OrderColumn = (typeof ORDER_COLUMNS)[number];

/** Columns whose values are texts, not numbers or dates. */
export const TEXT_COLUMNS = [
  'order_id',
  'customer_name',
  'customer_email',
  'product_name',
  'sku',
  'hub_id',
  'shipping_address',
] as const satisfies OrderColumn[];
export type TextColumn = (typeof TEXT_COLUMNS)[number];

/** Columns that people read and that are never compared: they may have line breaks and tabs. */
export const FREE_TEXT_COLUMNS: readonly OrderColumn[] = ['customer_name', 'product_name', 'shipping_address'];

/** The columns that a report adds after those of its file. */
export const REPORT_COLUMNS = ['_row', '_column', '_code', '_reason', '_file'] as const;

/**
 * The columns that it adds after those when cells of a row could not be separated or decoded: the whole record, and a checksum by which
 * the unchanged row is recognised.
 */
export const RECORD_COLUMNS = ['_record', '_check'] as const;

export type ReportColumn = (typeof REPORT_COLUMNS)[number] | (typeof RECORD_COLUMNS)[number];
export const ALL_REPORT_COLUMNS: readonly ReportColumn[] = [...REPORT_COLUMNS, ...RECORD_COLUMNS];
