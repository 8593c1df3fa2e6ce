/** Dates by their bytes, for the fast path of a row. */
import { limits } from '../limits.ts';
import type { OrderDateParser } from '../model/order-date.ts';
import { digits } from './plain-numbers.ts';

const SPACE = 32;
const PLUS = 43;
const HYPHEN = 45;
const COLON = 58;
const LETTER_T = 84;
const LETTER_Z = 90;

const DAY_CHARS = 10;
/** `2026-11-20T14:03:00`, an offset behind it. */
const MOMENT_CHARS = 19;

export class PlainDates {
  readonly #parseDate: OrderDateParser;
  /** Moments of days and of their midnights in UTC, by `yyyymmdd`. */
  readonly #days = new Map<number, number>();
  readonly #utcDays = new Map<number, number>();

  constructor(parseDate: OrderDateParser) {
    this.#parseDate = parseDate;
  }

  /** Days, and moments to the second with their offset from UTC; NaN for anything else. */
  dateMs(bytes: Uint8Array, start: number, end: number): number {
    const chars = end - start;
    if (chars !== DAY_CHARS && chars <= MOMENT_CHARS) return Number.NaN;
    const year = digits(bytes, start, 4);
    const month = digits(bytes, start + 5, 2);
    const day = digits(bytes, start + 8, 2);
    if ((year | month | day) < 0 || bytes[start + 4] !== HYPHEN || bytes[start + 7] !== HYPHEN) return Number.NaN;
    const key = year * 10_000 + month * 100 + day;
    if (chars === DAY_CHARS) return this.#moment(this.#days, key, bytes, start, '');
    // An offset may lead out of the years 1 to 9999.
    if (year < 2 || year > 9_998) return Number.NaN;
    const hour = digits(bytes, start + 11, 2);
    const minute = digits(bytes, start + 14, 2);
    const second = digits(bytes, start + 17, 2);
    const between = bytes[start + 10];
    const formed =
      (between === LETTER_T || between === SPACE) && bytes[start + 13] === COLON && bytes[start + 16] === COLON;
    if (!formed || (hour | minute | second) < 0 || hour > 23 || minute > 59 || second > 59) return Number.NaN;
    const utcMs = this.#moment(this.#utcDays, key, bytes, start, 'T00:00:00Z');
    return utcMs + ((hour * 60 + minute) * 60 + second) * 1_000 - offsetMs(bytes, start + MOMENT_CHARS, end);
  }

  #moment(known: Map<number, number>, key: number, bytes: Uint8Array, start: number, time: string): number {
    let moment = known.get(key);
    if (moment === undefined) {
      if (known.size >= limits.maxZoneOffsetDays) known.clear();
      const parsed = this.#parseDate(Buffer.from(bytes.subarray(start, start + DAY_CHARS)).toString('latin1') + time);
      moment = typeof parsed === 'number' ? parsed : Number.NaN;
      known.set(key, moment);
    }
    return moment;
  }
}

/** Of `Z`, `+01`, `+0100` or `+01:00`, a space before it or none; NaN for anything else. */
function offsetMs(bytes: Uint8Array, start: number, end: number): number {
  const at = bytes[start] === SPACE ? start + 1 : start;
  const chars = end - at;
  const sign = bytes[at];
  if (sign === LETTER_Z) return chars === 1 ? 0 : Number.NaN;
  if (sign !== PLUS && sign !== HYPHEN) return Number.NaN;
  const hours = digits(bytes, at + 1, 2);
  const colon = bytes[at + 3] === COLON ? 1 : 0;
  const minutes = chars === 3 ? 0 : chars === 5 + colon ? digits(bytes, at + 3 + colon, 2) : -1;
  if ((hours | minutes) < 0 || hours > 23 || minutes > 59) return Number.NaN;
  return (sign === PLUS ? 1 : -1) * (hours * 60 + minutes) * 60_000;
}
