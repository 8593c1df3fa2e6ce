/** An order's date in the time zone of the service, as in the filters: a day in a file is the same day for every reader. */
import { useQuery } from '@tanstack/react-query';
import { settingsQuery } from '../api/queries.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const DAY = /^\d{4}-\d\d-\d\d$/;

export const useTimeZone = (): string => useQuery(settingsQuery()).data?.time_zone ?? 'UTC';

const formats = new Map<string, (date: Date) => string>();

function formatIn(timeZone: string): (date: Date) => string {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' });
  // As in an order file: 2026-11-21, or 2026-11-21 14:03:00. The Swedish locale writes dates this way.
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  return (date) => {
    const time = clock.format(date);
    return time === '00:00:00' && date.getMilliseconds() === 0 ? day.format(date) : `${day.format(date)} ${time}`;
  };
}

/** Writes a moment as an order file does. */
export function useOrderDateText(): (iso: string) => string {
  const timeZone = useTimeZone();
  const format = formats.get(timeZone) ?? formatIn(timeZone);
  formats.set(timeZone, format);
  return (iso) => format(new Date(iso));
}

export function OrderDate({ iso }: { iso: string }) {
  const textOf = useOrderDateText();
  return (
    <time dateTime={iso} title={iso} className="number">
      {textOf(iso)}
    </time>
  );
}

export const isDay = (text: string): boolean => DAY.test(text) && !Number.isNaN(Date.parse(text));

/** The day so many days later. */
export const daysLater = (text: string, days: number): string =>
  new Date(Date.parse(text) + days * DAY_MS).toISOString().slice(0, 10);
