/** Order dates: the ISO 8601 forms, the calendar, offsets, and wall time in a zone with its gaps and overlaps. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { createOrderDateParser } from '../../../src/model/order-date.ts';

function iso(text: string, timeZone = 'UTC'): string {
  const result = createOrderDateParser(timeZone)(text);
  return typeof result === 'number' ? new Date(result).toISOString() : result;
}

describe('an order date', () => {
  test.each([
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T14:03:00Z', '2026-11-20T14:03:00.000Z'],
    ['2026-11-20 14:03:00 -0500', '2026-11-20T19:03:00.000Z'],
    ['2026-11-20T14:03:00+05:30', '2026-11-20T08:33:00.000Z'],
    ['2026-11-20T14:03+05:30', '2026-11-20T08:33:00.000Z'],
    ['2026-11-20T14:03 -0500', '2026-11-20T19:03:00.000Z'],
    ['2026-11-20 14:03:00+00', '2026-11-20T14:03:00.000Z'],
    ['2026-11-20 14:03', '2026-11-20T14:03:00.000Z'],
    ['2026-11-20T14:03:00.5Z', '2026-11-20T14:03:00.500Z'],
    ['2026-11-20T14:03:00.123999999Z', '2026-11-20T14:03:00.123Z'],
    ['2026-11-20T14:03:00.05 +0100', '2026-11-20T13:03:00.050Z'],
    ['2026-11-20T23:59:59Z', '2026-11-20T23:59:59.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01', '0001-01-01T00:00:00.000Z'],
    ['0099-12-31', '0099-12-31T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (text, expected) => {
    expect(iso(text)).toBe(expected);
  });

  test.each([
    ['', 'form'],
    ['11/21/2026', 'form'],
    ['2026-1-5', 'form'],
    ['20261120', 'form'],
    ['2026-11-20Z', 'form'],
    ['2026-11-20T14Z', 'form'],
    ['2026-11-20  14:03', 'form'],
    ['2026-11-20T14:03:00.Z', 'form'],
    ['2026-11-20T14:03:00.1234567890Z', 'form'],
    ['2026-11-20T14:03.5Z', 'form'],
    ['2026-11-20T14:03:00 EST', 'form'],
    ['٢٠٢٦-11-20', 'form'],
    ['2026-13-01', 'day'],
    ['2026-00-01', 'day'],
    ['2026-11-00', 'day'],
    ['2026-11-31', 'day'],
    ['2026-02-30', 'day'],
    ['2026-02-29', 'day'],
    ['1900-02-29', 'day'],
    ['0000-01-01', 'day'],
    ['0001-01-01T00:00+01:00', 'day'],
    ['9999-12-31T23:59:59-0100', 'day'],
    ['2026-11-20T24:00:00Z', 'time'],
    ['2026-11-20T25:00:00Z', 'time'],
    ['2026-11-20T14:60:00Z', 'time'],
    ['2026-12-31T23:59:60Z', 'time'],
    ['2026-11-20T14:03:00+24:00', 'offset'],
    ['2026-11-20T14:03:00-0560', 'offset'],
  ])('%j has a wrong %s', (text, problem) => {
    expect(iso(text)).toBe(problem);
  });

  test('every day of four centuries is parsed as in the calendar', () => {
    const parse = createOrderDateParser('UTC');
    const lastMs = Date.UTC(2100, 0, 1);
    for (let dayMs = Date.UTC(1700, 0, 1); dayMs < lastMs; dayMs += 86_400_000) {
      expect(parse(new Date(dayMs).toISOString().slice(0, 10))).toBe(dayMs);
    }
  });

  test('every moment is the same after it is written by Date', () => {
    const parse = createOrderDateParser('UTC');
    const date = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(fc.property(date, (moment) => parse(moment.toISOString()) === moment.getTime()));
  });
});

describe('a date without an offset', () => {
  test.each([
    ['2026-07-01', 'Europe/Berlin', '2026-06-30T22:00:00.000Z'],
    ['2026-12-01', 'Europe/Berlin', '2026-11-30T23:00:00.000Z'],
    ['2026-11-20 14:03', 'Asia/Kolkata', '2026-11-20T08:33:00.000Z'],
    ['2026-11-20T14:03:00Z', 'Asia/Kolkata', '2026-11-20T14:03:00.000Z'],
  ])('%s in %s is %s', (text, zone, expected) => {
    expect(iso(text, zone)).toBe(expected);
  });

  test.each([
    ['2026-03-08 01:59:59', 'America/New_York', '2026-03-08T06:59:59.000Z'],
    ['2026-03-08 02:30', 'America/New_York', '2026-03-08T07:30:00.000Z'],
    ['2026-03-08 03:00', 'America/New_York', '2026-03-08T07:00:00.000Z'],
    // Midnight itself is skipped.
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
    // A whole day is skipped.
    ['2011-12-30 12:00', 'Pacific/Apia', '2011-12-30T22:00:00.000Z'],
  ])('that the clock jumped over (%s in %s) is moved forward', (text, zone, expected) => {
    expect(iso(text, zone)).toBe(expected);
  });

  test.each([
    ['2026-11-01 00:59:59', 'America/New_York', '2026-11-01T04:59:59.000Z'],
    ['2026-11-01 01:30', 'America/New_York', '2026-11-01T05:30:00.000Z'],
    ['2026-11-01 02:00', 'America/New_York', '2026-11-01T07:00:00.000Z'],
    ['2026-04-05 01:45', 'Australia/Lord_Howe', '2026-04-04T14:45:00.000Z'],
  ])('that came twice (%s in %s) is the earlier one', (text, zone, expected) => {
    expect(iso(text, zone)).toBe(expected);
  });

  test('is the wall time that the zone shows at some moment, the earlier of two', () => {
    const zones = ['UTC', 'America/New_York', 'Europe/Dublin', 'Asia/Kathmandu', 'Africa/Casablanca', 'Pacific/Apia'];
    const parsers = zones.map((zone) => ({ zone, parse: createOrderDateParser(zone), shown: wallClock(zone) }));
    const date = fc.date({
      min: new Date('1800-01-01T00:00:00Z'),
      max: new Date('2100-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(fc.constantFrom(...parsers), date, ({ parse, shown }, moment) => {
        const text = shown(moment.getTime());
        const result = parse(text) as number;
        // A moment is named by its wall time, or an earlier moment with the same wall time is.
        expect(shown(result)).toBe(text);
        expect(result).toBeLessThanOrEqual(moment.getTime());
      }),
      { numRuns: 2_000 },
    );
  });

  test('is the same after the remembered days have been dropped', () => {
    const parse = createOrderDateParser('Europe/Berlin');
    const before = parse('2026-07-01');
    for (let day = 0; day <= limits.maxZoneOffsetDays; day++) {
      parse(new Date(Date.UTC(1990, 0, 1 + day)).toISOString().slice(0, 10));
    }
    expect(parse('2026-07-01')).toBe(before);
  });
});

function wallClock(timeZone: string): (instantMs: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  });
  return (instantMs) => format.format(instantMs).replace(',', '.');
}
