/** The short way of plain texts: what it accepts, the schema accepts. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { createOrderDateParser } from '../../../src/model/order-date.ts';
import { createRowSchema, isPlainText } from '../../../src/model/row-schema.ts';

const schema = createRowSchema(createOrderDateParser('UTC')).shape;

test('a plain text is valid, whatever its column', () => {
  const values = fc.oneof(
    fc.string({ minLength: 1, maxLength: 600 }),
    fc.string({ unit: fc.constantFrom('.', '0', ' ', '~', '"'), minLength: 1 }),
  );
  let plain = 0;
  fc.assert(
    fc.property(fc.constantFrom(...ORDER_COLUMNS), values, (column, value) => {
      if (!isPlainText(column, value)) return;
      plain++;
      expect(schema[column].safeParse(value)).toEqual({ success: true, data: value });
    }),
    { numRuns: 1_000 },
  );
  expect(plain).toBeGreaterThan(100);
});
