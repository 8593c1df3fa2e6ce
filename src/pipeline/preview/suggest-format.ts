/**
 * The format that a file seems to have: which column is which, how numbers and dates are written, whether neighbouring rows are one order.
 * It is a proposal for a person to confirm, with what speaks for it and against it; what no value proves is left out and named as missing.
 */
import { limits } from '../../limits.ts';
import { nameKey } from '../../model/column-names.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import { namesOf, type Source } from '../../model/format.ts';
import { currencyOf, type NumberForm } from '../../model/locale-numbers.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import { type AmountColumns, type AmountsSeen, type LinesSeen, seeAmounts, seeLines } from './amount-evidence.ts';
import { type DatesSeen, seeDates } from './date-evidence.ts';
import type { Draft } from './draft.ts';
import { type Match, type Matches, matchColumns } from './match-columns.ts';
import { type NumbersSeen, seeNumbers } from './number-evidence.ts';
import type { FileColumn, Table } from './table.ts';

export interface Evidence {
  /** Null where no column is one of amounts. */
  numbers: NumbersSeen | null;
  /** Null where no column is one of dates. */
  dates: DatesSeen | null;
  amounts: AmountsSeen;
  lines: LinesSeen;
}

/** What a person must say before the file can be read: a column of orders, how numbers are written, how dates are. */
export type Missing = OrderColumn | 'numbers' | 'dates';

export interface Suggestion {
  format: Draft;
  /** From 0 to 1, of the columns that were found in the file. */
  confidence: Partial<Record<OrderColumn, number>>;
  evidence: Evidence;
  missing: Missing[];
}

/** `given`: what is decided already; only what it leaves out is suggested. */
export async function suggestFormat(table: Table, header: Draft['header'], given: Draft = {}): Promise<Suggestion> {
  const matches = given.columns === undefined ? await matchColumns(table.columns) : {};
  const chosen = given.columns === undefined ? columnsOf(matches) : columnsNamed(given.columns, table.columns);
  const evidence = await see(table, chosen, given.numbers);
  const { numbers, dates, lines } = evidence;
  const columns = given.columns ? { ...TOTAL, ...given.columns } : sourcesOf(matches, evidence);
  const isOneOrder = given.columns === undefined && lines.orders > 0;
  const format: Draft = {
    ...(header && { header }),
    ...(numbers?.decimal && isSpecial(numbers) && { numbers: formOf(numbers) }),
    ...(patternsOf(dates).length > 0 && { dates: patternsOf(dates) }),
    ...(isOneOrder && { lines: 'adjacent' as const }),
    ...(isOneOrder && isOrderTotal(evidence) && { total: 'order' as const }),
    ...given,
    columns,
  };
  const confidence = confidenceOf(columns, matches, evidence);
  return { format, confidence, evidence, missing: missingIn(format, evidence) };
}

/** As in a format that does not say it. */
const TOTAL = { total_amount: { compute: true } } as const;

type Columns = Partial<Record<OrderColumn, FileColumn>>;

const columnsOf = (matches: Matches): Columns =>
  Object.fromEntries(Object.entries(matches).map(([column, match]) => [column, match.columns[0]]));

function columnsNamed(sources: NonNullable<Draft['columns']>, columns: readonly FileColumn[]): Columns {
  const byKey = new Map(columns.map((column) => [column.key, column]));
  return Object.fromEntries(
    Object.entries(sources).map(([column, source]) => {
      const found = namesOf(source).flatMap((name) => byKey.get(nameKey(name)) ?? []);
      return [column, found[0]];
    }),
  );
}

async function see(table: Table, columns: Columns, given: Draft['numbers']): Promise<Evidence> {
  const { order_id, quantity, unit_price, total_amount, order_date } = columns;
  const sums: AmountColumns = { order_id, quantity, unit_price, total_amount };
  const numeric = [unit_price, total_amount, quantity].filter((column) => column !== undefined);
  const numbers = numeric.length === 0 ? null : seeNumbers(table.rows, numeric);
  const { decimal, group, currency } = { ...formOf(numbers), ...given };
  const form: NumberForm = { decimal: decimal ?? '.', group: group ?? '', currency: currency ?? null };
  await sliceTurn();
  const dates = order_date === undefined ? null : seeDates(table.rows, order_date);
  await sliceTurn();
  const amounts = seeAmounts(table.rows, sums, form);
  await sliceTurn();
  return { numbers, dates, amounts, lines: seeLines(table.rows, sums, form) };
}

