/** Every word that the page says, so that they are read, mended and kept alike in one place. */
import type { FileAnswer, StockResultAnswer } from '../http/answers.ts';
import type { FileFailureCode } from '../model/file-failure.ts';
import type { OrderStatus } from '../model/order.ts';
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

export const orderStatus: Record<OrderStatus, string> = { on_hold: 'On hold' };

export const list = {
  clear: 'Clear all',
  pages: 'Pages',
};

const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many);

export const orders = {
  filters: 'Filter orders',
  q: 'Starts with',
  qHint: 'Order id, name or e-mail',
  status: 'Status',
  anyStatus: 'Any',
  hub: 'Hub',
  sku: 'SKU',
  file: 'File',
  from: 'Ordered from',
  to: 'Up to and including',
  days: 'Order dates, and the days of these filters, are in UTC. Both days count: a day is from 0:00 to 24:00.',
  moment: (side: 'from' | 'to', value: string) =>
    side === 'from' ? `Only orders dated ${value} or later.` : `Only orders dated before ${value}.`,
  ofFile: 'Only orders of the file',
  total: (count: number, shown: string) => `${shown} ${plural(count, 'order', 'orders')}, newest first`,
  onPage: (count: number, shown: string) => `${shown} ${plural(count, 'order', 'orders')} on this page, newest first`,
  matching: (count: number, shown: string) => `${shown} ${plural(count, 'order matches', 'orders match')}`,
  noMatch: 'No order matches all of these filters. Text is compared from its start, SKU, hub and file as a whole.',
  noneOlder: 'There are no older orders.',
  shortTitle: (count: number) => (count === 0 ? 'Nothing found so far' : 'There may be more'),
  short:
    'The service looks through a bounded number of orders at a time, and has not come to the end of them. It goes on where it stopped.',
  searchOn: 'Search on',
  newest: 'Newest',
  newer: 'Newer',
  older: 'Older',
  order: 'Order',
  customer: 'Customer',
  item: 'Item',
  quantity: 'Quantity',
  amount: 'Amount',
  date: 'Order date (UTC)',
  more: (count: number) => `and ${count} more`,
  emptyTitle: 'No orders yet',
  empty: 'Orders come from files: upload one, and each of its valid rows is an order here a moment later.',
  toUpload: 'Upload a file of orders',
};

export const order = {
  back: 'Orders',
  unknown: (id: string) => `There is no order “${id}”`,
  unknownHelp:
    'An order is here once its row is stored. Ids are compared as they are, with upper and lower case. The row may have been rejected: the page of its file says why.',
  search: 'Look for orders that start so',
  items: 'Items',
  product: 'Product',
  unitPrice: 'Unit price',
  lineTotal: 'Line total',
  total: 'Total',
  customer: 'Customer',
  email: 'E-mail',
  address: 'Shipping address',
  origin: 'Where it comes from',
  file: 'File',
  row: 'Row',
  dates: 'Dates',
  ordered: 'Ordered (UTC)',
  stored: 'Stored',
  updated: 'Changed',
  eventsHelp: 'As subscribers get it.',
  noEvents: 'This order has no events.',
  event: (type: string) => `Event ${type}`,
};

export const inventory = {
  filters: 'Filter stock',
  sku: 'SKU',
  hub: 'Hub',
  sort: 'Sort',
  byKey: 'By SKU and hub',
  byAvailable: 'Low and empty first',
  available: 'Available',
  actions: 'Change',
  empty: 'Empty',
  low: 'Low',
  lowHelp: (below: number) => `Empty is 0, low is fewer than ${below}.`,
  first: 'First page',
  previous: 'Previous',
  next: 'Next',
  onPage: (count: number, shown: string) => `${shown} ${plural(count, 'row', 'rows')} on this page`,
  all: (count: number, shown: string) => `${shown} ${plural(count, 'row', 'rows')}`,
  noMatch: 'No stock has this SKU and hub. Both are compared as a whole.',
  noneFurther: 'There are no further rows.',
  caption: 'Stock by SKU and hub',
  set: 'Set',
  adjust: 'Adjust',
  add: 'Add a row',
  setTitle: (sku: string, hub: string) => `Set ${sku} at ${hub}`,
  adjustTitle: (sku: string, hub: string) => `Adjust ${sku} at ${hub}`,
  addTitle: 'Add stock of a SKU at a hub',
  addHelp: 'If there is such a row already, it is set to this number.',
  now: (shown: string) => `Available now: ${shown}`,
  newNumber: 'Available from now on',
  direction: 'Direction',
  increase: 'Add',
  decrease: 'Take away',
  by: 'How many',
  preview: (from: string, to: string) => `${from} becomes ${to}`,
  previewBelow: 'This would be below zero. The service refuses that.',
  save: 'Save',
  saving: 'Saving…',
  setTo: (shown: string) => `Set to ${shown}`,
  adjustedTo: (delta: string, shown: string) => `${delta}, now ${shown}`,
  refused: (why: string, shown: string) => `Refused: ${why}. Available: ${shown}`,
  unsure: 'No answer came. To try again is safe: the change counts once.',
  at: (sku: string, hub: string) => `${sku} at ${hub}`,
  show: 'Show the row',
  dismiss: 'Dismiss',
  emptyTitle: 'No stock yet',
  emptyHelp:
    'Orders take stock of their SKU at their hub, and are rejected where there is not enough. Set it with a CSV such as this one, or row by row.',
  example: 'Example of a stock CSV',
  curl: 'Command that uploads a stock CSV',
  orByCommand: 'Or from a terminal:',
};

export const stockCsv = {
  choose: 'Upload a stock CSV',
  help: 'With the header sku,hub_id,available each row is set; with sku,hub_id,delta each row is adjusted.',
  sending: (name: string) => `${name} is being uploaded…`,
  noKind: 'The header must name sku, hub_id and one of available (to set) or delta (to adjust).',
  unreadable: 'The file cannot be read. Choose it again.',
  nothingChanged: 'Nothing was changed. Mend the file and upload it again.',
  unsure: 'No answer came. To try again is safe: the file counts once.',
  done: (kind: 'available' | 'delta', count: number, shown: string) =>
    `${shown} ${plural(count, 'row', 'rows')} ${kind === 'available' ? 'set' : 'adjusted'}`,
  refused: (shown: string) => `${shown} refused`,
  noRows: 'the file has no rows',
  refusedCaption: 'Rows that were refused',
  reason: 'Reason',
  notShown: (shown: string) => `… and ${shown} more, not listed here.`,
};
