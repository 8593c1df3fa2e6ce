/** Reads rows by a format: see `row-reader.ts`. Everything is declared and exact: what does not have the declared form is no value. */
import { cellValue } from '../../model/characters.ts';
import { nameKey } from '../../model/column-names.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import type { Format } from '../../model/format.ts';
import { comparable, createValueReaders } from '../../model/format-values.ts';
import type { Header } from '../../model/header.ts';
import { exampleOf, type NumberReader } from '../../model/locale-numbers.ts';
import { formatMinor, parseMinor } from '../../model/money.ts';
import { quantityOf, type RowValues } from '../../model/row-schema.ts';
import { unescapeCell } from '../../model/spreadsheet-cell.ts';
import { trim } from '../../model/trim.ts';
import type { Reading, RowReader, Unreadable } from './reading.ts';
import { shownAs } from './shown-names.ts';

type Get = (cells: readonly string[]) => string;

export class FormatReader implements RowReader {
  readonly #format: Format;
  readonly #header: Header;
  readonly #get: Record<OrderColumn, Get>;
  /** Those whose cells are not in standard form. */
  readonly #converted: readonly (readonly [OrderColumn, NumberReader])[];
  readonly #computes: boolean;
  readonly #divides: boolean;
  readonly #only: { index: number; texts: Set<string> } | null;

  constructor(header: Header, format: Format) {
    this.#format = format;
    this.#header = header;
    this.#get = Object.fromEntries(ORDER_COLUMNS.map((column) => [column, this.#getter(column)])) as Record<
      OrderColumn,
      Get
    >;
    const { columns, only } = format;
    const readers = Object.entries(createValueReaders(format)) as [OrderColumn, NumberReader][];
    this.#converted = readers.filter(([column]) => header.made.includes(column) && 'from' in columns[column]);
    this.#computes = 'compute' in columns.total_amount;
    this.#divides = 'from' in columns.unit_price && columns.unit_price.divide_by !== undefined;
    this.#only = only && {
      index: header.columns.findIndex((name) => !name.startsWith('_') && nameKey(name) === nameKey(only.column)),
      texts: new Set(only.in.map(comparable)),
    };
  }

  read(cells: readonly string[]): Reading {
    const get = this.#get;
    const values: RowValues = {
      order_id: cellValue('order_id', get.order_id(cells)),
      customer_name: cellValue('customer_name', get.customer_name(cells)),
      customer_email: cellValue('customer_email', get.customer_email(cells)),
      product_name: cellValue('product_name', get.product_name(cells)),
      sku: cellValue('sku', get.sku(cells)),
      hub_id: cellValue('hub_id', get.hub_id(cells)),
      quantity: cellValue('quantity', get.quantity(cells)),
      unit_price: cellValue('unit_price', get.unit_price(cells)),
      total_amount: cellValue('total_amount', get.total_amount(cells)),
      order_date: cellValue('order_date', get.order_date(cells)),
      shipping_address: cellValue('shipping_address', get.shipping_address(cells)),
    };
    const unreadable = new Unreadables();
    for (const [column, toStandard] of this.#converted) {
      const standard = values[column] === '' ? '' : toStandard(values[column]);
      if (standard !== null) values[column] = standard;
      else unreadable.add(column, this.#explain(column));
    }
    if (this.#divides) divide(values, unreadable);
    if (this.#computes) values.total_amount = computed(values);
    const { made } = this.#header;
    return { values, made: made.map((column) => values[column]), unreadable: unreadable.found };
  }

  shown(column: OrderColumn, cells: readonly string[]) {
    const { columns, sources } = this.#header;
    const filled = sources[column].filter((index) => trim(cells[index]!) !== '');
    const isFirst = 'from' in this.#format.columns[column] && filled.length > 0;
    const indices = isFirst ? filled.slice(0, 1) : sources[column];
    const names = indices.map((index) => columns[index]!);
    return { name: shownAs(column, names), value: cellValue(column, this.#get[column](cells)) };
  }

  skips(cells: readonly string[], first = cells): boolean {
    if (this.#only === null) return false;
    const { index, texts } = this.#only;
    return !texts.has(comparable(cells[index] ?? '') || comparable(first[index] ?? ''));
  }

  /** What is in the file for the column. */
  #getter(column: OrderColumn): Get {
    const source = this.#format.columns[column];
    const indices = this.#header.sources[column];
    if ('value' in source) return () => source.value;
    if ('compute' in source) return () => '';
    if ('join' in source) {
      const between = source.with ?? ' ';
      return (cells) => indices.flatMap((index) => trim(cells[index]!) || []).join(between);
    }
    const [first] = indices as [number];
    const get: Get =
      indices.length === 1
        ? (cells) => cells[first]!
        : (cells) => cells[indices.find((index) => trim(cells[index]!) !== '') ?? first]!;
    return this.#format.escaped ? (cells) => unescapeCell(get(cells)) : get;
  }

  #explain(column: OrderColumn): Unreadable {
    const { numbers, dates } = this.#format;
    if (column === 'order_date')
      return { code: 'invalid_date', words: `is not a date of the form ${dates.join(' or ')}` };
    if (column !== 'quantity')
      return {
        code: column === 'unit_price' ? 'invalid_price' : 'invalid_total',
        words: `is not an amount such as ${exampleOf(numbers)}, as the format has it`,
      };
    const groups = numbers.group === '' ? '' : `, perhaps with "${numbers.group}" between groups of three digits`;
    return { code: 'invalid_quantity', words: `is not a whole number from 1 to 1,000,000${groups}` };
  }
}

class Unreadables {
  found: Map<OrderColumn, Unreadable> | null = null;

  add(column: OrderColumn, problem: Unreadable): void {
    this.found ??= new Map();
    this.found.set(column, problem);
  }
}

/** Of a value that depends on others which are wrong: it has no reason of its own. */
const NOT_KNOWN = '0';

/** The price of one piece from that of all. */
function divide(values: RowValues, unreadable: Unreadables): void {
  const minor = parseMinor(values.unit_price);
  // Its own reason stays.
  if (minor === null || unreadable.found?.has('unit_price')) return;
  const quantity = quantityOf(values.quantity);
  if (quantity === null) values.unit_price = NOT_KNOWN;
  else if (minor % quantity === 0) values.unit_price = formatMinor(minor / quantity);
  else
    unreadable.add('unit_price', {
      code: 'invalid_price',
      words: `cannot be divided by the quantity ${quantity} to the cent`,
    });
}

function computed(values: RowValues): string {
  const quantity = quantityOf(values.quantity);
  const price = parseMinor(values.unit_price);
  return quantity === null || price === null ? NOT_KNOWN : formatMinor(quantity * price);
}
