/**
 * The short way of a row, from its bytes to an order, without a text or an object of its own: nearly all rows are plain enough for it,
 * by the million. A row that is anything else, wrong or merely unusual, is left to the long way (`csv-records.ts`, `validate.ts`),
 * which explains. What is taken here is what the long way makes of it, and tests hold the two together.
 */

import { isUtf8 } from 'node:buffer';
import { limits } from '../limits.ts';
import { FREE_TEXT_COLUMNS, ORDER_COLUMNS, type OrderColumn } from '../model/columns.ts';
import type { Header } from '../model/intake.ts';
import type { OrderDateParser } from '../model/order-date.ts';
import {
  EMAIL_SIGNS,
  MAX_EMAIL_CHARS,
  MAX_LABEL_CHARS,
  MAX_QUANTITY,
  PRICE_DIGITS,
  QUANTITY_DIGITS,
  TOTAL_DIGITS,
} from '../model/row-schema.ts';
import type { PlainOrder } from './packer.ts';

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;
const PLUS = 43;
const HYPHEN = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const AT = 64;
const LETTER_T = 84;
const LETTER_Z = 90;
const DELETE = 127;

/** What a byte may be of in an e-mail address. */
const LETTER = 1;
const OF_LABEL = 2;
/** Of the part before the @, beside dots. */
const LOCAL = 4;
const KINDS = kindsOfBytes();

function kindsOfBytes(): Uint8Array {
  const kinds = new Uint8Array(256);
  const set = (characters: string, kind: number) => {
    for (const byte of Buffer.from(characters)) kinds[byte]! |= kind;
  };
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  set(letters, LETTER);
  set(`${letters}0123456789_`, OF_LABEL);
  set(`${letters}0123456789${EMAIL_SIGNS}`, LOCAL);
  return kinds;
}

/** First bytes of characters that a text may not have, and of others. */
const REFUSED_LEADS = new Uint8Array(256);
for (const lead of [0xc2, 0xc3, 0xe2, 0xef, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4]) REFUSED_LEADS[lead] = 1;

/** First bytes of the characters that bytes from 128 to 191 are in Windows-1252. */
const FOLLOWING_LEADS = new Uint8Array(256);
for (const lead of [0xc2, 0xc5, 0xc6, 0xcb, 0xe2]) FOLLOWING_LEADS[lead] = 1;
const SHORTENED_DIGITS = 16;

const DAY_CHARS = 10;
/** `2026-11-20T14:03:00`, an offset behind it. */
const MOMENT_CHARS = 19;

/** Columns whose values may have any letters, though only those of ASCII are known here to look like no others. */
const KEYS: OrderColumn[] = ['order_id', 'sku', 'hub_id'];

/** Reads one record after the other; what it says of the last is in its fields. */
export class PlainRecord implements PlainOrder {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Columns whose value has doubled quotes, each of which stands for one. */
  readonly doubled: number[] = [];
  ascii = true;
  quantity = 0;
  unitPriceMinor = 0;
  totalMinor = 0;
  orderDateMs = 0;
  /** False where bytes above 127 are not UTF-8: records that have any are then left. */
  utf8: boolean;

  readonly #at: Record<OrderColumn, number>;
  readonly #width: number;
  readonly #texts: number[];
  readonly #keys: number[];
  readonly #numbered: number[];
  /** By column: what it may have beside printable characters. */
  readonly #mayBreak: Uint8Array;
  readonly #mayDouble: Uint8Array;
  readonly #delimiter: number;
  readonly #parseDate: OrderDateParser;
  /** Moments of days and of their midnights in UTC, by `yyyymmdd`. */
  readonly #days = new Map<number, number>();
  readonly #utcDays = new Map<number, number>();

  constructor({ columns, orderColumns }: Header, delimiter: string, utf8: boolean, parseDate: OrderDateParser) {
    this.#width = columns.length;
    this.#at = orderColumns;
    this.#texts = [...KEYS, ...FREE_TEXT_COLUMNS].map((column) => orderColumns[column]);
    this.#numbered = [orderColumns.order_id, orderColumns.sku];
    this.#keys = KEYS.map((column) => orderColumns[column]);
    this.#mayBreak = new Uint8Array(columns.length);
    for (const column of FREE_TEXT_COLUMNS) this.#mayBreak[orderColumns[column]] = 1;
    // The bytes of the others are compared or counted with.
    this.#mayDouble = new Uint8Array(columns.length).fill(1);
    for (const column of ORDER_COLUMNS)
      if (!FREE_TEXT_COLUMNS.includes(column)) this.#mayDouble[orderColumns[column]] = 0;
    this.#delimiter = delimiter.charCodeAt(0);
    this.utf8 = utf8;
    this.#parseDate = parseDate;
    this.starts = new Uint32Array(columns.length);
    this.ends = new Uint32Array(columns.length);
  }

