/** Every word that the page says, so that they are read, mended and kept alike in one place. */
import type { FileAnswer, StockResultAnswer } from '../http/answers.ts';
import type { FileFailureCode } from '../model/file-failure.ts';
import type { ReasonCode } from '../model/rejection.ts';

export const product = 'OMS';

export const frame = {
  skip: 'Skip to the content',
  navigation: 'Main',
  files: 'Files',
  orders: 'Orders',
  inventory: 'Inventory',
  dashboard: 'Dashboard',
  live: 'Live events',
  toDark: 'Use the dark theme',
  toLight: 'Use the light theme',
  nothingHereTitle: 'Nothing here',
  nothingHere: 'This address has no view. It may be mistyped, or come from an older link.',
  toFiles: 'Go to the files',
  problemTitle: 'This view could not be shown',
  tryAgain: 'Try again',
  loading: 'Loading…',
  more: 'Show more',
};

export const connection = {
  lost: 'The service cannot be reached since',
  goesOn: 'Nothing is lost: this page goes on by itself when the service is back.',
  unreachable: 'The service cannot be reached. This view goes on by itself when it is back.',
};

export const copy = { copy: 'Copy', copied: 'Copied', failed: 'Copying failed' };

export const dialog = { close: 'Close' };

export const fileStatus: Record<FileAnswer['status'], string> = {
  queued: 'Queued',
  processing: 'In work',
  waiting: 'Waiting',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export const waitingFor: Record<NonNullable<FileAnswer['waiting_for']>, string> = {
  ims: 'The inventory service does not answer. Nothing is lost, no row is blamed: the import goes on by itself when it is back.',
  store: 'The database does not answer. Nothing is lost: the import goes on by itself when it is back.',
  objects: 'The storage of the files does not answer. Nothing is lost: the import goes on by itself when it is back.',
  queue: 'The job queue does not answer. Nothing is lost: the import goes on by itself when it is back.',
};

export const reason: Record<ReasonCode, string> = {
  missing_value: 'A value is missing',
  invalid_email: 'Not an e-mail address',
  invalid_quantity: 'Not a quantity',
  invalid_price: 'Not a price',
  invalid_total: 'Not a total',
  total_mismatch: 'The total is not quantity × price',
  invalid_date: 'Not a date',
  value_too_long: 'A value is too long',
  control_character: 'A value has a control character',
  invalid_utf8: 'Bytes that are no text',
  malformed_quote: 'A quote is not closed well',
  column_count: 'Too many or too few cells',
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
  object_changed: 'The stored file was changed',
  duplicate_file: 'The same bytes are imported by another file',
  cancelled: 'The import was cancelled',
  internal: 'The service failed',
};

export const stockRefusal: Record<Extract<StockResultAnswer, { status: 'refused' }>['code'], string> = {
  below_zero: 'This would be below zero',
  too_much: 'This is more than can be kept',
  unknown_stock: 'There is no stock row for this SKU and hub: set it first',
};

export const upload = {
  unreachable: 'The connection broke. The upload is tried again by itself.',
  busy: 'The service is busy. The upload goes on by itself.',
  leaving: 'An upload is under way.',
};
