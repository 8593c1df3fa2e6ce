/** What the service's codes mean: statuses, reasons, failures and what to do about them, warnings, refusals. */
import type { FileResponse, StockResultResponse } from '../../http/responses.ts';
import type { FileFailureCode } from '../../model/file-failure.ts';
import type { OrderStatus } from '../../model/order.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import type { WarningCode } from '../../model/warnings.ts';
import { formatNumber } from '../components/number.tsx';

export const fileStatus: Record<FileResponse['status'], string> = {
  queued: 'Queued',
  processing: 'In work',
  waiting: 'Waiting',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/** An import that has ended with rows that are still to be corrected is not done. */
export const toFix = (count: number): string => `${fileStatus.completed}, ${formatNumber(count)} to fix`;

export const waitingFor: Record<NonNullable<FileResponse['waiting_for']>, string> = {
  ims: 'The inventory service does not answer. Nothing is lost, no row is blamed: the import goes on by itself when it is back.',
  store: 'The database does not answer. Nothing is lost: the import goes on by itself when it is back.',
  objects: 'The storage of the files does not answer. Nothing is lost: the import goes on by itself when it is back.',
  queue: 'The job queue does not answer. Nothing is lost: the import goes on by itself when it is back.',
};

export const orderStatus: Record<OrderStatus, string> = { on_hold: 'On hold' };

export const reason: Record<ReasonCode, string> = {
  missing_value: 'A value is missing',
  invalid_email: 'Not an e-mail address',
  invalid_quantity: 'Not a quantity',
  invalid_price: 'Not a price',
  invalid_total: 'Not a total',
  total_mismatch: 'The total is not quantity × price',
  invalid_date: 'Not a date',
  value_too_long: 'A value is too long',
  control_character: 'A value has a character that is not seen',
  invalid_utf8: 'Bytes that are no text',
  malformed_quote: 'A quote is not closed well',
  column_count: 'Too many or too few cells',
  not_an_order: 'A header or a line of totals, not an order',
  unknown_sku: 'The inventory service does not know the SKU',
  unknown_hub: 'The inventory service does not know the hub',
  duplicate_order: 'The order is stored already',
  order_conflict: 'Another order has this id',
  out_of_stock: 'Not enough stock',
};

export const failure: Record<FileFailureCode, string> = {
  empty_file: 'The file has no rows',
  missing_column: 'A column is missing',
  duplicate_column: 'A column is there twice',
  too_many_columns: 'The file has too many columns',
  unsupported_encoding: 'The encoding is not known',
  record_too_large: 'One record is too large',
  unclosed_quote: 'A quote is never closed',
  not_csv: 'The file is no CSV',
  corrupt_gzip: 'The gzip file is damaged',
  too_large: 'The file is too large',
  too_many_invalid: 'Too many rows were rejected',
  object_changed: 'The stored file was changed',
  duplicate_file: 'The same bytes are imported by another file',
  cancelled: 'The import was cancelled',
  internal: 'The service failed',
};

/** What people can do when a whole file fails. */
export const cure: Record<FileFailureCode, string> = {
  empty_file: 'Check that the export had rows, and upload it again.',
  missing_column:
    'Add the column to the header, which is the first row, or rename the one that is meant, and upload the file again.',
  duplicate_column: 'Leave the column in the header once, and upload the file again.',
  too_many_columns: 'Remove the columns that are not needed, and upload the file again.',
  unsupported_encoding: 'Save the file as UTF-8, and upload it again.',
  record_too_large: 'Look near this row for a quote that is never closed, and upload the file again.',
  unclosed_quote: 'Look near this row for a quote without its partner; a quote inside quotes is written twice ("").',
  not_csv: 'In the spreadsheet choose “Save as CSV (UTF-8)”, and upload that file.',
  corrupt_gzip: 'Compress the file again, or upload it without compression.',
  too_large: 'Split the file into several, each with the header, and upload those.',
  too_many_invalid:
    'Look at the reasons: most rows are wrong in the same way. Correct the file where it comes from, and upload it again.',
  object_changed: 'Upload the file again, and leave the stored one as it is.',
  duplicate_file: 'Nothing has to be done: the other import has these rows.',
  cancelled: 'Retry goes on where it stopped.',
  internal: 'Retry it. When it fails again, the log of the service tells more.',
};

export const warning: Record<WarningCode, string> = {
  shortened_number: 'An order id or SKU looks like a number that a spreadsheet has shortened, such as 4.00638E+12.',
  ambiguous_date: 'A date could have the day or the month first: write year-month-day.',
  all_prices_zero: 'All prices are 0.',
  wrongly_decoded_text: 'A text looks wrongly decoded, such as “Ã©” for “é”: upload the file with its own encoding.',
};

export const stockRefusal: Record<Extract<StockResultResponse, { status: 'refused' }>['code'], string> = {
  below_zero: 'This would be below zero',
  too_much: 'This is more than can be kept',
  unknown_stock: 'There is no stock row for this SKU and hub: set it first',
};
