/** Every word that the page says, so that they are read, mended and kept alike in one place. */
import type { FileAnswer, StockResultAnswer } from '../http/answers.ts';
import type { OrderColumn } from '../model/columns.ts';
import type { FileFailureCode } from '../model/file-failure.ts';
import type { OrderStatus } from '../model/order.ts';
import type { ReasonCode } from '../model/rejection.ts';
import type { WarningCode } from '../model/warnings.ts';
import { formatNumber } from './components/number.tsx';

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
  toSystem: 'Use the theme of the system',
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
  notLoaded: 'The service was updated, or its answer was lost on the way.',
  reload: 'Load the page again',
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

/** An import that has ended with rows that are still to be corrected is not done. */
export const toFix = (count: number): string => `${fileStatus.completed}, ${formatNumber(count)} to fix`;

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

export const stockRefusal: Record<Extract<StockResultAnswer, { status: 'refused' }>['code'], string> = {
  below_zero: 'This would be below zero',
  too_much: 'This is more than can be kept',
  unknown_stock: 'There is no stock row for this SKU and hub: set it first',
};

export const upload = {
  unreachable: 'The connection broke. The upload is tried again by itself.',
  busy: 'The service is busy. The upload goes on by itself.',
};

export const columnMeaning: Record<OrderColumn, string> = {
  order_id: 'Your id of the order, once per order',
  customer_name: 'Who ordered',
  customer_email: 'anna@example.com',
  product_name: 'What was ordered',
  sku: 'A SKU that the inventory service knows',
  hub_id: 'The hub that ships it',
  quantity: 'A whole number from 1',
  unit_price: '24.90, with a point',
  total_amount: 'quantity × unit_price',
  order_date: '2026-11-16, or with a time',
  shipping_address: 'One cell, in quotes if it has commas',
};

/** What to do about an upload that the service refused, beside its own words. Those not named here may do well when tried again. */
const uploadCure: Record<string, string> = {
  not_csv: 'In a spreadsheet, save it as CSV (in Excel: Save as, CSV UTF-8) and upload that file.',
  empty_upload: 'Check that it was saved, and choose it again.',
  too_large: 'Split it into smaller files, each with the header line.',
  disk_full: 'Make room on the disk of the service, then try again.',
  key_reused: 'The file was changed while it was uploaded. Choose it again.',
  not_found: 'The file that it mends is not there. Upload it from the list of files.',
  foreign_host: 'Open this page under an address that the service allows (OMS_ALLOWED_HOSTS).',
  foreign_origin: 'The proxy before the service must pass on the address that this page has (OMS_ALLOWED_HOSTS).',
};
const tryAgainHelps = (code: string): boolean => !(code in uploadCure) || code === 'disk_full';

const files = (count: number): string => (count === 1 ? '1 file' : `${formatNumber(count)} files`);
const rows = (count: number): string => (count === 1 ? '1 row' : `${formatNumber(count)} rows`);

export const uploads = {
  title: 'Uploads',
  drop: 'Drop CSV files anywhere on this page',
  dropNow: 'Drop to upload',
  or: 'Plain or gzipped, several at once, or a whole folder.',
  choose: 'Choose files',
  chooser: 'CSV files to upload',
  queued: 'In line: three are uploaded at a time.',
  sent: 'Sent. The service is storing it…',
  sentOf: (sent: string, all: string, percent: number) => `${sent} of ${all} · ${percent} %`,
  progressOf: (name: string) => `Upload of ${name}`,
  goesOnIn: (seconds: number) => `Goes on by itself in ${seconds} s.`,
  tryNow: 'Try now',
  duplicate: 'The same bytes were uploaded before, as',
  duplicateAdvice:
    'Nothing was imported twice. Uploading again makes a new file, in which orders that are stored already are rejected.',
  openExisting: 'Open that file',
  force: 'Upload again anyway',
  unreadable: 'The file was changed, moved or removed since it was chosen. Choose it again.',
  cure: (code: string) => uploadCure[code] ?? 'Try again. If it stays so, the log of the service says why.',
  tryAgainHelps,
  tryAgain: 'Try again',
  cancel: 'Cancel upload',
  dismiss: 'Dismiss',
  done: 'Uploaded:',
  andMore: (count: number) => `and ${formatNumber(count)} more`,
  saidDone: (count: number) => `${files(count)} uploaded.`,
  saidDuplicate: (name: string) => `${name} was uploaded before. Open it, or upload it again?`,
  saidRefused: (name: string, detail: string) => `${name} was not uploaded: ${detail}`,
  saidWaiting: (name: string, why: string) => `${name}: ${why}`,
  ofAction: (action: string, name: string) => `${action}: ${name}`,
};

