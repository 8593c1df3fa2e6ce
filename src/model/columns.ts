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

/** What a report adds behind the columns of the file it reports on. */
export const REPORT_COLUMNS: readonly string[] = ['_row', '_column', '_code', '_reason', '_file'];
