/**
 * The order date of a row: ISO 8601, a day (`2026-11-20`, its midnight) or a moment (`2026-11-20T14:03:00Z`,
 * `2026-11-20 14:03:00 -0500`, seconds and fraction optional). Without an offset it is wall time in the configured zone.
 * Valid are days of the calendar and moments of the years 0001 to 9999, without leap seconds (60).
 */
import { limits } from '../limits.ts';

/** What is wrong with an invalid date: its form, its day, its time of day, or its offset from UTC. */
export type OrderDateProblem = 'form' | 'day' | 'time' | 'offset';

export type OrderDateParser = (text: string) => number | OrderDateProblem;

const FORM = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?(?:Z|[+-]\d{2}(?::?\d{2})?))?)?$/;
/** The first three digits of a fraction count: milliseconds. */
const FRACTION = /\.(\d{1,3})/;
/** An offset after a time of day; a day alone ends alike. */
const OFFSET = /:.*([+-])(\d{2}):?(\d{2})?$/;

/** `2026-11-20` */
const DAY_CHARS = 10;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
/** The Gregorian calendar repeats after 400 years. */
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * DAY_MS;

/** A parser that returns milliseconds since 1970-01-01T00:00:00Z, or what is wrong. `timeZone` is an IANA name. */
export function createOrderDateParser(timeZone: string): OrderDateParser {
  const toInstant = createWallClock(timeZone);
  // A validator parses each value twice, once to check it and once to use it; files sorted by day repeat values, too.
  let lastText = '';
  let lastResult: number | OrderDateProblem = 'form';
  // A file has few distinct days.
  const days = new Map<string, number | OrderDateProblem>();
  const parseDay = (text: string) => {
    let result = days.get(text);
    if (result === undefined) {
      if (days.size >= limits.maxZoneOffsetDays) days.clear();
      result = parse(text, toInstant);
      // A copy: the text may be a slice of a block and would keep it in memory.
      days.set(structuredClone(text), result);
    }
    return result;
  };
  return (text) => {
    if (text !== lastText) {
      lastResult = text.length === DAY_CHARS ? parseDay(text) : parse(text, toInstant);
      lastText = text;
    }
    return lastResult;
  };
}

// Every row has a date, so its parts are taken by position: capture groups would cost three times as much.
function parse(text: string, toInstant: (wallMs: number) => number): number | OrderDateProblem {
  if (!FORM.test(text)) {
    return 'form';
  }
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    return 'day';
  }
  const timed = text.length > 10;
  const hour = timed ? digits(text, 11, 13) : 0;
  const minute = timed ? digits(text, 14, 16) : 0;
  const second = text[16] === ':' ? digits(text, 17, 19) : 0;
  if (hour > 23 || minute > 59 || second > 59) {
    return 'time';
  }
  const millisecond = text[19] === '.' ? Number(FRACTION.exec(text)![1]!.padEnd(3, '0')) : 0;
  // Date.UTC maps the years 0 to 99 to 1900 to 1999, so it is called with a year one cycle later.
  const wallMs = Date.UTC(year + CYCLE_YEARS, month - 1, day, hour, minute, second, millisecond) - CYCLE_MS;

  const instantMs = text.endsWith('Z') ? wallMs : timed ? fromOffset(text, wallMs, toInstant) : toInstant(wallMs);
  if (instantMs === null) {
    return 'offset';
  }
  return instantMs >= FIRST_MS && instantMs <= LAST_MS ? instantMs : 'day';
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    value = value * 10 + text.charCodeAt(at) - 48;
  }
  return value;
}

/** The instant of a moment, with or without an offset; null when the offset is impossible. */
function fromOffset(text: string, wallMs: number, toInstant: (wallMs: number) => number): number | null {
  const offset = OFFSET.exec(text);
  if (offset === null) {
    return toInstant(wallMs);
  }
  const hours = Number(offset[2]);
  const minutes = Number(offset[3] ?? 0);
  if (hours > 23 || minutes > 59) {
    return null;
  }
  const offsetMs = hours * HOUR_MS + minutes * MINUTE_MS;
  return offset[1] === '+' ? wallMs - offsetMs : wallMs + offsetMs;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) {
    return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  }
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * Converts wall time in a zone (given as if it were UTC) to its instant. A wall time that occurred twice, as the clock was set back, is
 * the earlier one; one that never occurred, as the clock was set forward, is later by as much as the clock was moved.
 */
function createWallClock(timeZone: string): (wallMs: number) => number {
  const offsetAt = zoneOffsets(timeZone);
  return (wallMs) => {
    const before = offsetAt(wallMs - DAY_MS);
    const earlier = wallMs - before;
    if (offsetAt(earlier) === before) {
      return earlier;
    }
    const after = offsetAt(wallMs + DAY_MS);
    const later = wallMs - after;
    return offsetAt(later) === after ? later : earlier;
  };
}

/** It takes longer than reading a small file; a process has one zone. */
let format: { timeZone: string; of: Intl.DateTimeFormat } | undefined;
function formatOf(timeZone: string): Intl.DateTimeFormat {
  if (format?.timeZone !== timeZone)
    format = { timeZone, of: new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }) };
  return format.of;
}

/** The offset of a zone from UTC at an instant, in milliseconds. */
export function zoneOffsets(timeZone: string): (instantMs: number) => number {
  const format = formatOf(timeZone);
  const ask = (instantMs: number): number => {
    const [, sign, hours, minutes, seconds = '0'] =
      /GMT([+-])(\d+):(\d+)(?::(\d+))?$/.exec(format.format(instantMs)) ?? [];
    const offsetMs = Number(hours ?? 0) * HOUR_MS + Number(minutes ?? 0) * MINUTE_MS + Number(seconds) * 1000;
    return sign === '-' ? -offsetMs : offsetMs;
  };
  // Intl takes microseconds, and the dates of a file are close together. Null: the offset changes on this day, so ask Intl.
  const days = new Map<number, number | null>();
  return (instantMs) => {
    const day = Math.floor(instantMs / DAY_MS);
    let offset = days.get(day);
    if (offset === undefined) {
      const start = ask(day * DAY_MS);
      offset = start === ask((day + 1) * DAY_MS) ? start : null;
      if (days.size >= limits.maxZoneOffsetDays) {
        days.clear();
      }
      days.set(day, offset);
    }
    return offset ?? ask(instantMs);
  };
}
