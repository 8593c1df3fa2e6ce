/**
 * A checksum of the cells in a report's row, by which the unchanged row is recognised. Neither the order of columns nor the ways in which
 * spreadsheets rewrite cells when they save a file change it.
 */
import { createHash } from 'node:crypto';

const MARK_DIGITS = 16;
const NUMBER = /^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$/;
const DAY = /^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b[-+:.\d tz]*$/;
/** From this length on spreadsheets show numbers with six digits, and save what they show. */
const SHORTENED_FROM = 1e11;
const DIGITS_SHOWN = 6;

/** `names`: the data columns. The checksum begins with a letter, so that no spreadsheet takes it for a number. */
export function rowCheck(names: readonly string[], values: readonly string[]): string {
  const cells = names
    .map((name, i) => [name.trim().toLowerCase(), asSaved(values[i] ?? '')])
    .filter(([, value]) => value !== '')
    .map((cell) => JSON.stringify(cell))
    .sort();
  return `x${createHash('sha256').update(cells.join()).digest('hex').slice(0, MARK_DIGITS)}`;
}

/** The same for all forms in which a spreadsheet may save a cell. */
function asSaved(value: string): string {
  const text = value
    // The encoding of the saved file may lack a character.
    .replace(/[^\x00-\xff]/g, '?')
    .replace(/\?+/g, '?')
    .replace(/[\s\x00-\x1f]+/g, ' ')
    .trim()
    .toLowerCase();
  if (NUMBER.test(text)) {
    const number = Number(text);
    return Math.abs(number) < SHORTENED_FROM ? String(number) : number.toPrecision(DIGITS_SHOWN);
  }
  return DAY.test(text) ? partsOfDay(text) : text;
}

/** The numbers of a date, sorted, without zeros and centuries. */
function partsOfDay(text: string): string {
  const parts = text.match(/\d+/g)!.map((digits) => Number(digits) % (digits.length === 4 ? 100 : Infinity));
  return `day ${parts.filter((part) => part !== 0).sort((a, b) => a - b)}`;
}
