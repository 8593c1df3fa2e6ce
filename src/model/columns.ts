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

/** Those that are read by people and never compared: they may have line breaks and tabs. */
export const FREE_TEXT_COLUMNS: readonly OrderColumn[] = ['customer_name', 'product_name', 'shipping_address'];

/** What a report adds behind the columns of the file it reports on. */
export const REPORT_COLUMNS = ['_row', '_column', '_code', '_reason', '_file'] as const;

/**
 * What it adds behind those when cells of a row could not be separated or read: all that the row had, and a mark by which the row is
 * known until its cells are changed.
 */
export const RECORD_COLUMNS = ['_record', '_check'] as const;

export type ReportColumn = (typeof REPORT_COLUMNS)[number] | (typeof RECORD_COLUMNS)[number];
export const ALL_REPORT_COLUMNS: readonly ReportColumn[] = [...REPORT_COLUMNS, ...RECORD_COLUMNS];