export const fileList = {
  title: 'Imports',
  filter: 'Show files by status',
  all: 'All',
  caption: 'Files, newest first',
  columns: {
    file: 'File',
    status: 'Status',
    progress: 'Progress',
    accepted: 'Accepted',
    invalid: 'Invalid',
    created: 'Uploaded',
    actions: 'Actions',
  },
  mends: 'Corrects',
  mendedBy: 'Corrected by',
  anotherFile: 'another file',
  meter: (name: string) => `Import of ${name}`,
  queued: 'Waits for its turn',
  rate: (count: number) => `${formatNumber(count)} rows/s`,
  left: (duration: string) => `${duration} left`,
  took: (count: number, duration: string) => `${rows(count)} in ${duration}`,
  stoppedAfter: (count: number) => (count === 0 ? 'No row was read' : `Stopped after ${rows(count)}`),
  cancelling: 'Cancelling…',
  atRow: (row: number) => `Row ${formatNumber(row)}`,
  open: (count: number) => `${formatNumber(count)} to fix`,
  report: 'Report',
  reportOf: (name: string) => `Report of the invalid rows of ${name}`,
  cancel: 'Cancel',
  retry: 'Retry',
  cancelOf: (name: string) => `Cancel the import of ${name}`,
  retryOf: (name: string) => `Retry the import of ${name}`,
  more: frame.more,
  noneOf: (status: string) => `No file is “${status}” now.`,
  showAll: 'Show all files',
  saidProgress: (name: string, percent: number) => `${name}: ${percent} %`,
  saidEnd: (name: string, status: string, accepted: number, invalid: number) =>
    `${name}: ${status}. ${formatNumber(accepted)} accepted, ${formatNumber(invalid)} invalid.`,
  saidEnds: (count: number) => `${files(count)} ended.`,
};

export const cancelDialog = {
  title: (name: string) => `Cancel the import of ${name}?`,
  stays: (accepted: number) =>
    accepted === 0
      ? 'No order has been stored yet.'
      : accepted === 1
        ? 'The one order stored so far stays, and so does the stock it took.'
        : `The ${formatNumber(accepted)} orders stored so far stay, and so does the stock they took.`,
  stops:
    'The import stops after the rows it has in hand. The report of invalid rows has those found until then. Retry goes on where it stopped.',
  keep: 'Keep importing',
  confirm: 'Cancel the import',
};

export const format = {
  emptyTitle: 'No files yet',
  empty: 'Upload a CSV of orders, or see how it goes with a small file that has good rows and bad ones.',
  sample: 'Try it with the sample',
  download: 'Download the sample',
  sampleTold:
    'It also adds the stock that the sample needs, where there is none yet; stock that was set stays as it is.',
  sampleStock: (added: number, there: number) =>
    [
      added > 0 && `Stock for the sample: ${rows(added)} added.`,
      there > 0 &&
        `${added > 0 ? '' : 'Stock for the sample: '}${rows(there)} ${there === 1 ? 'was' : 'were'} there and ${there === 1 ? 'stays' : 'stay'} as set.`,
    ]
      .filter(Boolean)
      .join(' '),
  summary: 'The format, and uploading without a browser',
  columnsTitle: 'The columns',
  columns:
    'The first line names these columns, in any order. The delimiter (comma, semicolon, tab or bar) and the encoding are found out.',
  curlTitle: 'From a terminal',
  curl: (origin: string) =>
    [
      `curl -F file=@orders.csv ${origin}/upload`,
      `curl ${origin}/files`,
      `curl -N ${origin}/progress`,
      `curl ${origin}/invalid-files`,
    ].join('\n'),
  curlLabel: 'the commands',
};

