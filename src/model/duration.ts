/** How long something is kept, as people write it. */

/** How long each is kept after its end; null: for ever. */
export interface KeepingTimes {
  readonly uploadsMs: number | null;
  readonly reportsMs: number | null;
  /** Their people; the orders stay. */
  readonly ordersMs: number | null;
  readonly auditMs: number | null;
}

const HOUR_MS = 60 * 60 * 1000;
const UNITS: Readonly<Record<string, number>> = {
  h: HOUR_MS,
  d: 24 * HOUR_MS,
  w: 7 * 24 * HOUR_MS,
  y: 365 * 24 * HOUR_MS,
};

/** `12h`, `90d`, `2w`, `1y` (365 days) in milliseconds; null for `forever`; undefined for anything else. */
export function parseDuration(text: string): number | null | undefined {
  if (text === 'forever') return null;
  const [, count, unit] = /^([1-9]\d{0,3})([hdwy])$/.exec(text) ?? [];
  return count && unit ? Number(count) * UNITS[unit]! : undefined;
}
