/** The shape of a preview. */
import * as z from 'zod';
import { ORDER_COLUMNS } from '../model/columns.ts';
import { DELIMITERS, ENCODINGS } from '../model/intake.ts';
import { REASON_CODES } from '../model/rejection.ts';

const count = z.int().nonnegative();
const orderColumn = z.enum(ORDER_COLUMNS);
const proof = z.strictObject({ row: count, column: z.string(), value: z.string() });
const proofs = z.array(proof).describe('The first rows that prove it.');
const against = z.array(proof).describe('The first rows that prove the opposite.');
const undecided = count.describe('Values that can be read both ways.');

const numbers = z.strictObject({
  decimal: z.enum(['.', ',']).nullable().describe('Null: no value tells what the sign of `1,234` means.'),
  group: z.enum(['', ',', '.', ' ', "'"]),
  currency: z.string().nullable(),
  ...{ proof: proofs, against, undecided },
});

const dates = z.strictObject({
  order: z.enum(['year_first', 'day_first', 'month_first']).nullable().describe('Null: no value tells day from month.'),
  patterns: z.strictObject({ day_first: z.array(z.string()), month_first: z.array(z.string()) }),
  ...{ proof: proofs, against, undecided },
  unreadable: count.describe('Values that are no date in numbers.'),
  first_unreadable: proof.nullable(),
});

const amounts = z.strictObject({
  checked: count.describe('Rows with a quantity, a price and a total.'),
  exact: count.describe('Those in which the total is quantity x price.'),
  against: z.array(z.strictObject({ row: count, quantity: z.string(), price: z.string(), total: z.string() })),
});

const lines = z.strictObject({
  orders: count.describe('Orders of several neighbouring rows.'),
  rows: z.array(count).describe('The first rows that have the order id of the row above.'),
});

/** A format that may lack members, as it is sent and shown. */
export const draftFormat = z.looseObject({});

export const previewResponse = z.strictObject({
  ...{ bytes: count, whole: z.boolean(), gzip: z.boolean(), bom: z.boolean() },
  encoding: z.enum(ENCODINGS),
  encoding_by: z.enum(['sender', 'mark', 'bytes']),
  delimiter: z.enum(DELIMITERS).nullable(),
  sheet: z
    .strictObject({ name: z.string(), names: z.array(z.string()) })
    .optional()
    .describe('Only of a workbook.'),
  header: z.strictObject({ row: count, skip_rows: count, titles: z.array(z.string()) }).nullable(),
  columns: z.array(
    z.strictObject({ name: z.string(), values: z.array(z.string()), filled: count, duplicate: z.boolean() }),
  ),
  fit: z.enum(['asked', 'saved', 'preset', 'standard', 'suggested']),
  format: draftFormat.describe('As `PUT /formats/{name}` takes it; without the columns that are missing.'),
  confidence: z.partialRecord(orderColumn, z.number().min(0).max(1)),
  missing: z.array(z.enum([...ORDER_COLUMNS, 'numbers', 'dates'])),
  evidence: z.strictObject({ numbers: numbers.nullable(), dates: dates.nullable(), amounts, lines }),
  rows: z.array(
    z.strictObject({
      row: count,
      values: z.record(orderColumn, z.string()).nullable(),
      reasons: z.array(z.strictObject({ column: z.string(), code: z.enum(REASON_CODES), reason: z.string() })),
      skipped: z.boolean(),
    }),
  ),
  failure: z.strictObject({ code: z.string(), message: z.string(), row: count.nullable() }).nullable(),
});
export type PreviewResponse = z.infer<typeof previewResponse>;
