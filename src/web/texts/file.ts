/** The words of the page of one file. */
import type { FileResponse } from '../../http/responses.ts';
import { formatNumber } from '../components/number.tsx';
import { fileStatus } from './codes.ts';
import { plural, rows } from './counted.ts';

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
  heard: (status: FileResponse['status'], percent: number) =>
    status === 'processing' ? `${percent} % read` : fileStatus[status],
  heardEnd: (status: FileResponse['status'], accepted: string, invalid: string) =>
    `${fileStatus[status]}: ${accepted === '1' ? '1 row' : `${accepted} rows`} accepted, ${invalid} invalid`,
  queued: 'It begins as soon as a worker is free. Nothing has to be done.',
  waitingTitle: {
    ims: 'Waiting for the inventory service',
    store: 'Waiting for the database',
    objects: 'Waiting for the storage of the files',
    queue: 'Waiting for the job queue',
  } satisfies Record<NonNullable<FileResponse['waiting_for']>, string>,
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
  } as Partial<Record<NonNullable<FileResponse['intake']>['encoding'], string>>,
  delimiter: {
    ',': 'comma separated',
    ';': 'semicolon separated',
    '\t': 'tab separated',
    '|': 'bar separated',
  } satisfies Record<NonNullable<FileResponse['intake']>['delimiter'], string>,
  gzip: 'gzip',
  bom: 'byte order mark',
};
