/** The words of formats: what the columns of a file are, how it is read, and the list of what is saved. */
import type { OrderColumn } from '../../model/columns.ts';
import { formatNumber } from '../components/number.tsx';
import type { Kind } from '../formats/draft.ts';
import { files, plural, rows } from './counted.ts';

export const orderColumn: Record<OrderColumn, string> = {
  order_id: 'Order id',
  customer_name: 'Customer name',
  customer_email: 'Customer e-mail',
  product_name: 'Product',
  sku: 'SKU',
  hub_id: 'Hub',
  quantity: 'Quantity',
  unit_price: 'Unit price',
  total_amount: 'Total',
  order_date: 'Order date',
  shipping_address: 'Shipping address',
};

export const columnsPage = {
  title: (name: string) => `What are the columns of ${name}?`,
  none: 'No file waits for its columns',
  noneHelp: 'Drop a file on the list of files: it asks here when it does not know the columns.',
  help: 'Nothing is uploaded yet. Check what was found, say what is missing, and save it: files with this header are then read by themselves.',
  preset: (name: string) => `It looks like a file of ${name}. Choose your hub, and check the rest.`,
  nameOfPresets: (name: string) => `my-${name}`,
  others: (count: number) => `${files(count)} with the same header will follow.`,
  name: 'Save as',
  nameHelp: 'Small letters, digits, “.”, “_” and “-”.',
  nameWrong: 'Write a name of 1 to 64 small letters, digits, “.”, “_” and “-”, that begins with a letter or a digit.',
  nameOfPreset: 'A format that comes with the service has this name: choose another.',
  nameTaken: (name: string) => `There is a format ${name} already: it is replaced by this one.`,
  save: (count: number) => plural(count, 'Save and upload', `Save and upload ${formatNumber(count)} files`),
  saving: 'Saving…',
  leave: 'Do not upload it',
};

