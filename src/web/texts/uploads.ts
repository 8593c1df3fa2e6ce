/** The words of uploads, from the choice of a file to its end. */
import { formatNumber } from '../components/number.tsx';
import { files } from './counted.ts';

export const upload = {
  unreachable: 'The connection was lost. The upload is retried automatically.',
  busy: 'The service is busy. The upload is retried automatically.',
};

/** What to do about an upload that the service refused, next to its own message. A code not named here may succeed when retried. */
const uploadFix: Record<string, string> = {
  not_csv: 'In a spreadsheet, save it as .xlsx or as CSV (in Excel: Save as, CSV UTF-8) and upload that file.',
  empty_upload: 'Check that the file was saved, and choose it again.',
  too_large: 'Split it into smaller files, each with the header row.',
  disk_full: 'Free disk space on the server, then try again.',
  key_reused: 'The file changed while it was uploading. Choose it again.',
  not_found: 'The file it fixes does not exist. Upload it from the list of files.',
  foreign_host: 'Open this page at an address that the service allows (OMS_ALLOWED_HOSTS).',
  foreign_origin: 'The proxy in front of the service must pass on the address of this page (OMS_ALLOWED_HOSTS).',
};

const tryAgainHelps = (code: string): boolean => !(code in uploadFix) || code === 'disk_full';

export const uploads = {
  title: 'Uploads',
  drop: 'Drop CSV or Excel files anywhere on this page',
  dropNow: 'Drop to upload',
  or: 'Plain or gzipped, several at once, or a whole folder.',
  dryRun: 'Only try',
  dryRunHelp: 'A dry run: every row is decided and reported, but no order is made.',
  stopAt: 'Stop at so many invalid rows',
  stopAtExample: '100 or 5%',
  stopAtHelp: 'The import then pauses: what came before is kept, and you resume or cancel it.',
  stopAtWrong: 'Write a number of rows such as 100, or a share of them such as 5%.',
  choose: 'Choose files',
  chooser: 'CSV files to upload',
  checking: 'Looking at its columns…',
  unfamiliar: 'Its columns have other names than those of an order.',
  tellColumns: 'Tell what the columns are',
  queued: 'Queued: three files upload at a time.',
  sent: 'Sent. The service is storing it…',
  sentOf: (sent: string, all: string, percent: number) => `${sent} of ${all} · ${percent} %`,
  progressOf: (name: string) => `Upload of ${name}`,
  retryIn: (seconds: number) => `Next try in ${seconds} s.`,
  tryNow: 'Try now',
  duplicate: 'This file was already uploaded as',
  duplicateAdvice: 'Nothing was imported twice. If you upload it again, orders that are already stored are rejected.',
  openExisting: 'Open that file',
  force: 'Upload anyway',
  unreadable: 'The file was changed, moved or deleted after it was chosen. Choose it again.',
  fix: (code: string) => uploadFix[code] ?? 'Try again. If it keeps failing, see the log of the service.',
  tryAgainHelps,
  tryAgain: 'Try again',
  cancel: 'Cancel upload',
  dismiss: 'Dismiss',
  done: 'Uploaded:',
  andMore: (count: number) => `and ${formatNumber(count)} more`,
  announceDone: (count: number) => `${files(count)} uploaded.`,
  announceDuplicate: (name: string) => `${name} was already uploaded. Open it, or upload it anyway?`,
  announceUnfamiliar: (name: string) => `${name} is not uploaded yet: tell what its columns are.`,
  announceRefused: (name: string, detail: string) => `${name} was not uploaded: ${detail}`,
  ofAction: (action: string, name: string) => `${action}: ${name}`,
};
