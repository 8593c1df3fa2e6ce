/** What clients call the files that they send. Source: RFC 4180, RFC 7111, and what browsers, spreadsheets and libraries say. */

/** Of a `Content-Type`, without its parameters; '' where there is none. */
export const mediaType = (contentType: string | undefined): string =>
  (contentType ?? '').split(';')[0]!.trim().toLowerCase();

/** Browsers on Windows say Excel of a CSV file. */
export const CSV_TYPES: ReadonlySet<string> = new Set([
  'text/csv',
  'text/x-csv',
  'text/comma-separated-values',
  'text/x-comma-separated-values',
  'text/tab-separated-values',
  'text/x-tab-separated-values',
  'text/tsv',
  'text/plain',
  'application/csv',
  'application/x-csv',
  'application/vnd.ms-excel',
  'application/msexcel',
  'application/excel',
]);

/** curl says form data unless told otherwise. */
export const UNTOLD_TYPES: ReadonlySet<string> = new Set([
  '',
  'application/octet-stream',
  'binary/octet-stream',
  'application/x-www-form-urlencoded',
]);

export const GZIP_TYPES: ReadonlySet<string> = new Set([
  'application/gzip',
  'application/x-gzip',
  'application/x-gzip-compressed',
  'application/gzip-compressed',
  'application/x-gunzip',
]);
