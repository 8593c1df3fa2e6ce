/** What the text of one date says by itself: `21.11.2026` proves that days come first, `01/02/2026` proves nothing. */

export interface DateShape {
  /** The date that the rules of a row read without a format. */
  iso: boolean;
  order: 'year_first' | 'day_first' | 'month_first' | null;
  /** The same for dates that are written alike. */
  form: string;
  /** Whether a number of the date, and the hour, begins with 0; and whether one has one digit. */
  padded: Widths;
  short: Widths;
  pattern(order: 'year_first' | 'day_first' | 'month_first', isPadded: Widths): string;
}

export interface Widths {
  date: boolean;
  hour: boolean;
}

const MAX_CHARS = 40;
const TIME = String.raw`(T|,? )(\d{1,2}):\d{2}(?:(:\d{2})(\.\d{3})?)?(?:( ?)([AP]M))?( ?)(Z|[+-]\d{2}(?::?\d{2})?)?`;
const DATE = new RegExp(String.raw`^(\d{4}|\d{1,2})([-./])(\d{1,2})\2(\d{4}|\d{1,2})(?:${TIME})?$`, 'i');
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{3})?)?(?: ?(?:Z|[+-]\d{2}(?::?\d{2})?))?)?$/;
const MAX_MONTH = 12;
const MAX_DAY = 31;

/** Null: not a date in numbers. */
export function dateShape(value: string): DateShape | null {
  if (value.length > MAX_CHARS) return null;
  const found = DATE.exec(value);
  if (found === null) return null;
  const [, first = '', sign = '', second = '', third = '', between, hour, seconds, fraction, gap, half, pause, offset] =
    found;
  const order = orderOf(first, second, third);
  if (order === 'none') return null;
  const numbers = order === 'year_first' ? [second, third] : [first, second];
  const year = order === 'year_first' ? first : third;
  const time = timePattern({ between, seconds, fraction, gap, half, pause, offset });
  const letter = half === undefined ? 'H' : 'h';
  return {
    iso: ISO.test(value),
    order,
    form: `${order === 'year_first' ? 'y' : 'x'}${year.length}${sign}${time(letter)}`,
    padded: { date: numbers.some((number) => number.startsWith('0')), hour: hour?.startsWith('0') === true },
    short: { date: numbers.some((number) => number.length === 1), hour: hour?.length === 1 },
    pattern(by, isPadded) {
      const [y, m, d] = [year.length === 2 ? 'yy' : 'yyyy', ...(isPadded.date ? ['MM', 'dd'] : ['M', 'd'])];
      const parts = by === 'year_first' ? [y, m, d] : by === 'day_first' ? [d, m, y] : [m, d, y];
      return parts.join(sign) + time(isPadded.hour ? letter.repeat(2) : letter);
    },
  };
}

/** `none`: no day can be meant. */
function orderOf(first: string, second: string, third: string): DateShape['order'] | 'none' {
  const [a, b, c] = [Number(first), Number(second), Number(third)];
  const isPart = (number: number, most: number) => number >= 1 && number <= most;
  if (first.length === 4) return isPart(b, MAX_MONTH) && isPart(c, MAX_DAY) ? 'year_first' : 'none';
  if (third.length === 1 || !isPart(a, MAX_DAY) || !isPart(b, MAX_DAY)) return 'none';
  if (a > MAX_MONTH) return b > MAX_MONTH ? 'none' : 'day_first';
  return b > MAX_MONTH ? 'month_first' : null;
}

type Time = Partial<
  Record<'between' | 'seconds' | 'fraction' | 'gap' | 'half' | 'pause' | 'offset', string | undefined>
>;

function timePattern({
  between,
  seconds,
  fraction,
  gap = '',
  half,
  pause = '',
  offset,
}: Time): (hour: string) => string {
  if (between === undefined) return () => '';
  const start = between.toUpperCase() === 'T' ? "'T'" : between;
  const parts = `:mm${seconds === undefined ? '' : ':ss'}${fraction === undefined ? '' : '.SSS'}`;
  const end = `${half === undefined ? '' : `${gap}a`}${offset === undefined ? '' : `${pause}XXX`}`;
  return (hour) => `${start}${hour}${parts}${end}`;
}