export const warning: Record<WarningCode, string> = {
  shortened_number: 'An order id or SKU looks like a number that a spreadsheet has shortened, such as 4.00638E+12.',
  ambiguous_date: 'A date could have the day or the month first: write year-month-day.',
  all_prices_zero: 'All prices are 0.',
  wrongly_decoded_text: 'A text looks wrongly decoded, such as “Ã©” for “é”: upload the file with its own encoding.',
};

export const filePage = {
  storedOrder: 'See the stored order',
  warnings: 'Worth a look',
  warningsTold: 'This is allowed and no row was rejected for it, but it is often a mistake.',
  warned: (count: number, row: number) => `${plural(count, '1 row', `${count} rows`)}, first in row ${row}`,
  all: 'All files',
  percent: (percent: number, bytes: string) => `${percent} % of ${bytes}`,
  read: 'Share of the file that is read',
  rows: 'Rows read',
  accepted: 'Accepted',
  invalid: 'Invalid',
  fixed: 'Fixed since',
  open: 'Still to fix',
  speed: 'Rows per second',
  left: 'Time left',
  orders: 'Show its orders',
  heard: (status: FileAnswer['status'], percent: number) =>
    status === 'processing' ? `${percent} % read` : fileStatus[status],
  heardEnd: (status: FileAnswer['status'], accepted: string, invalid: string) =>
    `${fileStatus[status]}: ${accepted === '1' ? '1 row' : `${accepted} rows`} accepted, ${invalid} invalid`,
  queued: 'It begins as soon as a worker is free. Nothing has to be done.',
  waitingTitle: {
    ims: 'Waiting for the inventory service',
    store: 'Waiting for the database',
    objects: 'Waiting for the storage of the files',
    queue: 'Waiting for the job queue',
  } satisfies Record<NonNullable<FileAnswer['waiting_for']>, string>,
  waitingSince: 'since',
  waitingWhere: 'See on the dashboard what answers and what does not',
  allGood: 'Every row became an order.',
  allFixed: 'Every row that failed was corrected since, and became an order.',
  atRow: (row: string) => `At row ${row}: `,
  whatToDo: 'What to do: ',
  stays: (accepted: number) =>
    accepted === 1
      ? 'One order was stored before that. It stays.'
      : `${formatNumber(accepted)} orders were stored before that. They stay.`,

  cancel: 'Cancel the import…',
  cancelling: 'Cancelling: it stops after the rows that are in work now.',
  cancelled: 'The import was cancelled. Orders stored until then stay. Retry goes on where it stopped.',
  retry: 'Retry',
  retryTold: (count: number) =>
    `Goes on after the ${rows(count)} that ${count === 1 ? 'is' : 'are'} done: none is read twice, nothing is stored twice.`,
  retryFromStart: 'Reads the same bytes again from the beginning.',

  why: 'Why rows failed',
  whyTold: 'Rows by reason; a row may have several. Choose one to see only its rows.',
  everyReason: 'All reasons',

  failedRows: 'Failed rows',
  rowsOf: (count: string) => (count === '1' ? '1 row' : `${count} rows`),
  with: (words: string) => `with “${words}”`,
  row: 'Row',
  wrong: 'What is wrong',
  wholeRow: 'Whole row',
  emptyCell: 'empty',
  loadingRows: 'Loading rows…',
  noFailedRows: 'No row failed for this reason.',
  shownWith: (count: number, words: string) => `The table of failed rows shows ${rows(count)} with “${words}”.`,
  shownAll: (count: number) => `The table of failed rows shows ${rows(count)}, with every reason.`,
  sideways: (columns: number) => `It has ${columns} columns: scroll it sideways to see all.`,
  toTheEnd: (known: string, total: string) => `Going to the end: ${known} of ${total} rows…`,
  printed: (shown: string, total: string) => `${shown} of ${total} rows are printed. The report has all of them.`,
  startAt: 'Start at row',
  go: 'Go',
  fromFirst: 'Start at the first',
  noneFromHere: (row: string) => `No row failed from row ${row} on.`,

  report: 'Download the report',
  reportTold: (rows: string, bytes: string) => `${rows}, ${bytes}, CSV`,
  reportOld: 'It has the rows that failed before the retry, and is written again when the import ends.',
  mend: 'Mend and upload again',
  mendSteps: {
    download: 'Download the report. It has only the rows that failed, with their original values.',
    fix: 'Correct them in a spreadsheet or an editor. The columns at the end, from _row to _file, tell what is wrong; leave them in, they are not read.',
    upload:
      'Save it as CSV, and drop it on this page. Rows that are right now become orders; those that are not come back in a new report.',
  },
  mendFailed:
    'Correct the file and drop it on this page. It becomes an import of its own that is linked to this one. Rows that are stored already are told as such, not stored twice.',
  drop: 'Drop the corrected file anywhere on this page',
  dropNow: 'Drop to upload the corrected file',
  or: 'or',
  choose: 'Choose the file…',
  uploads: 'Corrected uploads of this file',
  parent: 'Corrects',

  uploading: 'Uploading',
  childTold: (accepted: string, invalid: string) => `${accepted} accepted, ${invalid} invalid`,
  inLine: 'In line to be uploaded',
  giveUp: 'Give up',
  dismiss: 'Dismiss',
  duplicate: 'Exactly these bytes were uploaded before. Was it saved after it was corrected?',
  openExisting: 'Open that file',
  uploadAnyway: 'Upload it all the same',

  facts: 'About this file',
  id: 'File id',
  size: 'Size',
  sha256: 'SHA-256',
  readAs: 'Read as',
  notOpened: 'Not known',
  created: 'Uploaded',
  started: 'Begun',
  finished: 'Ended',
  duration: 'Took',
  attempts: 'Attempts',
  never: 'Not yet',
  attemptsTold: (attempts: number) => {
    if (attempts === 0) return 'None yet';
    if (attempts === 1) return '1, without an interruption';
    return `${attempts}: taken up again ${attempts === 2 ? 'once' : `${attempts - 1} times`} after an interruption or a retry`;
  },
  encoding: {
    'utf-8': 'UTF-8',
    'utf-16le': 'UTF-16 (little endian)',
    'utf-16be': 'UTF-16 (big endian)',
    'windows-1252': 'Windows-1252',
  } as Partial<Record<NonNullable<FileAnswer['intake']>['encoding'], string>>,
  delimiter: {
    ',': 'comma separated',
    ';': 'semicolon separated',
    '\t': 'tab separated',
    '|': 'bar separated',
  } satisfies Record<NonNullable<FileAnswer['intake']>['delimiter'], string>,
  gzip: 'gzip',
  bom: 'byte order mark',
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

export const list = {
  clear: 'Clear all',
  pages: 'Pages',
};

const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many);

