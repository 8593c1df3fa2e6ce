import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine, escapeCell, unescapeCell } from '../../../src/model/spreadsheet-cell.ts';

describe('a cell of a report', () => {
  it.each(['=1+1', '+SUM(A1)', '-2+3', '@cmd', '\tx', '\rx', '-', '+1.', "'", "'already"])(
    'gets a quote: %j',
    (value) => {
      expect(escapeCell(value)).toBe(`'${value}`);
    },
  );

  it.each(['', 'a=b', '-5', '+5', '-0.50', ' =x', '12', '\n='])('stays as it is: %j', (value) => {
    expect(escapeCell(value)).toBe(value);
  });

  it('comes back as it was', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', '\r', '1', '.') }),
    );
    fc.assert(fc.property(cell, (value) => unescapeCell(escapeCell(value)) === value));
  });

  it('never starts as a formula does', () => {
    fc.assert(
      fc.property(fc.constantFrom(...'=+-@\t\r'), fc.string(), (first, rest) => {
        expect(escapeCell(first + rest)).toMatch(/^'|^[+-]?\d+(\.\d+)?$/);
      }),
    );
  });
});

describe('a line of CSV', () => {
  it('quotes only where it must', () => {
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
