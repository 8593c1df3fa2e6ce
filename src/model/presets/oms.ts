/** What the service writes itself: a list of orders as CSV, a row for each item, with further columns that are not read. */
import { ORDER_COLUMNS, type OrderColumn } from '../columns.ts';
import { formatSchema, type Source } from '../format.ts';

export const OMS = formatSchema.parse({
  name: 'oms',
  columns: Object.fromEntries(ORDER_COLUMNS.map((column): [OrderColumn, Source] => [column, { from: column }])),
  lines: 'adjacent',
  escaped: true,
});
