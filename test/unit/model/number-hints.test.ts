/** Advice on numbers leads to the value that was meant or to further advice, never to another value. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMinor, parseMinor } from '../../../src/model/money.ts';
import { numberHint } from '../../../src/model/number-hints.ts';

/** Does what the advice says, word by word; null where it asks the writer. */
function follow(hint: string, value: string): string | null {
  const result = /: ([\d.]+)$/.exec(hint)?.[1];
  if (result !== undefined) return result;
  let text = value;
  for (const step of hint.split(', '))
    if (step === 'leave out the decimals') text = text.replace(/[.,]\d+$/, '');
    else if (step === 'use a point for decimals') text = text.replace(',', '.');
    else if (step === 'leave out the thousands separators') text = text.replaceAll(/[.,\s'’_]/.exec(text)![0], '');
    else if (step === 'leave out the currency') text = text.replace(/[^\d.,\s'’]+/g, '').trim();
    else if (step === 'leave out the plus sign') text = text.replace('+', '');
    else if (step === 'leave out the unit') text = text.replace(/\D+$/, '');
    else if (step === 'use the digits 0 to 9') text = text.normalize('NFKC');
    else return null;
  return text;
}

const SPACES = [' ', '\u00a0', '\u2009', '\u202f'];
const grouped = (whole: string, separator: string) => whole.replace(/\B(?=(\d{3})+$)/g, separator);
const fullWidth = (text: string) => text.replace(/[0-9.,]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));

const formOf = fc.record({
  separator: fc.constantFrom('', ',', '.', "'", '’', '_', ...SPACES),
  point: fc.constantFrom('.', ','),
  around: fc.constantFrom(['', ''], ['€', ''], ['', ' €'], ['', '\u00a0€'], ['EUR ', ''], ['', ' USD'], ['$', ''], ['+', '']),
  wide: fc.boolean(),
}); // biome-ignore format: a list of values

test('an amount in any form is accepted as it was meant once the advice is followed, or the advice asks', () => {
  let followed = 0;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom(0, 1, 2), formOf, (minor, places, form) => {
      const { separator, point, around, wide } = form;
      fc.pre(separator !== point);
      const meant = minor - (minor % 10 ** (2 - places));
      const [whole, decimals] = formatMinor(meant).split('.') as [string, string];
      const number = grouped(whole, separator) + (places === 0 ? '' : point + decimals.slice(0, places));
      const value = around[0] + (wide ? fullWidth(number) : number) + around[1];
      if (parseMinor(value) !== null) return;
      const hint = numberHint('amount', value);
      expect(hint).not.toBe('');
      const result = follow(hint, value);
      if (result !== null) {
        expect([value, hint, parseMinor(result)]).toEqual([value, hint, meant]);
        followed++;
      } else expect(hint).toContain(`write ${whole.replace(/^0+/, '')}`);
    }),
    { numRuns: 2_000 },
  );
  expect(followed).toBeGreaterThan(500);
});

test('a quantity in any form is accepted as it was meant once the advice is followed, or the advice asks', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.constantFrom('', '.0', ',0', '.00', ',00', '.0000'),
      fc.constantFrom('', ',', '.', "'", '’', ...SPACES),
      fc.constantFrom('', ' pcs', 'x'),
      (meant, decimals, separator, unit) => {
        fc.pre(separator === '' || !decimals.startsWith(separator));
        const value = grouped(String(meant), separator) + decimals + unit;
        if (/^\d+$/.test(value)) return;
        const hint = numberHint('quantity', value);
        const result = follow(hint, value);
        if (result === null) expect(hint).toContain(`write ${meant} if`);
        else expect([value, hint, result]).toEqual([value, hint, String(meant)]);
      },
    ),
    { numRuns: 2_000 },
  );
});

describe('the advice asks for what cannot be known', () => {
  test.each<[string, string, string]>([
    ['1,000', 'write 1000 if the comma separates thousands, or 1 if decimals', 'write 1000 if the comma separates thousands, or 1.00 if decimals'],
    ['1.000', 'write 1000 if the point separates thousands, or 1 if decimals', 'write 1000 if the point separates thousands, or 1.00 if decimals'],
    ['2,500', 'write 2500 if the comma separates thousands, a quantity has no decimals', 'write 2500 if the comma separates thousands, else at most 2 decimals'],
    ['-1', 'orders are for goods that go out, a return is not an order', 'an amount is not negative, a return or a credit is not an order'],
    ['(5.00)', 'orders are for goods that go out, a return is not an order', 'an amount is not negative, a return or a credit is not an order'],
    ['4.00638E+12', 'write the number in full, without an exponent', 'write the number in full, without an exponent'],
    ['#REF!', 'a spreadsheet could not calculate this cell, fix its formula', 'a spreadsheet could not calculate this cell, fix its formula'],
    ['n/a', 'this stands for no value, write the quantity', 'this stands for no value, write the amount'],
  ])('%s', (value, quantity, amount) => {
    expect([numberHint('quantity', value), numberHint('amount', value)]).toEqual([quantity, amount]);
  }); // biome-ignore format: a line for each

  test('long values get no advice', () => {
    for (const text of ['1 ', '1', ' ', '1,000,', '(', '-'])
      expect(numberHint('amount', `1${text.repeat(500_000)}x`)).toBe('');
  });
});
