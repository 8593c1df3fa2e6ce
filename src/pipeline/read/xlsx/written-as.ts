/**
 * How the numbers and dates of a sheet's cells are written where the sheet becomes CSV: they are no texts in the sheet, so they take the
 * form in which the file is read. That is the standard one, or what its format declares: `19,99` where it has decimal commas.
 */
import { type DatePattern, parseDatePattern } from '../../../model/date-pattern.ts';
import type { Format } from '../../../model/format.ts';

/** A day, a time of day, or both, without a zone. */
export interface SheetDate {
  day: { year: number; month: number; day: number } | null;
  time: { hour: number; minute: number; second: number; millisecond: number } | null;
}

export interface WrittenAs {
  decimal: '.' | ',';
  date(date: SheetDate): string;
}

export function writtenAs(format: Format | null): WrittenAs {
  const patterns = (format?.dates ?? []).map((text) => parseDatePattern(text) as DatePattern);
  return {
    decimal: format?.numbers.decimal ?? '.',
    date(date) {
      for (const pattern of patterns) {
        const text = byPattern(pattern, date);
        if (text !== null) return text;
      }
      return standard(date);
    },
  };
}

const digits = (number: number, count: number): string => String(number).padStart(count, '0');

/** ISO 8601. */
function standard({ day, time }: SheetDate): string {
  const date = day && `${digits(day.year, 4)}-${digits(day.month, 2)}-${digits(day.day, 2)}`;
  const fraction = time && time.millisecond > 0 ? `.${digits(time.millisecond, 3)}` : '';
  const ofDay = time && `${digits(time.hour, 2)}:${digits(time.minute, 2)}:${digits(time.second, 2)}${fraction}`;
  return [date, ofDay].filter((part) => part !== null).join('T');
}

const MIDNIGHT = { hour: 0, minute: 0, second: 0, millisecond: 0 };

/** Null where the pattern cannot say all of the date. */
function byPattern({ parts }: DatePattern, { day, time }: SheetDate): string | null {
  if (day === null) return null;
  const { hour, minute, second, millisecond } = time ?? MIDNIGHT;
  const values = { ...day, hour, minute, second, fraction: millisecond };
  const left = new Set(Object.keys(values).filter((name) => values[name as keyof typeof values] !== 0));
  let text = '';
  for (const part of parts) {
    if (part.name === 'offset') return null;
    if (part.name === 'literal') text += part.text;
    else if (part.name === 'halfDay') text += hour < 12 ? 'AM' : 'PM';
    else {
      const { name, least, half } = part;
      left.delete(name);
      const number = half ? hour % 12 || 12 : values[name];
      if (name !== 'year') text += digits(number, least);
      else if (least === 4) text += digits(number, 4);
      else if (number < 2000 || number > 2099) return null;
      else text += digits(number % 100, 2);
    }
  }
  return left.size === 0 ? text : null;
}
