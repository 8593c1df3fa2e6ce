/** Money in minor units: exact both ways, and nothing but plain amounts is taken. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMinor, parseMinor } from '../../../src/model/money.ts';

describe('an amount', () => {
  test.each([
    ['0', 0],
    ['0.00', 0],
    ['5', 500],
    ['5.5', 550],
    ['5.05', 505],
    ['0019.99', 1999],
    ['9999999.99', 999_999_999],
    ['90071992547409.91', Number.MAX_SAFE_INTEGER],
  ])('%j is read exactly', (text, minor) => {
    expect(parseMinor(text)).toBe(minor);
  });

  test.each([
    '',
    '.',
    '.5',
    '5.',
    '1.999',
    '1.2.3',
    '1,99',
    '$5',
    '-1',
    '+5',
    'NaN',
    '1e3',
    ' 5',
    '5 ',
    '٣',
    '90071992547409.92',
  ])('%j is no amount', (text) => {
    expect(parseMinor(text)).toBeNull();
  });

  test.each([
    [0, '0.00'],
    [7, '0.07'],
    [70, '0.70'],
    [123_450, '1234.50'],
    [Number.MAX_SAFE_INTEGER, '90071992547409.91'],
    [123_456_789_012_345_678_901n, '1234567890123456789.01'],
  ])('%s minor units are written as %s', (minor, text) => {
    expect(formatMinor(minor)).toBe(text);
  });

  test('is the same after it is written and read', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (minor) => parseMinor(formatMinor(minor)) === minor));
  });

  test('is parsed from digits as BigInt arithmetic does', () => {
    const whole = fc.stringMatching(/^\d{1,13}$/);
    const cents = fc.stringMatching(/^\d{2}$/);
    fc.assert(fc.property(whole, cents, (w, c) => BigInt(parseMinor(`${w}.${c}`)!) === BigInt(w + c)));
  });
});
