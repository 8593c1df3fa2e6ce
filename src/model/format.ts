/**
 * A format: how the files of a sender are read. It says for every column of an order where its value comes from, how numbers and dates are
 * written, and which rows count. What a row must hold is decided by the rules of every row (`row-schema.ts`), after it was read.
 */
import * as z from 'zod';
import { limits } from '../limits.ts';
import { cellValue } from './characters.ts';
import { nameKey } from './column-names.ts';
import { ORDER_COLUMNS, type OrderColumn } from './columns.ts';
import { ambiguousPatterns, type DatePattern, parseDatePattern } from './date-pattern.ts';
import { DELIMITERS, encodingOf } from './intake.ts';
import { createOrderDateParser } from './order-date.ts';
import { invalidValue, type ValueCode } from './reasons.ts';
import { createRowSchema } from './row-schema.ts';
import { isTimeZone } from './time-zone.ts';

const CHARS = limits.maxFormatTextChars;
const NAMES = limits.maxFormatNames;

export const formatName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    'is not 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning with a letter or digit',
  );

const text = z.string().max(CHARS, `is longer than ${CHARS} characters`);

/** The name of a column of the file. */
const columnName = text
  .refine((name) => nameKey(name) !== '', 'is not the name of a column')
  .refine((name) => !name.trim().startsWith('_'), 'starts with _: such columns are not read');

const columnNames = z
  .array(columnName)
  .min(1, 'names no column')
  .max(NAMES, `has more than ${NAMES} names`)
  .refine((names) => new Set(names.map(nameKey)).size === names.length, 'has a name twice');

const LACKS = 'is missing: say which column it comes from, {"from": "…"}, or give it a {"value": "…"}';

const given = z
  .strictObject(
    {
      from: z
        .union([columnName, columnNames], {
          error: `is not the name of a column, nor a list of 1 to ${NAMES} different ones (1 to ${CHARS} characters, not beginning with _)`,
        })
        .optional()
        .describe('The column of the file; of several the first that is not empty.'),
      divide_by: z.literal('quantity').optional().describe('For a price: what is there is for all pieces.'),
      value: text.optional().describe('A constant, in standard form.'),
      join: columnNames.optional().describe('The columns whose values are joined; empty ones are left out.'),
      with: text.optional().describe('What is put between joined values.'),
      compute: z.literal(true).optional().describe('For the total: quantity x price.'),
    },
    { error: ({ input }) => (input === undefined ? LACKS : undefined) },
  )
  .superRefine((source, context) => {
    const kinds = (['from', 'value', 'join', 'compute'] as const).filter((kind) => source[kind] !== undefined);
    const problem = (message: string) => context.addIssue({ code: 'custom', message });
    if (kinds.length !== 1)
      problem(
        `needs exactly one of from, value, join and compute${kinds.length === 0 ? '' : `, not ${kinds.join(' and ')}`}`,
      );
    if (source.divide_by !== undefined && kinds[0] !== 'from') problem('has divide_by, which goes with from');
    if (source.with !== undefined && kinds[0] !== 'join') problem('has with, which goes with join');
  });

/** Where the value of a column of an order comes from. */
export type Source =
  | { from: string | string[]; divide_by?: 'quantity' | undefined }
  | { value: string }
  | { join: string[]; with?: string | undefined }
  | { compute: true };

/** Its checks leave exactly one of the forms. */
const source = given as unknown as z.ZodType<Source>;

const columns = z.strictObject({
  ...(Object.fromEntries(ORDER_COLUMNS.map((column) => [column, source])) as Record<OrderColumn, typeof source>),
  total_amount: source.default({ compute: true }),
});

