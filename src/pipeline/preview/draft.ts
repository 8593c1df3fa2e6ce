/** A format that may still lack columns, while a person confirms it: what it lacks is empty in every row. */
import { OmsError } from '../../errors.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import { type Format, formatSchema, type Source } from '../../model/format.ts';
import type { Delimiter } from '../../model/intake.ts';

/** A format in its JSON form; what is left out is not decided yet. */
export interface Draft {
  name?: string;
  header?: { skip_rows?: number; columns?: string[] | null };
  columns?: Partial<Record<OrderColumn, Source>>;
  numbers?: { decimal?: '.' | ','; group?: '' | ',' | '.' | ' ' | "'"; currency?: string | null };
  dates?: string[];
  time_zone?: string | null;
  lines?: 'rows' | 'adjacent';
  total?: 'line' | 'order';
  only?: { column: string; in: string[] } | null;
  encoding?: string | null;
  delimiter?: Delimiter | null;
}

/** The name of a format that has none yet. */
export const DRAFT_NAME = 'preview';

/** Constants that the schema accepts, in place of columns that are missing. */
const ANYTHING: Record<OrderColumn, Source> = {
  ...(Object.fromEntries(ORDER_COLUMNS.map((column) => [column, { value: 'x' }])) as Record<OrderColumn, Source>),
  customer_email: { value: 'x@example.com' },
  quantity: { value: '1' },
  unit_price: { value: '0' },
  total_amount: { compute: true },
  order_date: { value: '2000-01-01' },
};

/** The draft as a format that rows can be read by. Throws `invalid_format` with the path of what is wrong. */
export function formatOf(draft: Draft): Format {
  const { columns: given = {} } = draft;
  // A draft may come from anybody: what is no object is refused by the schema.
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  const lacking = ORDER_COLUMNS.filter((column) => given?.[column] === undefined);
  const parsed = formatSchema.safeParse({
    ...{ name: DRAFT_NAME, ...draft },
    columns: isObject ? { ...ANYTHING, ...given } : given,
  });
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new OmsError('invalid_format', `format: ${path.join('.') || 'it'} ${message}`);
  }
  const { columns } = parsed.data;
  for (const column of lacking) if (column !== 'total_amount') columns[column] = { value: '' };
  return parsed.data;
}
