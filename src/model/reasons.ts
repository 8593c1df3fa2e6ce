/**
 * The text of every reason: it names the column and its value and says what is expected, with a hint where the mistake is recognised.
 * Values are quoted as in JSON, with visible control characters, and shortened.
 */
import { limits } from '../limits.ts';
import { refusedCharacter, visible } from './characters.ts';
import type { OrderColumn } from './columns.ts';
import { formatMinor } from './money.ts';
import { numberHint } from './number-hints.ts';
import type { OrderDateProblem } from './order-date.ts';
import type { Reason, ReasonCode } from './rejection.ts';
import { storedFrom } from './stored-order.ts';

/** The codes of a value that is wrong by itself. */
export type ValueCode = Extract<
  ReasonCode,
  | 'missing_value'
  | 'invalid_id'
  | 'control_character'
  | 'value_too_long'
  | 'invalid_email'
  | 'invalid_quantity'
  | 'invalid_price'
  | 'invalid_total'
  | 'invalid_date'
  | 'invalid_utf8'
>;

/** As a cell of a workbook is converted (`read/xlsx`): the error, and a byte that no text has. */
const FORMULA_ERROR = /^#[A-Z0-9/_]+[?!]?\ufffd$/;

const WORDS: Record<ValueCode, (value: string, column: OrderColumn) => string> = {
  missing_value: () => 'is empty',
  invalid_id: () => 'cannot be part of the address of an order: use another id',
  control_character: (value, column) => `contains ${refusedCharacter(column, value)}: remove it`,
  value_too_long: (value) => `is ${[...value].length} characters long, at most ${limits.maxTextChars} are allowed`,
  invalid_email: (value) => `is not an e-mail address such as anna@example.com${hint(value, EMAIL_HINTS)}`,
  invalid_quantity: (value) =>
    `is not a whole number from 1 to 1,000,000 (digits only)${behind(numberHint('quantity', value))}`,
  invalid_price: (value) => `is not an amount from 0.00 to 9,999,999.99${behind(numberHint('amount', value))}`,
  invalid_total: (value) => `is not an amount from 0.00 to 9,999,999,999,999.99${behind(numberHint('amount', value))}`,
  invalid_date: (value) =>
    `is not an ISO 8601 date such as 2026-11-21 or 2026-11-21T14:03:00Z${hint(value, DATE_HINTS)}`,
  invalid_utf8: (value) =>
    FORMULA_ERROR.test(value)
      ? 'is the error of a formula: correct the formula, or put its value into the cell'
      : "has bytes that are not valid in the file's encoding: save the file as UTF-8",
};

const DATE_WORDS: Record<Exclude<OrderDateProblem, 'form'>, string> = {
  day: 'is not a day of the calendar',
  time: 'has a time that is not from 00:00:00 to 23:59:59',
  offset: 'has an offset from UTC that is not from -23:59 to +23:59',
};

type Hints = readonly (readonly [RegExp, string])[];

const EMAIL_HINTS: Hints = [
  [/^.{255}/s, 'at most 254 characters'],
  [/<[^<>@]+@[^<>@]+>$/, 'the address alone, without a name'],
  [/[^\x00-\x7f]/, 'only unaccented Latin letters are accepted'],
  [/[,;\s]/, 'one address, without spaces'],
  [/@.*(-\.|-$)|[@.]-/, 'no part of the domain begins or ends with a hyphen'],
  [/^\.|@\.|@.*(\.\.|\.$)/, 'no dot at the start, nor beside another or at an end of the domain'],
];
const DATE_HINTS: Hints = [
  [/^\d{1,2}[/.-]\d{1,2}[/.-]\d{4}/, 'write year-month-day'],
  [/^\d{4}([/.]\d{1,2}[/.]\d{1,2}|-\d-|-\d\d-\d\b)/, 'write year-month-day as 2026-11-21'],
  [/^\d{5}(\.\d+)?$/, "this is a spreadsheet's day number, format the column as yyyy-mm-dd"],
];