export const orders = {
  filters: 'Filter orders',
  q: 'Starts with',
  qHint: 'Order id, any name, or e-mail',
  status: 'Status',
  anyStatus: 'Any',
  hub: 'Hub',
  sku: 'SKU',
  file: 'File',
  from: 'Ordered from',
  to: 'Up to and including',
  days: (zone: string) =>
    `Order dates, and the days of these filters, are those of ${zone}. Both days count: a day is from 0:00 to 24:00.`,
  moment: (side: 'from' | 'to', value: string) =>
    side === 'from' ? `Only orders dated ${value} or later.` : `Only orders dated before ${value}.`,
  ofFile: 'Only orders of the file',
  total: (count: number, shown: string) => `${shown} ${plural(count, 'order', 'orders')}, newest first`,
  onPage: (count: number, shown: string) => `${shown} ${plural(count, 'order', 'orders')} on this page, newest first`,
  matching: (count: number, shown: string) => `${shown} ${plural(count, 'order matches', 'orders match')}`,
  noMatch:
    'No order matches all of these filters. Text is compared from the start of the id, the e-mail and each word of the name; SKU, hub and file as a whole.',
  noneOlder: 'There are no older orders.',
  shortTitle: (count: number) => (count === 0 ? 'Nothing found so far' : 'There may be more'),
  searching: 'Searching older orders …',
  searchedTo: 'Looked through all orders that were stored since',
  named: 'The order with this very id comes first. Others that begin so may be older.',
  stop: 'Stop',
  searchOn: 'Search on',
  newest: 'Newest',
  newer: 'Newer',
  older: 'Older',
  order: 'Order',
  customer: 'Customer',
  item: 'Item',
  quantity: 'Quantity',
  amount: 'Amount',
  date: (zone: string) => `Order date (${zone})`,
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
  ordered: (zone: string) => `Ordered (${zone})`,
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
  noAnswer: 'No answer came',
  unsure: (why: string) => `${why}. To try again is safe: the change counts once.`,
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
  checking: (name: string) => `${name} is being looked at…`,
  errors: (count: number) => `${formatNumber(count)} ${plural(count, 'mistake', 'mistakes')}.`,
  errorsCaption: 'Mistakes in the file',
  line: 'Line',
  column: 'Column',
  wholeLine: 'Whole line',
  wrong: 'What is wrong',
  preview: (changed: number, added: number, unchanged: number) =>
    `${rows(changed)} would change, ${rows(added)} would be new, ${rows(unchanged)} would stay as ${unchanged === 1 ? 'it is' : 'they are'}.`,
  wouldRefuse: (count: number) => `${rows(count)} would be refused.`,
  notYet: 'Nothing is changed yet.',
  largest: 'The largest changes',
  from: 'From',
  to: 'To',
  by: 'Change',
  isNew: 'new',
  apply: (kind: 'available' | 'delta', count: number) => `${kind === 'available' ? 'Set' : 'Adjust'} ${rows(count)}`,
  leave: 'Leave the stock as it is',
  undo: 'Undo this upload',
  undoTold:
    'Takes back the difference, so that what orders took since stays taken. Possible until this view is left or loaded again.',
  undone: (count: number) => `taken back, ${rows(count)}`,
  unsure: (why: string) => `${why}. To try again is safe: the file counts once.`,
  done: (kind: 'available' | 'delta', count: number, shown: string) =>
    `${shown} ${plural(count, 'row', 'rows')} ${kind === 'available' ? 'set' : 'adjusted'}`,
  refused: (shown: string) => `${shown} refused`,
  noRows: 'the file has no rows',
  refusedCaption: 'Rows that were refused',
  reason: 'Reason',
  notShown: (shown: string) => `… and ${shown} more, not listed here.`,
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
  orders: (count: number) => `of ${formatNumber(count)} ${plural(count, 'order', 'orders')}`,
  files: (count: number) => `from ${files(count)}`,
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
  others: (count: number) => `${formatNumber(count)} ${plural(count, 'other', 'others')}`,
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

export const orderStatus: Record<OrderStatus, string> = { on_hold: 'On hold' };

export const liveEvents = {
  printed: (shown: string, total: string) => `The newest ${shown} of ${total} events are printed.`,
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
