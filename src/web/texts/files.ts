/** The words of the list of files, and of what a file must look like. */
import type { OrderColumn } from '../../model/columns.ts';
import { formatNumber } from '../components/number.tsx';
import { files, rows } from './counted.ts';
import { frame } from './page.ts';

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