const hint = (value: string, hints: Hints): string => behind(hints.find(([mistake]) => mistake.test(value))?.[1] ?? '');

const behind = (advice: string): string => (advice === '' ? '' : `: ${advice}`);

/**
 * A value's own reason. `dateProblem` says what is wrong with an invalid date, `name` how the value is called where it is no column of an
 * order file, `shown` how it stands there.
 */
export function invalidValue(
  column: OrderColumn,
  code: ValueCode,
  value: string,
  dateProblem: OrderDateProblem = 'form',
  name: string = column,
  shown: string = value,
): Reason {
  const words =
    code === 'invalid_date' && dateProblem !== 'form' ? DATE_WORDS[dateProblem] : WORDS[code](value, column);
  return { column, code, reason: value === '' ? `${name} ${words}` : `${name} ${shownValue(shown)} ${words}` };
}

/** The total of an order against the sum of its items. */
export const sumMismatch = (total: string, sumMinor: number, name = 'total_amount'): string =>
  `${name} ${shownValue(total)} is not the sum of the items, ${formatMinor(sumMinor)}`;

export const sumTooLarge = (largest: string): string => `the items come to more than ${largest}`;

/** `name` and `total`: as they stand in the file. */
export function totalMismatch(
  total: string,
  quantity: number,
  price: string,
  exactMinor: number,
  name = 'total_amount',
): Reason {
  const reason = `${name} ${shownValue(total)} is not quantity ${quantity} x unit_price ${price} = ${formatMinor(exactMinor)}`;
  return { column: 'total_amount', code: 'total_mismatch', reason };
}

/** The row does not have as many cells as the header; `surplus` are the cells beyond it. */
export function columnCount(cells: number, columns: number, surplus: string[]): Reason {
  const found = `the row has ${cells} ${cells === 1 ? 'cell' : 'cells'}, the header has ${columns}`;
  const help = 'a value that contains the delimiter or a line break must be in quotes';
  const extra = surplus.length === 0 ? '' : ` (surplus: ${shownValue(surplus.join(', '))})`;
  return { column: '', code: 'column_count', reason: `${found}${extra}: ${help}` };
}

/** `cells` are those of the row as they stand in the file, quotes included. */
export function malformedQuote(cells: readonly string[]): Reason {
  const help = cells.some((cell) => cell.includes('\\"'))
    ? 'quotes inside it are escaped by a backslash (\\"), export them written twice ("") instead'
    : 'write a quote inside quotes twice ("")';
  return {
    column: '',
    code: 'malformed_quote',
    reason: `a quoted value does not end at a delimiter or line end: ${help}`,
  };
}

export function headerAgain(): Reason {
  const reason = 'the row is the header again, as when files are joined: leave this row out';
  return { column: '', code: 'not_an_order', reason };
}

export function lineOfTotals(): Reason {
  return { column: '', code: 'not_an_order', reason: 'the row looks like a line of totals: leave it out' };
}

/** An unchanged row of a report whose cells could not be separated; `words` is the reason in the report. */
export function unfixed(code: ReasonCode, words: string): Reason {
  const reason = visible(shorten(words, limits.maxReasonChars));
  return { column: '', code, reason: reason === '' ? 'the cells of the row could not be separated' : reason };
}

/** `words`: the message of the inventory service; `name`: of the column in the file. */
export function unknownSku(sku: string, words?: string, name = 'sku'): Reason {
  return { column: 'sku', code: 'unknown_sku', reason: `${name} ${shownValue(sku)} ${unknown(words)}` };
}

export function unknownHub(hubId: string, words?: string, name = 'hub_id'): Reason {
  return { column: 'hub_id', code: 'unknown_hub', reason: `${name} ${shownValue(hubId)} ${unknown(words)}` };
}

/** The file, or the request, is limited to other hubs. */
export function forbiddenHub(hubId: string, name = 'hub_id'): Reason {
  const reason = `${name} ${shownValue(hubId)} is not one of the hubs that the sender is limited to`;
  return { column: 'hub_id', code: 'forbidden_hub', reason };
}

