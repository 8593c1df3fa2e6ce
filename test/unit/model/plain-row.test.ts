/** What is seen to be a valid row without the schema is one by the schema, and nearly all valid rows are. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellValue } from '../../../src/model/characters.ts';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { createOrderDateParser } from '../../../src/model/order-date.ts';
import { createRowSchema, isPlainRow, type RowValues } from '../../../src/model/row-schema.ts';
import { BAD, cellOf, GOOD } from '../../support/both-paths.ts';

const parseDate = createOrderDateParser('UTC');
const schema = createRowSchema(parseDate);
const first = ORDER_COLUMNS.map((column) => GOOD[column][0]!);
const valuesOf = (cells: readonly string[]) =>
  Object.fromEntries(ORDER_COLUMNS.map((column, i) => [column, cellValue(column, cells[i]!)])) as RowValues;

test('a plain row is valid by the schema', () => {
  expect(isPlainRow(valuesOf(first), parseDate)).toBe(true);
  fc.assert(
    fc.property(fc.tuple(...ORDER_COLUMNS.map(cellOf)), (cells) => {
      const values = valuesOf(cells);
      if (isPlainRow(values, parseDate)) expect(schema.safeParse(values).success).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test.each(ORDER_COLUMNS)('one with a wrong %s is not plain', (column) => {
  for (const bad of [...BAD, ...GOOD[column]]) {
    const values = { ...valuesOf(first), [column]: cellValue(column, bad) };
    if (isPlainRow(values, parseDate)) expect(schema.safeParse(values).success, bad).toBe(true);
  }
});
