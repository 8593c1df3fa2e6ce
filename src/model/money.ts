/**
 * Money as integer minor units (cents), and as text with a point and at most two decimals. No floats in between, so sums and comparisons
 * are exact. Amounts are not negative.
 */
const ZERO = 48;
const NINE = 57;
const POINT = 46;

/** Minor units of `12`, `12.5` or `12.50`; null when the text is anything else, or more than a safe integer holds. */
export function parseMinor(text: string): number | null {
  let minor = 0;
  let point = -1;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === POINT && point === -1 && at > 0) {
      point = at;
    } else if (unit >= ZERO && unit <= NINE) {
      minor = minor * 10 + (unit - ZERO);
    } else {
      return null;
    }
  }
  const decimals = point === -1 ? 0 : text.length - 1 - point;
  if (text === '' || decimals > 2 || (point !== -1 && decimals === 0)) {
    return null;
  }
  minor *= decimals === 0 ? 100 : decimals === 1 ? 10 : 1;
  return Number.isSafeInteger(minor) ? minor : null;
}

/** `1234.50` of 123450. Pass sums of many orders as a bigint: they may exceed the safe integers. */
export function formatMinor(minor: number | bigint): string {
  const digits = String(minor).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
