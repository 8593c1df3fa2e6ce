/** A span of time as people say it: its two largest units, none of them zero. */
const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole === 0) return seconds > 0 ? 'less than 1 s' : '0 s';
  const first = UNITS.findIndex(([, size]) => whole >= size);
  let left = whole;
  return UNITS.slice(first, first + 2)
    .flatMap(([unit, size]) => {
      const count = Math.floor(left / size);
      left %= size;
      return count === 0 ? [] : [`${count} ${unit}`];
    })
    .join(' ');
}
