/** The words of uploads, from the choice of a file to its end. */
import { formatNumber } from '../components/number.tsx';
import { files } from './counted.ts';

export const upload = {
  unreachable: 'The connection broke. The upload is tried again by itself.',
  busy: 'The service is busy. The upload goes on by itself.',
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