export const formatMembers = z.strictObject({
  name: formatName,
  header: z
    .strictObject({
      skip_rows: z.int().min(0).max(limits.maxSkippedRows).default(0).describe('Rows above the header.'),
      columns: z
        .array(text)
        .min(1)
        .max(limits.maxColumns)
        .nullable()
        .default(null)
        .describe('The header that it was made from: a file with these columns is read with it unasked.'),
    })
    .default({ skip_rows: 0, columns: null }),
  columns,
  numbers: z
    .strictObject({
      decimal: z.enum(['.', ',']).default('.'),
      group: z.enum(['', ',', '.', ' ', "'"]).default(''),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, 'is not the code of a currency such as EUR')
        .nullable()
        .default(null)
        .describe('Its code, or its sign, may stand before or behind an amount.'),
    })
    .refine(({ decimal, group }) => group !== decimal, 'have the same sign for decimals and between groups')
    .default({ decimal: '.', group: '', currency: null }),
  dates: z
    .array(text)
    .max(limits.maxDatePatterns)
    .default([])
    .describe('Patterns such as dd.MM.yyyy HH:mm; without any, dates are ISO 8601.'),
  time_zone: z
    .string()
    .refine(isTimeZone, 'is not an IANA time zone such as Europe/Berlin')
    .nullable()
    .default(null)
    .describe('The zone of dates without an offset, in place of OMS_TIME_ZONE.'),
  lines: z
    .enum(['rows', 'adjacent'])
    .default('rows')
    .describe('Whether neighbouring rows with one order id are its items.'),
  total: z.enum(['line', 'order']).default('line').describe('What `total_amount` is the total of.'),
  only: z
    .strictObject({ column: columnName, in: z.array(text).min(1).max(limits.maxFormatTexts) })
    .nullable()
    .default(null)
    .describe('Rows that have another value in this column are skipped.'),
  encoding: z
    .string()
    .refine((label) => encodingOf(label) !== null, 'is not an encoding of the WHATWG Encoding Standard that is read')
    .nullable()
    .default(null),
  delimiter: z.enum(DELIMITERS).nullable().default(null),
  escaped: z
    .literal(true)
    .optional()
    .describe("Cells that a spreadsheet would run begin with a ', which is taken off: so this service writes them."),
});

/** A format as it is sent, stored and shown. */
export const formatSchema = formatMembers.superRefine((format, context) => {
  const problem = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
  for (const column of ORDER_COLUMNS) {
    const from = format.columns[column];
    if ('compute' in from && column !== 'total_amount')
      problem(['columns', column], 'has compute, which only total_amount can have');
    if ('divide_by' in from && column !== 'unit_price')
      problem(['columns', column], 'has divide_by, which only unit_price can have');
    const wrong = 'value' in from ? wrongConstant(column, from.value) : null;
    if (wrong !== null) problem(['columns', column, 'value'], wrong);
  }
  if (format.total === 'order' && format.lines === 'rows')
    problem(['total'], 'is order, which goes with lines: adjacent');
  const patterns = format.dates.map(parseDatePattern);
  for (const [i, pattern] of patterns.entries()) if (typeof pattern === 'string') problem(['dates', i], pattern);
  const known = patterns.filter((pattern): pattern is DatePattern => typeof pattern !== 'string');
  const alike = ambiguousPatterns(known);
  if (alike !== null)
    problem(['dates'], `has ${alike.join(' and ')}, which some dates fit with two meanings: name one`);
  const bytes = new TextEncoder().encode(JSON.stringify(format)).length;
  if (bytes > limits.maxFormatBytes) problem([], `has ${bytes} bytes, and a format may have ${limits.maxFormatBytes}`);
});

export type Format = z.output<typeof formatSchema>;

/** A version of a format, as files keep it. */
export interface FormatRef {
  name: string;
  version: number;
  /** Of what it says, which is kept under it: see `definitionId`. */
  id: string;
}

const constants = createRowSchema(createOrderDateParser('UTC')).shape;

/** What is wrong with a constant, by the rules of a row; null when it is valid. */
function wrongConstant(column: OrderColumn, value: string): string | null {
  const [issue] = constants[column].safeParse(cellValue(column, value)).error?.issues ?? [];
  return issue === undefined ? null : invalidValue(column, issue.message as ValueCode, value, 'form', 'as').reason;
}

/** The names of columns that a value comes from. */
export function namesOf(source: Source): string[] {
  if ('from' in source) return [source.from].flat();
  return 'join' in source ? source.join : [];
}

/** The keys of all columns that a format reads. */
export const keysOf = ({ columns, only }: Pick<Format, 'columns' | 'only'>): Set<string> =>
  new Set(
    [...ORDER_COLUMNS.flatMap((column) => namesOf(columns[column])), ...(only ? [only.column] : [])].map(nameKey),
  );
