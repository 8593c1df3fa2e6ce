/** What the text of one number says by itself about how numbers are written: `1.234,50` proves a decimal comma, `1,234` proves nothing. */
import { ALIKE } from '../../model/locale-numbers.ts';

export interface NumberShape {
  /** Digits alone: neither decimals nor groups, and no currency. */
  plain: boolean;
  /** What it proves; null where it is undecided. */
  decimal: '.' | ',' | null;
  group: ',' | '.' | ' ' | "'" | null;
  /** A comma or a point that can be either: `1,234`. */
  open: ',' | '.' | null;
  /** What stands around it: `€`, `EUR`. */
  currency: string | null;
}

const MAX_CHARS = 40;
const SEPARATOR = /[^\d]/g;
/** The sign that a format names, by those that are like it. */
const SAME: Record<string, string> = Object.fromEntries(
  Object.entries(ALIKE).flatMap(([sign, others]) => others.map((other) => [other, sign])),
);
const UNIT = /^[-+]?\s*(\p{Sc}|[A-Z]{1,2}\p{Sc}|[A-Z]{3}|kr\.?|zł|Kč|Fr\.|Ft)?\s*$/u;

/** Null: not a number. */
export function numberShape(value: string): NumberShape | null {
  if (value.length > MAX_CHARS) return null;
  const from = value.search(/\d/);
  if (from === -1) return null;
  let to = value.length;
  while (!isDigit(value, to - 1)) to--;
  const before = UNIT.exec(value.slice(0, from));
  const behind = UNIT.exec(value.slice(to));
  if (before === null || behind === null) return null;
  const number = separated(value.slice(from, to));
  if (number === null) return null;
  const currency = before[1] ?? behind[1] ?? null;
  const plain = to - from === value.length && number.decimal === null && number.group === null && number.open === null;
  return { plain, ...number, currency };
}

const isDigit = (text: string, at: number): boolean => text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57;

type Separated = Pick<NumberShape, 'decimal' | 'group' | 'open'>;
const UNDECIDED: Separated = { decimal: null, group: null, open: null };

/** Begins and ends with a digit. */
function separated(digits: string): Separated | null {
  const signs = Array.from(digits.matchAll(SEPARATOR), ([sign]) => SAME[sign] ?? sign);
  if (signs.some((sign) => !(sign in KINDS))) return null;
  const groups = digits.split(SEPARATOR);
  const [first, last] = [signs[0], signs.at(-1)];
  if (first === undefined || last === undefined) return UNDECIDED;
  if (first !== last) {
    if (signs.indexOf(last) !== signs.length - 1 || signs.slice(0, -1).some((sign) => sign !== first)) return null;
    return isGrouped(groups.slice(0, -1)) && isDecimal(last)
      ? { decimal: last, group: asGroup(first), open: null }
      : null;
  }
  if (signs.length > 1) return isGrouped(groups) ? grouped(first) : null;
  if (!isDecimal(first)) return isGrouped(groups) ? grouped(first) : null;
  return isGrouped(groups) ? { ...UNDECIDED, open: first } : { decimal: first, group: null, open: null };
}

const KINDS: Record<string, true> = { '.': true, ',': true, ' ': true, "'": true };
const isDecimal = (sign: string): sign is '.' | ',' => sign === '.' || sign === ',';
const asGroup = (sign: string) => sign as NonNullable<NumberShape['group']>;

/** Where groups have a point, decimals have a comma, and the other way round. */
const grouped = (sign: string): Separated => ({
  decimal: sign === '.' ? ',' : sign === ',' ? '.' : null,
  group: asGroup(sign),
  open: null,
});

/** Three digits in each but the first, which has one to three and does not begin with 0. */
const isGrouped = ([first = '', ...others]: readonly string[]): boolean =>
  first.length <= 3 && first !== '' && !first.startsWith('0') && others.every((group) => group.length === 3);