const isSpecial = ({ decimal, group, currency }: NumbersSeen): boolean =>
  decimal === ',' || group !== '' || (currency !== null && currencyOf(currency) !== null);

function formOf(seen: NumbersSeen | null): NonNullable<Draft['numbers']> {
  const { decimal, group, currency } = seen ?? { decimal: null, group: '' as const, currency: null };
  const code = currency === null ? null : currencyOf(currency);
  return { decimal: decimal ?? '.', group: decimal === null ? '' : group, ...(code !== null && { currency: code }) };
}

const patternsOf = (dates: DatesSeen | null): string[] =>
  dates?.order == null ? [] : dates.patterns[dates.order === 'month_first' ? 'month_first' : 'day_first'];

/** The share of rows with the right sum that makes a column the total: the others are mistakes, as a person will see. */
const MOST = 0.9;

const isLineTotal = ({ amounts }: Evidence): boolean => amounts.checked > 0 && amounts.exact >= amounts.checked * MOST;
const isOrderTotal = ({ lines }: Evidence): boolean => lines.added > 0 && lines.exact >= lines.added * MOST;
const isPriceOfAll = ({ amounts }: Evidence): boolean =>
  amounts.several > 0 && amounts.priceIsTotal >= amounts.several * MOST;

function sourcesOf(matches: Matches, evidence: Evidence): Partial<Record<OrderColumn, Source>> {
  const sources: Partial<Record<OrderColumn, Source>> = {};
  for (const column of ORDER_COLUMNS) {
    const match = matches[column];
    if (match !== undefined) sources[column] = sourceOf(match, column);
  }
  const price = matches.unit_price ?? matches.total_amount;
  const isOfAll = matches.unit_price === undefined ? matches.total_amount !== undefined : isPriceOfAll(evidence);
  if (price !== undefined && isOfAll) sources.unit_price = { from: price.columns[0]!.name, divide_by: 'quantity' };
  const isTotal = !isOfAll && (isOrderTotal(evidence) || isLineTotal(evidence));
  if (!isTotal || sources.total_amount === undefined) sources.total_amount = { compute: true };
  return sources;
}

function sourceOf({ columns, how }: Match, column: OrderColumn): Source {
  const names = columns.slice(0, limits.maxFormatNames).map(({ name }) => name);
  if (how === 'join') return { join: names, with: column === 'customer_name' ? ' ' : ', ' };
  return { from: names.length === 1 ? names[0]! : names };
}

/** Of the sums that prove three columns together. */
const PROVEN = 0.99;

function confidenceOf(
  sources: NonNullable<Draft['columns']>,
  matches: Matches,
  evidence: Evidence,
): Suggestion['confidence'] {
  const proven = evidence.amounts.checked > 1 && isLineTotal(evidence) && !isPriceOfAll(evidence);
  const confidence: Suggestion['confidence'] = {};
  for (const column of ORDER_COLUMNS) {
    const source = sources[column];
    const match = matches[column] ?? (column === 'unit_price' ? matches.total_amount : undefined);
    if (match === undefined || source === undefined || 'compute' in source) continue;
    const isSum = ['quantity', 'unit_price', 'total_amount'].includes(column);
    confidence[column] =
      Math.round(100 * (proven && isSum ? Math.max(PROVEN, match.confidence) : match.confidence)) / 100;
  }
  return confidence;
}

function missingIn(format: Draft, { numbers, dates }: Evidence): Missing[] {
  const missing: Missing[] = ORDER_COLUMNS.filter((column) => format.columns?.[column] === undefined);
  if (format.numbers === undefined && numbers !== null && numbers.decimal === null) missing.push('numbers');
  if (format.dates === undefined && dates !== null && dates.order === null && dates.undecided > 0)
    missing.push('dates');
  return missing;
}
