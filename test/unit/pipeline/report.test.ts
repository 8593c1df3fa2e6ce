/** Lines of the report: the original values first, then the reasons, and nothing that a spreadsheet would run. */
import { expect, test } from 'vitest';
import { reportHeader, reportLine } from '../../../src/pipeline/report.ts';

test('the header has the original columns, then those of the report', () => {
  expect(reportHeader({ columns: ['order_id', 'a,b', '=x'], records: false })).toBe(
    'order_id,"a,b",\'=x,_row,_column,_code,_reason,_file\n',
  );
});

test('several reasons are joined in their order, and a cell that would run is made harmless', () => {
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