  /** The index behind the record's line end, which must be before `to`; or -1: it is not taken. */
  read(bytes: Uint8Array, from: number, to: number): number {
    const end = this.#split(bytes, from, to);
    return end !== -1 && (this.ascii || (this.utf8 && isPlainUtf8(bytes, from, end))) && this.#check(bytes) ? end : -1;
  }

  /** Finds the values of as many columns as there should be. */
  #split(bytes: Uint8Array, from: number, to: number): number {
    const { starts, ends } = this;
    const delimiter = this.#delimiter;
    const width = this.#width;
    this.doubled.length = 0;
    let all = 0;
    let column = 0;
    for (let i = from; i < to; i++) {
      let byte = bytes[i]!;
      if (column === width) return -1;
      if (byte === QUOTE) {
        starts[column] = ++i;
        for (let doubled = false; ; i++) {
          if (i >= to) return -1;
          byte = bytes[i]!;
          if (byte === QUOTE) {
            if (i + 1 >= to || bytes[i + 1] !== QUOTE) break;
            if (this.#mayDouble[column] === 0) return -1;
            if (!doubled) this.doubled.push(column);
            doubled = true;
            i++;
          } else if (byte < SPACE || byte === DELETE) {
            if (this.#mayBreak[column] === 0 || (byte !== LF && byte !== CR && byte !== TAB)) return -1;
          } else all |= byte;
        }
        ends[column] = i++;
        if (i >= to) return -1;
        byte = bytes[i]!;
        if (byte !== delimiter && byte !== LF && byte !== CR) return -1;
      } else {
        // Behind it may be a quote.
        if (byte === SPACE) return -1;
        starts[column] = i;
        while (byte !== delimiter && byte !== LF) {
          if (byte < SPACE || byte === DELETE) {
            if (byte === CR) break;
            return -1;
          }
          all |= byte;
          if (++i >= to) return -1;
          byte = bytes[i]!;
        }
        ends[column] = i;
      }
      column++;
      if (byte === delimiter) continue;
      if (byte === CR && (++i >= to || bytes[i] !== LF)) return -1;
      this.ascii = all < 128;
      return column === width ? i + 1 : -1;
    }
    return -1;
  }

  #check(bytes: Uint8Array): boolean {
    const { starts, ends } = this;
    for (const column of this.#texts) if (!isTrimmed(bytes, starts[column]!, ends[column]!)) return false;
    // What may be worth a warning is looked at as texts.
    for (const column of this.#numbered) if (mayBeShortened(bytes, starts[column]!, ends[column]!)) return false;
    if (!this.ascii) for (const column of this.#keys) if (!isAscii(bytes, starts[column]!, ends[column]!)) return false;
    const at = this.#at;
    const quantity = wholeNumber(bytes, starts[at.quantity]!, ends[at.quantity]!, QUANTITY_DIGITS);
    if (quantity < 1 || quantity > MAX_QUANTITY) return false;
    const unitPriceMinor = money(bytes, starts[at.unit_price]!, ends[at.unit_price]!, PRICE_DIGITS);
    if (unitPriceMinor < 1) return false;
    const totalMinor = money(bytes, starts[at.total_amount]!, ends[at.total_amount]!, TOTAL_DIGITS);
    if (quantity * unitPriceMinor !== totalMinor) return false;
    if (!isEmail(bytes, starts[at.customer_email]!, ends[at.customer_email]!)) return false;
    const orderDateMs = this.#date(bytes, starts[at.order_date]!, ends[at.order_date]!);
    if (Number.isNaN(orderDateMs)) return false;
    this.quantity = quantity;
    this.unitPriceMinor = unitPriceMinor;
    this.totalMinor = totalMinor;
    this.orderDateMs = orderDateMs;
    return true;
  }

  /** Days, and moments to the second with their offset from UTC; NaN for all else. */
  #date(bytes: Uint8Array, start: number, end: number): number {
    const chars = end - start;
    if (chars !== DAY_CHARS && chars <= MOMENT_CHARS) return Number.NaN;
    const year = digits(bytes, start, 4);
    const month = digits(bytes, start + 5, 2);
    const day = digits(bytes, start + 8, 2);
    if ((year | month | day) < 0 || bytes[start + 4] !== HYPHEN || bytes[start + 7] !== HYPHEN) return Number.NaN;
    const key = year * 10_000 + month * 100 + day;
    if (chars === DAY_CHARS) return this.#moment(this.#days, key, bytes, start, '');
    // An offset may lead out of the years that there are.
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

/** UTF-8 without what no text may have. */
function isPlainUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (byte >= 0xc2 && REFUSED_LEADS[byte] === 1 && isRefused(byte, bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!))
      return false;
  }
  return isUtf8(bytes.subarray(from, to));
}

/** Whether these bytes are, or may be, a character that `refusedCharacter` finds in a text. */
function isRefused(lead: number, second: number, third: number, fourth: number): boolean {
  // U+0080 to U+009F.
  if (lead === 0xc2) return second < 0xa0;
  // The beginnings of wrongly decoded text, and what follows them.
  if (lead === 0xc3) return (second === 0x82 || second === 0x83 || second === 0xa2) && FOLLOWING_LEADS[third] === 1;
  // U+202D, U+202E, U+206A to U+206F.
  if (lead === 0xe2)
    return (second === 0x80 && (third === 0xad || third === 0xae)) || (second === 0x81 && third >= 0xaa);
  // U+FDD0 to U+FDEF, U+FFF9 to U+FFFB, U+FFFE, U+FFFF.
  if (lead === 0xef) return (second === 0xb7 && third >= 0x90 && third <= 0xaf) || (second === 0xbf && third >= 0xb9);
  // U+E0000 to U+E0FFF, and the last two of each plane.
  return (lead === 0xf3 && second === 0xa0) || ((second & 0x0f) === 0x0f && third === 0xbf && fourth >= 0xbe);
}

/** Not empty, short enough in bytes already, and without what may be a space or not be seen at its ends. */
function isTrimmed(bytes: Uint8Array, start: number, end: number): boolean {
  if (end === start || end - start > limits.maxTextChars) return false;
  let last = end - 1;
  while ((bytes[last]! & 0xc0) === 0x80) last--;
  return !isSpace(bytes, start) && !isSpace(bytes, last);
}

/** Whether the character that begins here is a space of any kind, or is of those among which some are not seen. */
function isSpace(bytes: Uint8Array, at: number): boolean {
  const lead = bytes[at]!;
  if (lead < 0x80) return lead <= SPACE;
  const second = bytes[at + 1]!;
  switch (lead) {
    case 0xc2:
      return second === 0xa0 || second === 0xad;
    case 0xcd:
      return second === 0x8f;
    case 0xd8:
      return second === 0x9c;
    case 0xe1:
      return second === 0x85 || second === 0x9a || second === 0x9e || second === 0xa0;
    case 0xe2:
      return second === 0x80 || second === 0x81 || second === 0xa0;
    case 0xe3:
      return second === 0x85 || (second === 0x80 && bytes[at + 2] === 0x80);
    case 0xef:
      return second >= 0xb7;
    case 0xf0:
      return second === 0x9b || second === 0x9d;
    default:
      return lead === 0xf3 && second === 0xa0;
  }
}

/** From a digit to a digit, with an exponent or long and ending in 0. */
function mayBeShortened(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!;
  if (first < ZERO || first > NINE) return false;
  if (bytes[end - 2] === PLUS || bytes[end - 3] === PLUS || bytes[end - 4] === PLUS) return true;
  return end - start >= SHORTENED_DIGITS && bytes[end - 1] === ZERO;
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > DELETE) return false;
  return true;
}

/** Of `Z`, `+01`, `+0100` or `+01:00`, a space before it or none; NaN for all else. */
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

/** A number of this many digits, or less than 0. */
function digits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const byte = bytes[i]!;
    if (byte < ZERO || byte > NINE) return -1;
    value = value * 10 + byte - ZERO;
  }
  return value;
}

