/** Numbers by their bytes, for the fast path of a row. */

const POINT = 46;
const ZERO = 48;
const NINE = 57;

/** A number of this many digits, or -1. */
export function digits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const byte = bytes[i]!;
    if (byte < ZERO || byte > NINE) return -1;
    value = value * 10 + byte - ZERO;
  }
  return value;
}

/** A number of one to `max` digits, or -1. */
export function wholeNumber(bytes: Uint8Array, start: number, end: number, max: number): number {
  const count = end - start;
  return count >= 1 && count <= max ? digits(bytes, start, count) : -1;
}

/** Minor units of one to `max` digits and perhaps a point with one or two more, or -1. */
export function money(bytes: Uint8Array, start: number, end: number, max: number): number {
  let point = start;
  while (point < end && bytes[point] !== POINT) point++;
  const whole = wholeNumber(bytes, start, point, max);
  if (whole === -1 || point === end) return whole === -1 ? -1 : whole * 100;
  const decimals = wholeNumber(bytes, point + 1, end, 2);
  return decimals === -1 ? -1 : whole * 100 + (end - point === 2 ? decimals * 10 : decimals);
}