export const reading = {
  title: 'How the file is written',
  sheet: (name: string) => `It is a workbook, of which the sheet “${name}” is read.`,
  encoding: 'Encoding',
  delimiter: 'Delimiter',
  detected: 'as detected',
  delimiters: { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe' },
  above: 'Rows above the header',
  headerRow: (row: number) => `The header is row ${formatNumber(row)}.`,
  titles: (titles: readonly string[]) => `Above it stands: ${titles.join(' · ')}.`,
  noHeader: 'No row looks like a header.',
  again: 'If this changes, the columns are looked for anew.',
};

export const columns = {
  title: 'Where the values come from',
  help: 'Each order needs all of these. Choose the column of your file, or a value that is the same for every row.',
  of: (column: string) => `${column} comes from`,
  notYet: 'Choose…',
  ofFile: 'Columns of the file',
  ways: 'Other ways',
  kind: {
    value: 'The same for every row…',
    join: 'Several columns, joined…',
    first: 'The first column that is not empty…',
    compute: 'Quantity × unit price',
  } satisfies Record<Exclude<Kind, 'column'>, string>,
  value: (column: string) => `${column} of every row`,
  one: (column: string, place: number) => `${column}, column ${place}`,
  add: 'Add a column',
  addTo: (column: string) => `Add a column to ${column}`,
  remove: 'Remove',
  removeFrom: (name: string, column: string) => `Remove ${name} from ${column}`,
  between: 'Between them',
  divide: 'It is the price of all pieces of the row',
  missing: 'Not found: choose it.',
  sure: (share: number) => `${Math.round(share * 100)} % sure`,
  check: 'please check',
  chosen: 'chosen by you',
  samples: 'For example',
  empty: 'empty in every row',
};

export const numbers = {
  title: 'How amounts are written',
  decimal: 'Decimals',
  decimals: { '.': 'Point: 4.20', ',': 'Comma: 4,20' },
  group: 'Thousands',
  groups: {
    '': 'not separated',
    ',': 'comma: 1,234',
    '.': 'point: 1.234',
    ' ': 'space: 1 234',
    "'": "apostrophe: 1'234",
  },
  currency: 'Currency',
  currencyHelp: 'A code such as EUR, where it stands beside the amounts.',
  notYet: 'Choose…',
  missing: 'No amount tells whether 1,234 is a thousand or one and a bit: choose it.',
};

export const dates = {
  title: 'How dates are written',
  form: 'Dates',
  iso: 'Year first: 2026-11-21',
  dayFirst: (patterns: string) => `Day first: ${patterns}`,
  monthFirst: (patterns: string) => `Month first: ${patterns}`,
  other: 'In another way…',
  patterns: 'Patterns, one a line',
  patternsHelp: 'yyyy, MM, dd, HH, mm and ss, for example dd.MM.yyyy HH:mm',
  zone: 'Time zone',
  zoneHelp: 'Of dates that do not say it, for example Europe/Berlin. Empty: that of the service.',
  notYet: 'Choose…',
  missing: 'No date tells the day from the month: choose it.',
  unreadable: (count: number) =>
    `${formatNumber(count)} ${plural(count, 'value is', 'values are')} no date in numbers.`,
};

export const evidence = {
  proof: 'Shown by',
  against: 'Against it',
  row: (row: number) => `row ${formatNumber(row)}`,
  undecided: (count: number) => `${formatNumber(count)} ${plural(count, 'value fits', 'values fit')} both ways.`,
};

export const lines = {
  title: 'What a row is',
  form: 'Rows',
  rows: 'Each row is an order',
  adjacent: 'Neighbouring rows with one order id are one order',
  seen: (count: number, first: string) =>
    `${formatNumber(count)} ${plural(count, 'order has', 'orders have')} several rows, for example ${first}.`,
  total: 'The total is that of',
  totals: { line: 'the row', order: 'the order' },
  only: 'Take only rows where',
  every: 'every row is taken',
  is: 'is one of',
  isHelp: 'Separate several by commas.',
};

export const firstRows = {
  title: 'The first rows, as they would be read',
  none: 'No row can be read yet.',
  row: 'Row',
  problems: 'Problems',
  fine: 'none',
  skipped: 'left out',
  summary: (right: number, wrong: number, skipped: number) =>
    [
      `${rows(right)} can be read`,
      ...(wrong > 0 ? [`${rows(wrong)} ${plural(wrong, 'has', 'have')} problems`] : []),
      ...(skipped > 0 ? [`${rows(skipped)} ${plural(skipped, 'is', 'are')} left out`] : []),
    ].join(', '),
  notAsked: 'Whether SKUs and hubs are known, and stock is left, is seen when the file is read.',
  looking: 'Reading the first rows again…',
};

const missing = { ...orderColumn, numbers: numbers.title, dates: dates.title };

export const stillMissing = (what: readonly (keyof typeof missing)[]): string =>
  `Still to be said: ${what.map((one) => missing[one]).join(', ')}.`;

export const formatsPage = {
  help: 'A format says how the files of a shop or a sender are read. The page makes one when you drop a file that it does not know.',
  caption: 'Formats, those that come with the service first',
  name: 'Name',
  columns: 'Columns that it reads',
  saved: 'Saved',
  actions: 'Actions',
  preset: 'comes with the service',
  version: (version: number) => `version ${version}`,
  by: (name: string) => `by ${name}`,
  template: 'Example file',
  templateOf: (name: string) => `Example file of ${name}`,
  copy: 'Copy',
  copyOf: (name: string) => `Copy ${name}`,
  delete: 'Delete…',
  deleteOf: (name: string) => `Delete ${name}`,
  more: 'Only the first 1,000 are shown.',
  deleteTitle: (name: string) => `Delete the format ${name}?`,
  deleteMeans:
    'Files that were read by it stay as they are, and are read by it to their end. The next file with its header is asked about again.',
  keep: 'Keep it',
  confirmDelete: 'Delete the format',
};

export const formatPage = {
  all: 'All formats',
  title: (name: string) => `Format ${name}`,
  copyOf: (name: string) => `A copy of ${name}`,
  preset: 'It comes with the service and stays as it is. Copy it to have your hub, and to change what you like.',
  nameOfCopy: (name: string) => `my-${name}`.slice(0, 64),
  choose: 'Try it on a file…',
  sample: 'File to try the format on',
  sampleHelp: 'The file is not uploaded: only its first rows are read.',
  triedOn: (name: string) =>
    `Below are the first rows of ${name}. Once saved, the format reads files with this header unasked.`,
  unreadable: 'The file cannot be read: it was changed, moved or deleted. Choose it again.',
  save: 'Save',
  leave: 'Do not save',
};