/** A number of one to `max` digits, or -1. */
function wholeNumber(bytes: Uint8Array, start: number, end: number, max: number): number {
  const count = end - start;
  return count >= 1 && count <= max ? digits(bytes, start, count) : -1;
}

/** Minor units of one to `max` digits and perhaps a point with one or two more, or -1. */
function money(bytes: Uint8Array, start: number, end: number, max: number): number {
  let point = start;
  while (point < end && bytes[point] !== POINT) point++;
  const whole = wholeNumber(bytes, start, point, max);
  if (whole === -1 || point === end) return whole === -1 ? -1 : whole * 100;
  const decimals = wholeNumber(bytes, point + 1, end, 2);
  return decimals === -1 ? -1 : whole * 100 + (end - point === 2 ? decimals * 10 : decimals);
}

/** Of the addresses that the schema takes, all but those of a top-level domain in Punycode. */
function isEmail(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_EMAIL_CHARS || bytes[start] === POINT) return false;
  let at = start;
  for (; ; at++) {
    if (at >= end) return false;
    const byte = bytes[at]!;
    if (byte === AT) break;
    if (byte !== POINT && (KINDS[byte]! & LOCAL) === 0) return false;
  }
  if (at === start) return false;
  let label = at + 1;
  for (let i = label; i <= end; i++) {
    const byte = i === end ? POINT : bytes[i]!;
    if (byte === POINT) {
      if (i === label || i - label > MAX_LABEL_CHARS || bytes[i - 1] === HYPHEN) return false;
      if (i < end) label = i + 1;
    } else if ((KINDS[byte]! & OF_LABEL) === 0 && (i === label || byte !== HYPHEN)) return false;
  }
  if (label === at + 1 || end - label < 2) return false;
  for (let i = label; i < end; i++) if ((KINDS[bytes[i]!]! & LETTER) === 0) return false;
  return true;
}
