/** The words of the page of one file. */
import type { FileResponse } from '../../http/responses.ts';
import { formatNumber } from '../components/number.tsx';
import type { FileAction } from '../files/file-requests.ts';
import { fileStatus } from './codes.ts';
import { plural, rows } from './counted.ts';

export const dryRun = {
  title: 'Dry run',
  meaning: 'Each row was only decided on: no order was made, and no stock was taken.',
  run: 'Run it for real',
  runHelp: 'Reads the same upload again and makes its orders. Stock and orders may have changed since.',
  allGood: 'Every row would become an order.',
  cancelled: 'The dry run was cancelled. Retry resumes where it stopped.',
};

export const filePage = {
  all: 'All files',
  percent: (percent: number, bytes: string) => `${percent} % of ${bytes}`,
  read: 'Share of the file that is read',
  rows: 'Rows read',
  accepted: 'Accepted',
  invalid: 'Invalid',
  skipped: 'Left out by the format',
  fixed: 'Fixed since',
  open: 'Still to fix',
  speed: 'Rows per second',
  left: 'Time left',
  orders: 'Show its orders',
  announce: (status: FileResponse['status'], percent: number) =>
    status === 'processing' ? `${percent} % read` : fileStatus[status],
  announceEnd: (status: FileResponse['status'], accepted: string, invalid: string) =>
    `${fileStatus[status]}: ${accepted === '1' ? '1 row' : `${accepted} rows`} accepted, ${invalid} invalid`,
  queued: 'The import starts when a worker is free.',
  waitingTitle: {
    ims: 'Waiting for the inventory service',
    store: 'Waiting for the database',
    objects: 'Waiting for the file storage',
    queue: 'Waiting for the job queue',
  } satisfies Record<NonNullable<FileResponse['waiting_for']>, string>,
  waitingSince: 'since',
  nextTry: 'next try at',
  waitingWhere: 'See the health of the service on the dashboard',
  allGood: 'Every row became an order.',
  allFixed: 'Every failed row has been fixed and is now an order.',
  atRow: (row: string) => `At row ${row}: `,
  whatToDo: 'What to do: ',
  stays: (accepted: number) =>
    accepted === 1
      ? 'One order was stored before that. It is kept.'
      : `${formatNumber(accepted)} orders were stored before that. They are kept.`,

  cancel: 'Cancel the import…',
  cancelling: 'Cancelling: the import stops after the rows that are being processed.',
  cancelled: 'The import was cancelled. Orders stored until then are kept. Retry resumes where it stopped.',
  action: { pause: 'Pause', resume: 'Resume', retry: 'Retry' } satisfies Record<FileAction, string>,
  pausing: 'Pausing: the import stops after the rows that are being processed.',
  paused:
    'Orders stored until then are kept. Resume goes on where it stopped. Cancel writes the report of the rows that failed.',
  retryHelp: (count: number) =>
    `Resumes after the ${rows(count)} already processed. No row is read twice, no order is stored twice.`,
  retryFromStart: 'Reads the file again from the beginning.',

  warnings: 'Worth a look',
  warningsHelp: 'No row was rejected for this, but it is often a mistake.',
  warned: (count: number, row: number) => `${plural(count, '1 row', `${count} rows`)}, first in row ${row}`,

  why: 'Why rows failed',
  whyHelp: 'A row may have several reasons. Choose one to see only its rows.',
  everyReason: 'All reasons',

  failedRows: 'Failed rows',
  storedOrder: 'See the stored order',
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
  sideways: (columns: number) => `${columns} columns: scroll sideways to see all.`,
  toTheEnd: (known: string, total: string) => `Going to the end: ${known} of ${total} rows…`,
  printed: (shown: string, total: string) => `${shown} of ${total} rows are printed. The report has all of them.`,
  startAt: 'Start at row',
  go: 'Go',
  fromFirst: 'Start at the first',
  noneFromHere: (row: string) => `No rows failed from row ${row} on.`,

  report: 'Download the report',
  workbook: 'as an Excel workbook',
  reportSize: (rows: string, bytes: string) => `${rows}, ${bytes}, CSV`,
  reportBeforeRetry: 'It has the rows that failed before the retry. It is written again when the import ends.',
  fix: 'Fix and upload again',
  fixSteps: {
    download: 'Download the report. It has only the failed rows, with their original values.',
    fix: 'Fix them in a spreadsheet or an editor. The last columns, from _row to _file, say what is wrong. You can leave them in: they are ignored.',
    upload:
      'Save it as CSV or as .xlsx, and drop it on this page. Rows that are now valid become orders. The others come back in a new report.',
  },
  fixFailed:
    'Fix the file and drop it on this page. It becomes a new import that is linked to this one. Orders that are already stored are reported as such, not stored twice.',
  fixColumns:
    'Choose the file again, or drop it on this page: then say what its columns are. You can also rename the columns in the file.',
  tellColumns: 'Tell what the columns are…',
  drop: 'Drop the fixed file anywhere on this page',
  dropNow: 'Drop to upload the fixed file',
  or: 'or',
  choose: 'Choose the file…',
  uploads: 'Fixed files of this import',
  parent: 'Fixes',

  uploading: 'Uploading',
  childCounts: (accepted: string, invalid: string) => `${accepted} accepted, ${invalid} invalid`,
  inLine: 'Waiting to upload',
  giveUp: 'Cancel upload',
  dismiss: 'Dismiss',
  duplicate: 'Exactly this file was already uploaded. Did you save your changes?',
  openExisting: 'Open that file',
  uploadAnyway: 'Upload anyway',

  facts: 'About this file',
  id: 'File id',
  size: 'Size',
  sha256: 'SHA-256',
  readAs: 'Read as',
  notOpened: 'Not read yet',
  format: 'Format',
  version: (version: number) => `version ${version}`,
  stopsAt: 'Pauses at',
  invalidRows: (rule: string) => `${rule} invalid rows`,
  created: 'Uploaded',
  started: 'Started',
  finished: 'Finished',
  duration: 'Duration',
  attempts: 'Attempts',
  never: 'Not yet',
  attemptsText: (attempts: number) => {
    if (attempts === 0) return 'None yet';
    if (attempts === 1) return '1, without interruption';
    return `${attempts}: resumed ${attempts === 2 ? 'once' : `${attempts - 1} times`} after an interruption or a retry`;
  },
  encoding: {
    'utf-8': 'UTF-8',
    'utf-16le': 'UTF-16 (little endian)',
    'utf-16be': 'UTF-16 (big endian)',
    'windows-1252': 'Windows-1252',
  } as Partial<Record<NonNullable<FileResponse['intake']>['encoding'], string>>,
  delimiter: {
    ',': 'comma separated',
    ';': 'semicolon separated',
    '\t': 'tab separated',
    '|': 'pipe separated',
  } satisfies Record<NonNullable<FileResponse['intake']>['delimiter'], string>,
  gzip: 'gzip',
  bom: 'byte order mark',
};
