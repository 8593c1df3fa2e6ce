/**
 * Which columns of a file are which of an order: by their names, and by the look of their values. Each match has a confidence from 0 to 1;
 * what is less than half sure is not proposed at all.
 */
import { limits } from '../../limits.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import { matchName, ownerOf, partOf } from './name-match.ts';
import type { FileColumn, Kind } from './table.ts';

export interface Match {
  columns: FileColumn[];
  /** `from`: the first of them that is not empty. `join`: all of them. */
  how: 'from' | 'join';
  confidence: number;
}
export type Matches = Partial<Record<OrderColumn, Match>>;

const LEAST = 0.5;
const COLUMNS_OF_SLICE = 32;
/** What is left of a name whose values do not look like it. */
const BY_NAME_ALONE = 0.35;
/** A column without values: only its name speaks for it. */
const WITHOUT_VALUES = 0.7;
/** The only column of e-mail addresses, or of dates, under a name that says nothing. */
const BY_LOOKS_ALONE: Partial<Record<OrderColumn, number>> = { customer_email: 0.75, order_date: 0.6 };
const ONLY_ONE = 0.9;
const JOINED = 0.9;
const NEARLY_SURE = 0.9;

/** How well a value of a kind fits a column. */
const FITS: Record<OrderColumn, Partial<Record<Kind, number>>> = {
  order_id: { code: 1, whole: 1, text: 0.5 },
  customer_name: { text: 1, code: 0.5 },
  customer_email: { email: 1 },
  product_name: { text: 1, code: 0.7, whole: 0.2 },
  sku: { code: 1, whole: 1, text: 0.5, date: 0.3 },
  hub_id: { code: 1, text: 0.8, whole: 0.8 },
  quantity: { whole: 1, amount: 0.2 },
  unit_price: { amount: 1, whole: 0.9 },
  total_amount: { amount: 1, whole: 0.9 },
  order_date: { date: 1, text: 0.3 },
  shipping_address: { text: 1, code: 0.5, whole: 0.2 },
};

export async function matchColumns(all: readonly FileColumn[]): Promise<Matches> {
  const columns = all.filter(canBeNamed);
  const pairs: { file: FileColumn; column: OrderColumn; confidence: number }[] = [];
  for (const [n, file] of columns.entries()) {
    for (const column of ORDER_COLUMNS) {
      const confidence = confidenceOf(file, column);
      if (confidence >= LEAST) pairs.push({ file, column, confidence });
    }
    if (n % COLUMNS_OF_SLICE === COLUMNS_OF_SLICE - 1) await sliceTurn();
  }
  const matches: Matches = {};
  const used = new Set<FileColumn>();
  for (const { file, column, confidence } of pairs.sort((a, b) => b.confidence - a.confidence)) {
    if (matches[column] !== undefined || used.has(file)) continue;
    matches[column] = { columns: [file], how: 'from', confidence };
    used.add(file);
  }
  byLooks(matches, columns, used);
  const free = (file: FileColumn, column: OrderColumn) => !used.has(file) || matches[column]?.columns[0] === file;
  joinName(
    matches,
    columns.filter((file) => free(file, 'customer_name')),
  );
  joinAddress(
    matches,
    columns.filter((file) => free(file, 'shipping_address')),
  );
  return matches;
}

/** Whether a format can name the column. */
const canBeNamed = ({ name, key, isAmbiguous }: FileColumn): boolean =>
  key !== '' && !name.startsWith('_') && name.length <= limits.maxFormatTextChars && !isAmbiguous;

function confidenceOf(file: FileColumn, column: OrderColumn): number {
  const name = matchName(file.words, column);
  if (name === 0) return 0;
  return name * (file.filled === 0 ? WITHOUT_VALUES : BY_NAME_ALONE + (1 - BY_NAME_ALONE) * fitOf(file, column));
}

function fitOf({ kinds, filled }: FileColumn, column: OrderColumn): number {
  const fits = FITS[column];
  let sum = 0;
  for (const kind of Object.keys(fits) as Kind[]) sum += kinds[kind] * fits[kind]!;
  return sum / filled;
}

function byLooks(matches: Matches, columns: readonly FileColumn[], used: Set<FileColumn>): void {
  for (const [column, confidence] of Object.entries(BY_LOOKS_ALONE) as [OrderColumn, number][]) {
    if (matches[column] !== undefined) continue;
    const alike = columns.filter((file) => file.filled > 0 && fitOf(file, column) >= ONLY_ONE && !used.has(file));
    if (alike.length !== 1) continue;
    matches[column] = { columns: alike, how: 'from', confidence };
    used.add(alike[0]!);
  }
}

/** First and last name, where no column surely has both; the name of delivery before that of billing. */
function joinName(matches: Matches, columns: readonly FileColumn[]): void {
  const found = matches.customer_name;
  if (found !== undefined && found.confidence >= NEARLY_SURE) {
    const alike = columns.filter((file) => confidenceOf(file, 'customer_name') >= NEARLY_SURE);
    found.columns = alike.toSorted((a, b) => ownerOf(a.words) - ownerOf(b.words));
    return;
  }
  const parts = bestParts(columns, 'customer_name');
  if (parts !== null && parts.length === 2)
    matches.customer_name = { columns: parts.map(({ file }) => file), how: 'join', confidence: JOINED };
}

const CITY_OR_ZIP = new Set([4, 5]);
const STREET = 0;

/** Street, zip, city and country, where one column does not have them all. */
function joinAddress(matches: Matches, columns: readonly FileColumn[]): void {
  const parts = bestParts(columns, 'shipping_address');
  if (parts === null || !parts.some(({ place }) => CITY_OR_ZIP.has(place))) return;
  const [whole] = matches.shipping_address?.columns ?? [];
  const files = parts.map(({ file }) => file);
  const hasStreet = parts.some(({ place }) => place === STREET);
  if (!hasStreet && whole !== undefined && !files.includes(whole)) files.unshift(whole);
  if (files.length < 2) return;
  const confidence = hasStreet || files[0] === whole ? JOINED : LEAST;
  matches.shipping_address = { columns: files, how: 'join', confidence };
}

interface FoundPart {
  file: FileColumn;
  place: number;
}

/** The parts of one owner, each once, in order: of the owner that has most of them, delivery before billing where they are even. */
function bestParts(columns: readonly FileColumn[], column: 'customer_name' | 'shipping_address'): FoundPart[] | null {
  const byOwner = new Map<number, Map<number, FileColumn>>();
  for (const file of columns) {
    const part = partOf(file.words, column);
    if (part === null) continue;
    const parts = byOwner.get(part.owner) ?? new Map<number, FileColumn>();
    if (!parts.has(part.place)) parts.set(part.place, file);
    byOwner.set(part.owner, parts);
  }
  const owners = [...byOwner].sort(([a, some], [b, others]) => others.size - some.size || a - b);
  const [best] = owners;
  if (best === undefined) return null;
  return Array.from(best[1], ([place, file]) => ({ file, place })).sort((a, b) => a.place - b.place);
}
