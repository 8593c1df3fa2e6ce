/**
 * Cells of the CSV files we write. A spreadsheet runs a cell that starts like a formula, so such cells get a leading `'`;
 * reading a report takes it off again: `unescapeCell(escapeCell(value)) === value` for every value.
 * Source: OWASP, CSV injection; RFC 4180.
 */
const RUNS = /^[=+\-@\t\r]/;
const PLAIN_NUMBER = /^[+-]?\d+(\.\d+)?$/;
const ESCAPED = /^'[=+\-@\t\r']/;
const NEEDS_QUOTES = /[",\r\n]|^ | $/;

export function escapeCell(value: string): string {
  return value.startsWith("'") || (RUNS.test(value) && !PLAIN_NUMBER.test(value)) ? `'${value}` : value;
}

export function unescapeCell(value: string): string {
  return ESCAPED.test(value) ? value.slice(1) : value;
}

/** One record with its line end, quoted only where it must be. */
export function csvLine(values: readonly string[]): string {
  return `${values.map(quote).join(',')}\n`;
}

function quote(value: string): string {
  return NEEDS_QUOTES.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