function unknown(words: string | undefined): string {
  const message =
    words === undefined || words === '' ? '' : `: ${visible(shorten(words, limits.maxServiceWordsChars))}`;
  return `is not known to the inventory service${message}`;
}

/** The order exists with the same payload, from `row` of the file `fileId`, or, where both are null, from the API. */
export function duplicateOrder(orderId: string, fileId: string | null, row: number | null): Reason {
  const reason = `order_id ${shownValue(orderId)} is already stored, ${storedFrom(fileId, row)}`;
  return { column: 'order_id', code: 'duplicate_order', reason };
}

/** The order exists with another payload, likewise. */
export function orderConflict(
  orderId: string,
  differingFields: string[],
  fileId: string | null,
  row: number | null,
): Reason {
  const fields = differingFields.join(', ');
  const reason = `order_id ${shownValue(orderId)} is already stored with another ${fields}, ${storedFrom(fileId, row)}`;
  return { column: 'order_id', code: 'order_conflict', reason };
}

/** The id is one of a deleted order. */
export function deletedOrder(orderId: string): Reason {
  const reason = `order_id ${shownValue(orderId)} was deleted, and its id stays taken`;
  return { column: 'order_id', code: 'order_conflict', reason };
}

/** The id is one of an order that whoever sent the file may not see. */
export function takenId(orderId: string): Reason {
  return {
    column: 'order_id',
    code: 'order_conflict',
    reason: `order_id ${shownValue(orderId)} is taken: use another one`,
  };
}

/** An earlier row of the file, whatever becomes of it, has the same order id. */
export function repeatedOrder(orderId: string, differingFields: string[], row: number): Reason {
  const there = `order_id ${shownValue(orderId)} is already in this file`;
  const from = `from row ${row}`;
  if (differingFields.length === 0) return { column: 'order_id', code: 'duplicate_order', reason: `${there}, ${from}` };
  const reason = `${there} with another ${differingFields.join(', ')}, ${from}`;
  return { column: 'order_id', code: 'order_conflict', reason };
}

export function outOfStock(sku: string, hubId: string, quantity: number, left: number): Reason {
  const reason = `quantity ${quantity} is more than the ${left} left of sku ${shownValue(sku)} at hub ${shownValue(hubId)}`;
  return { column: 'quantity', code: 'out_of_stock', reason };
}

/** The row is right, but another one of its order is not. */
export function orderIncomplete(row: number): Reason {
  const reason = `row ${row} of the same order is to be fixed: an order is taken with all of its rows, or not at all`;
  return { column: '', code: 'order_incomplete', reason };
}

/** Of all rows of an order that has too many. */
export function tooManyItems(orderId: string): Reason {
  const most = `${limits.maxOrderItems} rows or ${limits.maxOrderBytes / 1024 ** 2} MiB`;
  const reason = `the neighbouring rows with order_id ${shownValue(orderId)} are more than the ${most} that one order may have`;
  return { column: 'order_id', code: 'too_many_items', reason };
}

/** A later row of an order says something else about the order than its first row. `name`: of the column in the file. */
export function otherThanFirst(column: OrderColumn, value: string, first: string, row: number, name: string): Reason {
  const reason = `${name} ${shownValue(value)} is another than ${shownValue(first)} in row ${row}, the first of the same order: make them alike, or leave it empty`;
  return { column, code: 'order_conflict', reason };
}

/** As in JSON, with visible control characters, and shortened. */
export function shownValue(value: string): string {
  return visible(JSON.stringify(shorten(value, limits.maxReasonValueChars)));
}

function shorten(value: string, maxChars: number): string {
  if (value.length <= maxChars) {
    return value;
  }
  // A character is at most two units: so much of a long value is enough to see whether it has more than `maxChars`.
  const chars = [...value.slice(0, 2 * (maxChars + 1))];
  return chars.length > maxChars ? `${chars.slice(0, maxChars - 1).join('')}…` : value;
}
