/** Lines of the report: the original values first, then the reasons, and nothing that a spreadsheet would run. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packRejections } from '../../../src/model/packed-rejections.ts';
import { reportHeader, reportLine } from '../../../src/pipeline/report.ts';

test('the header has the original columns, then those of the report', () => {
  expect(reportHeader({ columns: ['order_id', 'a,b', '=x'], records: false })).toBe(
    'order_id,"a,b",\'=x,_row,_column,_code,_reason,_file\n',
  );
});

test('several reasons are joined in their order, and a cell that a spreadsheet would run is escaped', () => {
  const line = reportLine(
    {
      row: 7,
      reasons: [
        { column: 'sku', code: 'missing_value', reason: 'sku is empty' },
        { column: 'quantity', code: 'invalid_quantity', reason: 'quantity "-x" is wrong' },
      ],
      values: ['A-1', '=1+1', '-5', 'two\nlines'],
    },
    'file-1',
    { columns: ['order_id', 'a', 'quantity', 'b'], records: false },
  );
  expect(line).toBe(
    'A-1,\'=1+1,-5,"two\nlines",7,sku | quantity,missing_value | invalid_quantity,"sku is empty | quantity ""-x"" is wrong",file-1\n',
  );
});

test('a reason about the whole row names no column', () => {
  const reasons = [{ column: '', code: 'malformed_quote' as const, reason: 'bad quote' }];
  expect(reportLine({ row: 3, reasons, values: [''] }, 'f', { columns: ['a'], records: false })).toBe(
    ',3,,malformed_quote,bad quote,f\n',
  );
});

test('no line is longer than the bytes counted for its rejection, except for a quote before each of its cells', () => {
  const text = fc.string({ unit: fc.constantFrom(...'aé,"=\'\n 0') });
  const reason = fc.record({ column: fc.constant('sku'), code: fc.constant('malformed_quote' as const), reason: text });
  const rejection = fc.record(
    {
      row: fc.integer({ min: 2, max: 99_999_999 }),
      reasons: fc.array(reason, { minLength: 1, maxLength: 11 }),
      values: fc.array(text, { minLength: 1, maxLength: 12 }),
      record: text,
    },
    { requiredKeys: ['row', 'reasons', 'values'] },
  );
  fc.assert(
    fc.property(rejection, (rejected) => {
      const columns = rejected.values.map((_, i) => `c${i}`);
      const line = reportLine(rejected, 'f_0mwpy18o2tyao8z4pgn8v', { columns, records: true });
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(packRejections([rejected]).bytes + columns.length);
    }),
  );
});
