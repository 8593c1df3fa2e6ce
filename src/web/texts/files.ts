/** The words of the list of files, and of what a file must look like. */
import type { OrderColumn } from '../../model/columns.ts';
import { formatNumber } from '../components/number.tsx';
import type { FileAction } from '../files/file-requests.ts';
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
  fixes: 'Fixes',
  dryRun: 'dry run',
  fixedBy: 'Fixed by',
  anotherFile: 'another file',
  meter: (name: string) => `Import of ${name}`,
  queued: 'Starts when a worker is free',
  rate: (count: number) => `${formatNumber(count)} rows/s`,
  left: (duration: string) => `${duration} left`,
  took: (count: number, duration: string) => `${rows(count)} in ${duration}`,
  stoppedAfter: (count: number) => (count === 0 ? 'No rows read' : `Stopped after ${rows(count)}`),
  cancelling: 'Cancelling…',
  pausing: 'Pausing…',
  atRow: (row: number) => `Row ${formatNumber(row)}`,
  open: (count: number) => `${formatNumber(count)} to fix`,
  report: 'Report',
  reportOf: (name: string) => `Report of the invalid rows of ${name}`,
  cancel: 'Cancel',
  action: { pause: 'Pause', resume: 'Resume', retry: 'Retry' } satisfies Record<FileAction, string>,
  cancelOf: (name: string) => `Cancel the import of ${name}`,
  actionOf: {
    pause: (name) => `Pause the import of ${name}`,
    resume: (name) => `Resume the import of ${name}`,
    retry: (name) => `Retry the import of ${name}`,
  } satisfies Record<FileAction, (name: string) => string>,
  more: frame.more,
  attention: 'Needs attention',
  noAttention: 'No file needs attention: none failed, is paused, waits for long, or has rows to fix.',
  noneOf: (status: string) => `No files have the status “${status}”.`,
  showAll: 'Show all files',
  announceProgress: (name: string, percent: number) => `${name}: ${percent} %`,
  announceEnd: (name: string, status: string, accepted: number, invalid: number) =>
    `${name}: ${status}. ${formatNumber(accepted)} accepted, ${formatNumber(invalid)} invalid.`,
  announceEnds: (count: number) => `${files(count)} finished.`,
};

export const cancelDialog = {
  title: (name: string) => `Cancel the import of ${name}?`,
  stays: (accepted: number) =>
    accepted === 0
      ? 'No orders have been stored yet.'
      : accepted === 1
        ? 'The order stored so far is kept, and so is the stock it took.'
        : `The ${formatNumber(accepted)} orders stored so far are kept, and so is the stock they took.`,
  stops:
    'The import stops after the rows that are being processed. The report lists the rows rejected until then. Retry resumes where it stopped.',
  keep: 'Keep importing',
  confirm: 'Cancel the import',
};

export const columnMeaning: Record<OrderColumn, string> = {
  order_id: 'Your order id, unique for each order',
  customer_name: 'Name of the customer',
  customer_email: 'anna@example.com',
  product_name: 'Name of the product',
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
  empty: 'Upload a CSV of orders, or try a small sample with valid and invalid rows.',
  sample: 'Try it with the sample',
  download: 'Download the sample',
  sampleHelp: 'This also adds the stock that the sample needs. Stock that is already set does not change.',
  sampleStock: (added: number, present: number) => {
    const parts = [added > 0 && `${rows(added)} added`, present > 0 && `${rows(present)} already set`];
    return `Stock for the sample: ${parts.filter(Boolean).join(', ')}.`;
  },
  summary: 'File format, and uploading from a terminal',
  columnsTitle: 'The columns',
  columns:
    'The first row names these columns, in any order. The delimiter (comma, semicolon, tab or pipe) and the encoding are detected.',
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
