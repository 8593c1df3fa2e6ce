/** What the service's codes mean: statuses, reasons, failures and what to do about them, warnings, refusals. */
import type { FileResponse, StockResultResponse } from '../../http/responses.ts';
import type { FileFailureCode } from '../../model/file-failure.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import type { WarningCode } from '../../model/warnings.ts';
import { formatNumber } from '../components/number.tsx';

export const fileStatus: Record<FileResponse['status'], string> = {
  queued: 'Queued',
  processing: 'Processing',
  waiting: 'Waiting',
  paused: 'Paused',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export const pauseReason: Record<NonNullable<FileResponse['pause']>['code'], string> = {
  requested: 'The import was paused',
  stop_at_invalid: 'Too many rows are invalid',
};

/** An import with rows that are still to be fixed is not done. */
export const toFix = (count: number): string => `${fileStatus.completed}, ${formatNumber(count)} to fix`;

export const undoState: Record<NonNullable<FileResponse['undo']>['state'], string> = {
  running: 'Being undone',
  done: 'Undone',
};

export const nextStep = (duration: string): string => `working on the next step for ${duration}`;

export const waitingFor: Record<NonNullable<FileResponse['waiting_for']>, string> = {
  ims: 'The inventory service does not answer. Nothing is lost and no row is rejected for it: the import continues when it is back.',
  store: 'The database does not answer. Nothing is lost: the import continues when it is back.',
  objects: 'The file storage does not answer. Nothing is lost: the import continues when it is back.',
  queue: 'The job queue does not answer. Nothing is lost: the import continues when it is back.',
};

/** A state of the workflow in words: `on_hold` is On hold. */
export function orderStatus(status: string): string {
  const words = status.replaceAll('_', ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const reason: Record<ReasonCode, string> = {
  missing_value: 'A value is missing',
  invalid_id: 'The id cannot be part of an address',
  invalid_email: 'Invalid e-mail address',
  invalid_quantity: 'Invalid quantity',
  invalid_price: 'Invalid price',
  invalid_total: 'Invalid total',
  total_mismatch: 'The total is not quantity × price',
  invalid_date: 'Invalid date',
  value_too_long: 'A value is too long',
  control_character: 'A value has an invisible control character',
  invalid_utf8: 'Unreadable characters',
  malformed_quote: 'Misplaced quote',
  column_count: 'Too many or too few cells',
  not_an_order: 'A header or totals line, not an order',
  unknown_sku: 'Unknown SKU',
  unknown_hub: 'Unknown hub',
  forbidden_hub: 'A hub that the sender may not use',
  duplicate_order: 'The order is already stored',
  order_conflict: 'Another order has this id',
  out_of_stock: 'Not enough stock',
  order_incomplete: 'Another row of the order is wrong',
  too_many_items: 'Too many rows for one order',
};

export const failure: Record<FileFailureCode, string> = {
  empty_file: 'The file has no rows',
  missing_column: 'A column is missing',
  duplicate_column: 'A column appears twice',
  too_many_columns: 'The file has too many columns',
  unsupported_encoding: 'Unsupported encoding',
  record_too_large: 'A row is too large',
  unclosed_quote: 'A quote is never closed',
  not_csv: 'The file is not a CSV',
  corrupt_gzip: 'The gzip file is damaged',
  corrupt_workbook: 'The workbook is damaged',
  unknown_sheet: 'There is no such sheet',
  too_large: 'The file is too large',
  too_many_invalid: 'Too many rows were rejected',
  object_changed: 'The stored file was changed',
  duplicate_file: 'Another file with the same content is imported',
  cancelled: 'The import was cancelled',
  internal: 'Internal error',
};

/** What people can do when a whole file fails. */
export const failureFix: Record<FileFailureCode, string> = {
  empty_file: 'Check that the export has rows, and upload it again.',
  missing_column:
    'Add the column to the header (the first row), or rename the column you have, and upload the file again.',
  duplicate_column: 'Keep the column only once in the header, and upload the file again.',
  too_many_columns: 'Remove the columns you do not need, and upload the file again.',
  unsupported_encoding: 'Save the file as UTF-8, and upload it again.',
  record_too_large: 'Look near this row for a quote that is never closed, and upload the file again.',
  unclosed_quote: 'Look near this row for a quote without its partner. Write a quote inside quotes twice ("").',
  not_csv: 'In the spreadsheet choose “Save as”, “Excel workbook (.xlsx)” or “CSV (UTF-8)”, and upload that file.',
  corrupt_gzip: 'Compress the file again, or upload it without compression.',
  corrupt_workbook: 'Open it in the spreadsheet, save it again as .xlsx or as CSV, and upload that.',
  unknown_sheet: 'Upload the file again with the name of one of its sheets, or without one for the first.',
  too_large: 'Split the file into smaller ones, each with the header row, and upload those.',
  too_many_invalid:
    'Look at the reasons: most rows have the same problem. Fix it where the file is made, and upload it again.',
  object_changed: 'Upload the file again, and do not change stored files.',
  duplicate_file: 'Nothing to do: the other import has these rows.',
  cancelled: 'Retry resumes where it stopped.',
  internal: 'Retry. If it fails again, see the log of the service.',
};

export const warning: Record<WarningCode, string> = {
  shortened_number: 'An order id or SKU looks like a number shortened by a spreadsheet, such as 4.00638E+12.',
  ambiguous_date: 'A date could have the day or the month first: write year-month-day.',
  all_prices_zero: 'All prices are 0.',
  wrongly_decoded_text: 'Text looks garbled, such as “Ã©” for “é”: save the file as UTF-8 and upload it again.',
};

export const stockRefusal: Record<Extract<StockResultResponse, { status: 'refused' }>['code'], string> = {
  below_zero: 'Stock cannot go below zero',
  too_much: 'Over the maximum stock',
  unknown_stock: 'No stock of this SKU at this hub: set it first',
};
