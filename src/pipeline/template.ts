/** An example of a file that a format reads: its header and two orders. */
import { nameKey } from '../model/column-names.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../model/columns.ts';
import { type DatePattern, exampleOfPattern, parseDatePattern } from '../model/date-pattern.ts';
import { type Format, namesOf } from '../model/format.ts';
import { csvRecord, escapeCell } from '../model/spreadsheet-cell.ts';

type Example = Record<Exclude<OrderColumn, 'unit_price' | 'total_amount' | 'order_date'>, string> & {
  priceMinor: number;
  day: string;
};

const EXAMPLES: readonly Example[] = [
  {
    ...{ order_id: 'A-1001', customer_name: 'Ada Lovelace', customer_email: 'ada@example.com' },
    ...{ product_name: 'Analytical Engine', sku: 'SKU-1', hub_id: 'HUB-1', quantity: '2', priceMinor: 199_950 },
    ...{ day: '2026-11-20', shipping_address: '12 St James Square, London' },
  },
  {
    ...{ order_id: 'A-1002', customer_name: 'Charles Babbage', customer_email: 'charles@example.com' },
    ...{ product_name: 'Difference Engine', sku: 'SKU-2', hub_id: 'HUB-1', quantity: '1', priceMinor: 1_250 },
    ...{ day: '2026-11-21', shipping_address: '1 Dorset Street, London' },
  },
];

/** CSV in UTF-8, marked as such where the format has another encoding; null: a standard file. */
export function templateOf(format: Format | null): string {
  const delimiter = format?.delimiter ?? ',';
  const rows = EXAMPLES.map((example) => valuesOf(example, format));
  const columns = format?.header.columns ?? [...rows[0]!.keys()];
  const cellsOf = (values: Map<string, string>) => {
    const byKey = new Map([...values].map(([name, value]) => [nameKey(name), value]));
    return columns.map((name) => byKey.get(nameKey(name)) ?? '');
  };
  const records = [columns, ...rows.map(cellsOf)].map((cells) => csvRecord(cells.map(escapeCell), delimiter));
  const mark = format?.encoding == null ? '' : '\ufeff';
  return `${mark}${'\n'.repeat(format?.header.skip_rows ?? 0)}${records.join('\n')}\n`;
}

/** By the columns of the file. A list of columns has its value in the first of them. */
function valuesOf(example: Example, format: Format | null): Map<string, string> {
  const values = new Map<string, string>();
  for (const column of ORDER_COLUMNS) {
    const source = format?.columns[column] ?? { from: column };
    const [first, ...others] = namesOf(source);
    if (first === undefined || values.has(first)) continue;
    const isOfAll = 'divide_by' in source && source.divide_by !== undefined;
    const text = textOf(column, example, format, isOfAll);
    const parts = 'join' in source ? partsOf(text, others.length) : [text];
    for (const [i, name] of [first, ...others].entries()) if (!values.has(name)) values.set(name, parts[i] ?? '');
  }
  if (format?.only) values.set(format.only.column, format.only.in[0]!);
  return values;
}

/** The words of a text, in as many parts at most as there are columns beside the first. */
function partsOf(text: string, others: number): string[] {
  const words = text.split(', ');
  return [...words.slice(0, others), words.slice(others).join(', ')];
}

function textOf(column: OrderColumn, example: Example, format: Format | null, isOfAll: boolean): string {
  const totalMinor = example.priceMinor * Number(example.quantity);
  if (column === 'total_amount') return amountOf(totalMinor, format);
  if (column === 'unit_price') return amountOf(isOfAll ? totalMinor : example.priceMinor, format);
  if (column !== 'order_date') return example[column];
  const pattern = format?.dates[0];
  return pattern === undefined ? example.day : exampleOfPattern(parseDatePattern(pattern) as DatePattern, example.day);
}

function amountOf(minor: number, format: Format | null): string {
  const { decimal, group } = format?.numbers ?? { decimal: '.', group: '' };
  const whole = String(Math.floor(minor / 100)).replace(/\B(?=(\d{3})+$)/g, group);
  return `${whole}${decimal}${String(minor % 100).padStart(2, '0')}`;
}
