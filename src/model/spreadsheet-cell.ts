/**
 * Cells of the CSV files that the service writes. A spreadsheet runs a cell that starts like a formula, so such cells get a leading `'`;
 * reading a report removes it: `unescapeCell(escapeCell(value)) === value` for every value. Some spreadsheets also treat full-width signs
 * so, and some ignore invisible characters before them.
 * Source: OWASP, CSV injection; OWASP ASVS 5, 1.2.10; RFC 4180.
 */
import type { Delimiter } from './intake.ts';

const RUNS = /^(?:\p{Cc}|[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/u;
const PLAIN_NUMBER = /^[+-]?\d+(\.\d+)?$/;
const NEEDS_QUOTES: Record<Delimiter, RegExp> = {
  ',': /[",\r\n]|^ | $/,
  ';': /[";\r\n]|^ | $/,
  '\t': /["\t\r\n]|^ | $/,
  '|': /["|\r\n]|^ | $/,
};

export function escapeCell(value: string): string {
  return value.startsWith("'") || (RUNS.test(value) && !PLAIN_NUMBER.test(value)) ? `'${value}` : value;
}

export function unescapeCell(value: string): string {
  return value.startsWith("'") && (value.startsWith("''") || RUNS.test(value.slice(1))) ? value.slice(1) : value;
}

/** One record with its line end. */
export const csvLine = (values: readonly string[], delimiter: Delimiter = ','): string =>
  `${values.map((value) => csvCell(value, delimiter)).join(delimiter)}\n`;

/** Quoted only where needed. */
export const csvCell = (value: string, delimiter: Delimiter): string =>
  NEEDS_QUOTES[delimiter].test(value) ? quoted(value) : value;

/** A record as a program may have written it to a file of this delimiter. */
export function csvRecord(values: readonly string[], delimiter: string): string {
  const needsQuotes = (value: string) => value.includes(delimiter) || /["\r\n]/.test(value);
  return values.map((value) => (needsQuotes(value) ? quoted(value) : value)).join(delimiter);
}

const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;
