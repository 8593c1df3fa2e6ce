/**
 * Reads the values of an order from the cells of a row, as texts in standard form. In a standard file they are the cells themselves; a
 * format takes them from other columns, joins, calculates and converts them. Whether they are valid is decided by the rules of every row.
 */
import { cellValue } from '../../model/characters.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import type { Header } from '../../model/header.ts';
import { FormatReader } from './format-reader.ts';
import type { Reading, RowReader } from './reading.ts';
import { shownAs } from './shown-names.ts';

export const createRowReader = (header: Header): RowReader =>
  header.format === null ? new StandardReader(header) : new FormatReader(header, header.format);

const NOTHING_MADE: readonly string[] = [];

class StandardReader implements RowReader {
  readonly #at: Record<OrderColumn, number>;

  constructor({ orderColumns }: Header) {
    this.#at = orderColumns;
  }

  read(cells: readonly string[]): Reading {
    const at = this.#at;
    const values = {
      order_id: cellValue('order_id', cells[at.order_id]!),
      customer_name: cellValue('customer_name', cells[at.customer_name]!),
      customer_email: cellValue('customer_email', cells[at.customer_email]!),
      product_name: cellValue('product_name', cells[at.product_name]!),
      sku: cellValue('sku', cells[at.sku]!),
      hub_id: cellValue('hub_id', cells[at.hub_id]!),
      quantity: cellValue('quantity', cells[at.quantity]!),
      unit_price: cellValue('unit_price', cells[at.unit_price]!),
      total_amount: cellValue('total_amount', cells[at.total_amount]!),
      order_date: cellValue('order_date', cells[at.order_date]!),
      shipping_address: cellValue('shipping_address', cells[at.shipping_address]!),
    };
    return { values, made: NOTHING_MADE, unreadable: null };
  }

  shown(column: OrderColumn, cells: readonly string[]) {
    return { name: column, value: cellValue(column, cells[this.#at[column]]!) };
  }

  skips(): boolean {
    return false;
  }
}

/** The names of the columns of an order in the file, by which reports call them, where they are others. */
export const namesInFile = ({
  columns,
  sources,
}: Pick<Header, 'columns' | 'sources'>): Partial<Record<string, string>> =>
  Object.fromEntries(
    ORDER_COLUMNS.flatMap((column) => {
      const names = sources[column].map((index) => columns[index]!);
      return names.length === 0 || shownAs(column, names) === column ? [] : [[column, names.join(', ')]];
    }),
  );

/** How reasons call a column of an order: as in the file, where it has another name there. */
export function shownColumn({ columns, sources }: Pick<Header, 'columns' | 'sources'>, column: OrderColumn): string {
  return shownAs(
    column,
    sources[column].map((index) => columns[index]!),
  );
}
