/** Why a whole file failed. Rows that were committed before stay committed. */
import { OmsError } from '../errors.ts';

export const FILE_FAILURE_CODES = [
  'empty_file',
  'missing_column',
  'duplicate_column',
  'too_many_columns',
  'unsupported_encoding',
  'record_too_large',
  'unclosed_quote',
  'not_csv',
  'corrupt_gzip',
  'corrupt_workbook',
  'unknown_sheet',
  'too_large',
  'too_many_invalid',
  'object_changed',
  'duplicate_file',
  'cancelled',
  'internal',
] as const;

export type FileFailureCode = (typeof FILE_FAILURE_CODES)[number];

/** `row`: the spreadsheet row of the failure, if known; it is in `details.row`. */
export function fileFailure(code: FileFailureCode, message: string, row?: number): OmsError {
  return new OmsError(code, message, row === undefined ? {} : { details: { row } });
}

/** `what`: what the file is instead, as the beginning of a sentence. */
export const notCsv = (what: string): OmsError =>
  fileFailure('not_csv', `${what}: save or export it as CSV in UTF-8, or as .xlsx, and upload that.`);

const CODES = new Set<string>(FILE_FAILURE_CODES);

/** Whether the file itself is the cause of the error, not an engine or a mistake in the service. */
export function isFileFailure(error: unknown): error is OmsError & { readonly code: FileFailureCode } {
  return error instanceof OmsError && !error.retryable && CODES.has(error.code);
}
