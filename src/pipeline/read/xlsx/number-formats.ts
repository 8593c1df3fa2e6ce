/**
 * Which number formats of a spreadsheet show a date. A cell has a number and a format; only the format says that the number is a day.
 * Source: ECMA-376, part 1, 18.8.30 and 18.8.31.
 */

/** What of a date the format shows. */
export interface DateStyle {
  day: boolean;
  time: boolean;
  /** Fractions of a second. */
  fraction: boolean;
}

const DAY: DateStyle = { day: true, time: false, fraction: false };
const TIME: DateStyle = { day: false, time: true, fraction: false };
const BOTH: DateStyle = { day: true, time: true, fraction: false };

/** The formats that have a number and no code. 27 to 36 and 50 to 58 are days in East Asia. */
function builtIn(id: number): DateStyle | null {
  if (id === 22) return BOTH;
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35)) return TIME;
  if ((id >= 14 && id <= 17) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58)) return DAY;
  return null;
}

/** Texts in quotes, escaped characters, fillers, and what is in brackets: colours, conditions, languages. */
const NO_FIELDS = /"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/gs;
const DURATION = /\[(h+|m+|s+)\]/i;

/** Null for a number that is no date, also for a duration such as `[h]:mm`. */
export function dateStyleOf(id: number, code: string | undefined): DateStyle | null {
  if (code === undefined) return builtIn(id);
  const [first = ''] = code.replaceAll(NO_FIELDS, (part) => (DURATION.test(part) ? part : '')).split(';');
  if (DURATION.test(first) || /^general$/i.test(first.trim())) return null;
  const time = /[hs]/i.test(first);
  // A month; beside hours or seconds it is minutes.
  const day = /[dy]/i.test(first) || /e(?![+-])/i.test(first) || (/m/i.test(first) && !time);
  return time || day ? { day, time, fraction: /s\.0/i.test(first) } : null;
}
