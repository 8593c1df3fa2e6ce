import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine, escapeCell, unescapeCell } from '../../../src/model/spreadsheet-cell.ts';

describe('a cell of a report', () => {
  it.each([
    ...['=1+1', '+SUM(A1)', '-2+3', '@cmd', '\tx', '\rx', '-', '+1.', "'", "'already"],
    ...['\n', '\n=1+1', '\r\n=1+1', '\0=1', '\u007f=1', '\u0085x'],
    ...['\uff1d1+1', '\uff0b1', '\uff0d1', '\uff20SUM(A1)'],
    ...[
      ' =x',
      '\u00a0=x',
      '\u3000\uff1dx',
      '\ufeff=x',
      '\u200b@x',
      '\u202e+x',
      '\u00ad-x',
      ' \t\n =x',
      '\u3164=x',
      ' -5',
    ],
  ])('gets a quote: %j', (value) => {
    expect(escapeCell(value)).toBe(`'${value}`);
    expect(unescapeCell(`'${value}`)).toBe(value);
  });

  it.each(['', ' ', 'a=b', '-5', '+5', '-0.50', '12', ' x', '\u200bx', '|x', '%x', '1\n=', 'é'])(
    'stays as it is: %j',
    (value) => {
      expect(escapeCell(value)).toBe(value);
    },
  );

  it('is the same after it is unescaped', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(..."'=+-@\t\r\n\0 1.\uff1d\uff0b\uff0d\uff20\ufeff\u200b") }),
    );
    fc.assert(fc.property(cell, (value) => unescapeCell(escapeCell(value)) === value));
    fc.assert(fc.property(cell, (value) => unescapeCell(escapeCell(`'${value}`)) === `'${value}`));
  });

  it('never starts as a formula does', () => {
    fc.assert(
      fc.property(fc.constantFrom(...'=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'), fc.string(), (first, rest) => {
        expect(escapeCell(first + rest)).toMatch(/^'|^[+-]?\d+(\.\d+)?$/);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...' \t\n\u3000\ufeff\u200b') }), fc.string(), (unseen, rest) => {
        expect(escapeCell(`${unseen} =${rest}`)).toMatch(/^'/);
      }),
    );
  });
});

describe('a line of CSV', () => {
  it('quotes only where needed', () => {
    expect(csvLine(['a', '', 'a b', 'a,b', '"', 'a\nb', '\r', ' a', 'a ', 'é;'])).toBe(
      'a,,a b,"a,b","""","a\nb","\r"," a","a ",é;\n',
    );
  });

  it('is read back by csv-parse', () => {
    const values = fc.array(fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é') }), {
      minLength: 2,
    });
    fc.assert(
      fc.property(values, (cells) => {
        expect(parse(csvLine(cells), { record_delimiter: '\n' })).toEqual([cells]);
      }),
    );
  });
});
