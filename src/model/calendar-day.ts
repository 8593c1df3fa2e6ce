/** Days of a time zone, as whole numbers: days since 1970-01-01. */
import { zoneOffsets } from './order-date.ts';

const DAY_MS = 86_400_000;

/** The day of a moment, in milliseconds since 1970-01-01T00:00:00Z. `timeZone` is an IANA name. */
export function createDayOf(timeZone: string): (ms: number) => number {
  const offsetAt = zoneOffsets(timeZone);
  return (ms) => Math.floor((ms + offsetAt(ms)) / DAY_MS);
}

/** `2026-11-20` of a day. */
export const dayText = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** The day of `2026-11-20`; null when there is no such day of the years 1 to 9999. */
export function parseDay(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return null;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) || dayText(ms / DAY_MS) !== text ? null : ms / DAY_MS;
}
