/** The content types that clients name for CSV, gzip and workbooks. Source: RFC 4180, RFC 7111; what browsers, spreadsheets and libraries send. */

/** The media type of a `Content-Type`, without its parameters; '' without a header. */
export const mediaType = (contentType: string | undefined): string =>
  (contentType ?? '').split(';')[0]!.trim().toLowerCase();

/** Browsers on Windows call a CSV file Excel. */
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

/** Types that do not say what the body is; curl sends form data by default. */
export const UNNAMED_TYPES: ReadonlySet<string> = new Set([
  '',
  'application/octet-stream',
  'binary/octet-stream',
  'application/x-www-form-urlencoded',
]);

export const XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

export const GZIP_TYPES: ReadonlySet<string> = new Set([
  'application/gzip',
  'application/x-gzip',
  'application/x-gzip-compressed',
  'application/gzip-compressed',
  'application/x-gunzip',
]);
