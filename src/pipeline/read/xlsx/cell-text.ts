/** The text of a cell of a sheet that is no text there: a number, a date, a truth value, an error. */
import type { DateStyle } from './number-formats.ts';
import type { SheetDate, WrittenAs } from './written-as.ts';

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
/** The day before day 1 of the calendar of spreadsheets, which has a 29 February 1900. */
const DAY_0 = Date.UTC(1899, 11, 31);
const DAY_0_OF_1904 = Date.UTC(1904, 0, 1);
/** That day, which there never was. */
const LEAP_DAY = 60;
/** 31 December 9999 is the last day. */
const LAST_YEAR = 9999;

/** Digits that spreadsheets have: with more, 0.1 + 0.2 would be 0.30000000000000004. */
const SIGNIFICANT_DIGITS = 15;

export interface NumberOptions {
  is1904: boolean;
  written: WrittenAs;
}

/** A number as plain digits, or the date that it is by its style. What is no number stays as it is. */
export function numberText(value: string, style: DateStyle | null, { is1904, written }: NumberOptions): string {
  if (style !== null) {
    const date = dateOf(Number(value), style, is1904);
    if (date !== null) return written.date(date);
  }
  const plain = plainDigits(value);
  return written.decimal === ',' ? plain.replace('.', ',') : plain;
}

const WHOLE = /^(?:0|-?[1-9]\d*)$/;
/** At most 15 digits, as nearly all are. */
const SHORT_DECIMAL = /^-?(?:0|[1-9]\d{0,8})\.\d{0,5}[1-9]$/;

/** `1E5` and `100000.0` are 100000, and 19.989999999999998 is 19.99. A whole number keeps all of its digits. */
function plainDigits(value: string): string {
  if (WHOLE.test(value) || SHORT_DECIMAL.test(value)) return value;
  const number = Number(value);
  if (value === '' || !Number.isFinite(number)) return value;
  const [, sign, whole, fraction = '', exponent] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(
    number.toExponential(SIGNIFICANT_DIGITS - 1),
  )! as unknown as [string, string, string, string | undefined, string];
  const all = (whole + fraction).replace(/0+$/, '');
  if (all === '') return '0';
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${all}`;
  if (point >= all.length) return sign + all + '0'.repeat(point - all.length);
  return `${sign}${all.slice(0, point)}.${all.slice(point)}`;
}

/** What the sheet shows of the date: a day alone has no time, whatever fraction its number has. Null: the number is no date. */
function dateOf(serial: number, style: DateStyle, is1904: boolean): SheetDate | null {
  if (!Number.isFinite(serial) || serial < 0) return null;
  const unit = style.fraction ? 1 : SECOND_MS;
  const ms = style.time ? Math.round((serial * DAY_MS) / unit) * unit : Math.floor(serial) * DAY_MS;
  const days = Math.floor(ms / DAY_MS);
  const ofDay = ms - days * DAY_MS;
  const isMidnight = ofDay === 0;
  const time = {
    hour: Math.floor(ofDay / 3_600_000),
    minute: Math.floor(ofDay / 60_000) % 60,
    second: Math.floor(ofDay / SECOND_MS) % 60,
    millisecond: ofDay % SECOND_MS,
  };
  // A time of day alone is a part of day 0.
  if (!style.day && days === 0) return { day: null, time };
  const day = dayOf(days, is1904);
  return day && { day, time: isMidnight ? null : time };
}

function dayOf(days: number, is1904: boolean): SheetDate['day'] {
  if (!is1904 && days === LEAP_DAY) return { year: 1900, month: 2, day: 29 };
  const first = is1904 ? DAY_0_OF_1904 : days > LEAP_DAY ? DAY_0 - DAY_MS : DAY_0;
  const date = new Date(first + days * DAY_MS);
  const year = date.getUTCFullYear();
  return year > LAST_YEAR || Number.isNaN(year)
    ? null
    : { year, month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?)?$/;

/** A date that the sheet has as ISO 8601; one with a zone stays as it is. */
export function isoText(value: string, { written }: NumberOptions): string {
  const parts = ISO.exec(value);
  if (parts === null) return value;
  const [year, month, day, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const millisecond = Number((parts[7] ?? '').padEnd(3, '0'));
  const isMidnight = hour + minute + second + millisecond === 0;
  const time = isMidnight ? null : { hour, minute, second, millisecond };
  return written.date({ day: { year: year!, month: month!, day: day! }, time });
}

export const booleanText = (value: string): string => (value === '1' || value === 'true' ? 'TRUE' : 'FALSE');

/** Spreadsheets write characters so that XML cannot hold. Source: ECMA-376, part 1, 22.9.2.19. */
const ESCAPED = /_x([0-9A-Fa-f]{4})_/g;

export const unescapedText = (text: string): string =>
  text.includes('_x')
    ? text.replace(ESCAPED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : text;
