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

export const dashboard = {
  figures: 'Totals',
  rows: 'Rows read',
  accepted: 'Accepted',
  invalid: 'Invalid',
  amount: 'Value of orders',
  speed: 'Rows per second',
  speedNow: 'over the last seconds',
  events: 'Events published',
  pending: (count: string) => `${count} still to publish`,
  share: (percent: string) => `${percent} of the rows`,
  orders: (count: string) => `of ${count} orders`,
  files: (count: string) => `from ${count} files`,
  history: 'Orders over time',
  bucket: 'One bar is',
  buckets: { minute: 'a minute', hour: 'an hour', day: 'a day (UTC)' },
  range: 'The last',
  ranges: {
    '1h': 'hour',
    '6h': '6 hours',
    '24h': '24 hours',
    '7d': '7 days',
    '30d': '30 days',
    '90d': '90 days',
    '365d': '365 days',
  },
  wholeRange: 'All of it',
  quietRange: 'No rows were read in this time.',
  chart: (rows: string, accepted: string, invalid: string) =>
    `Bar chart: ${rows} rows, ${accepted} accepted, ${invalid} invalid. The table below has the same figures.`,
  table: 'The figures as a table',
  at: 'Beginning',
  newest: (count: string) => `The newest ${count} are shown: choose larger bars to see all.`,
  byHub: 'Orders by hub',
  byOrderStatus: 'Orders by status',
  byReason: 'Invalid rows by reason',
  byFileStatus: 'Files by status',
  others: (count: string) => `${count} others`,
  noOrders: 'No orders yet.',
  noInvalid: 'No row was refused.',
  reasonsNote: 'A row that fails for several reasons counts for each.',
  health: 'Health',
  ready: 'All that the service needs answers.',
  notReady: 'Something that the service needs does not answer.',
  up: 'Answers',
  incomplete: 'Answers, but lacks something',
  down: 'Does not answer',
  emptyTitle: 'Nothing has been imported yet',
  empty: 'Upload an order file, and this view counts its rows, orders and events while it is read.',
  emptyLink: 'Upload a file',
  emptyCurl: 'From a terminal, with the sample file:',
  curl: 'the commands',
};

/** What each thing that the service needs is, and what it means that it is down. */
export const dependency: Record<string, { name: string; down: string }> = {
  objects: { name: 'Storage of files', down: 'Files cannot be uploaded or read until it is back. Nothing is lost.' },
  queue: { name: 'Job queue', down: 'New imports begin when it is back. Nothing is lost.' },
  store: { name: 'Database', down: 'Imports go on by themselves when it is back. Nothing is lost.' },
  ims: {
    name: 'Inventory service',
    down: 'Imports wait, and go on by themselves when it is back. No row is blamed.',
  },
  events: { name: 'Event stream', down: 'Events are kept, and published when it is back.' },
};

export const orderStatus: Record<string, string> = { on_hold: 'On hold' };

export const liveEvents = {
  filter: 'Filter',
  filterHint: 'Order id, SKU, hub or customer',
  begin: 'Show events',
  fromNow: 'from now on',
  fromBeginning: 'from the beginning',
  pause: 'Pause',
  goOn: 'Go on',
  states: {
    connecting: 'Connecting',
    live: 'Live',
    lost: 'Reconnecting',
    refused: 'Stopped',
  },
  paused: 'Paused',
  lost: 'The stream broke off. It goes on by itself behind the last event seen.',
  perSecond: (rate: string) => `${rate} per second`,
  received: (count: string) => `${count} came`,
  shown: (shown: string) => `the newest ${shown} are shown`,
  matching: (shown: string) => `${shown} match`,
  waiting: (count: string) => `${count} wait to be shown`,
  missed: (count: string) => `${count} older ones will not be shown, as no more are kept while paused`,
  caption: 'Events of orders, newest on top',
  time: 'Created',
  order: 'Order',
  customer: 'Customer',
  items: 'Items',
  total: 'Total',
  event: 'Event',
  raw: 'JSON',
  rawOf: (orderId: string) => `JSON of the event of order ${orderId}`,
  moreItems: (count: string) => `and ${count} more`,
  emptyTitle: 'Waiting for orders',
  empty: 'Each order that is accepted appears here the moment its event is published.',
  emptyBeginning: 'Show those from the beginning',
  emptyUpload: 'Upload a file',
  emptyCurl: 'The same stream in a terminal:',
  curl: 'the command',
  noMatch: 'None of the events that came match the filter. Those still to come are looked at, too.',
};
