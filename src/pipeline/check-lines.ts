/**
 * Checks the rows of one order together: each as a row, where cells of the order that are empty in later rows are those of the first, then
 * what only holds for all of them. A row that is right is rejected with one that is not.
 */
import { isSameText } from '../model/characters.ts';
import type { OrderColumn } from '../model/columns.ts';
import type { Header } from '../model/header.ts';
import { formatMinor, parseMinor } from '../model/money.ts';
import { createOrderDateParser, type OrderDateParser } from '../model/order-date.ts';
import type { RawRow } from '../model/raw-row.ts';
import { orderIncomplete, otherThanFirst, sumMismatch, sumTooLarge, tooManyItems } from '../model/reasons.ts';
import type { Reason } from '../model/rejection.ts';
import { MAX_TOTAL_MINOR, type RowValues } from '../model/row-schema.ts';
import type { RowReader } from './read/reading.ts';
import type { Lines } from './read/row-lines.ts';
import { createRowReader } from './read/row-reader.ts';
import { type CheckedRow, RowValidator, rejectedRow, sortReasons, timeZoneOf, totalIsOfOrder } from './validate.ts';

/** The columns that say the same in all rows of an order; so does a total of the order. */
const OF_ORDER: readonly OrderColumn[] = [
  ...(['order_id', 'customer_name', 'customer_email', 'order_date', 'shipping_address'] as const),
];

/** The first row of the order whose cells can be read. */
interface First {
  raw: RawRow;
  values: RowValues;
}

export class LineChecker {
  readonly #header: Header;
  readonly #validator: RowValidator;
  readonly #reader: RowReader;
  readonly #parseDate: OrderDateParser;
  readonly #ofOrder: readonly OrderColumn[];

  constructor(header: Header, options: { timeZone: string }) {
    this.#header = header;
    this.#parseDate = createOrderDateParser(timeZoneOf(header, options));
    this.#validator = new RowValidator(header, this.#parseDate);
    this.#reader = createRowReader(header);
    this.#ofOrder = totalIsOfOrder(header) ? [...OF_ORDER, 'total_amount'] : OF_ORDER;
  }

  check({ orderId, rows, tooMany }: Lines): CheckedRow[] {
    if (tooMany) return rows.map((raw) => rejectedRow(raw, this.#header, tooManyItems(orderId)));
    let first: First | null = null;
    const checked = rows.map((raw) => {
      if (first !== null) return this.#checkLater(raw, first);
      return this.#validator.validate(raw, (reading) => {
        first = { raw, values: reading.values };
        return reading;
      });
    });
    if (first !== null && checked.every(({ order }) => order !== null)) this.#checkSum(checked, first);
    return checked;
  }

  #checkLater(raw: RawRow, first: First): CheckedRow {
    const filled: OrderColumn[] = [];
    const others: Reason[] = [];
    const checked = this.#validator.validate(raw, (reading) => {
      const values = { ...reading.values };
      for (const column of this.#ofOrder) {
        if (values[column] === '') {
          values[column] = first.values[column];
          filled.push(column);
        } else if (first.values[column] !== '' && !this.#isSame(column, values[column], first.values[column]))
          others.push(this.#otherThanFirst(column, raw, first));
      }
      return { ...reading, values };
    });
    // What is wrong with a value of the first row is said there.
    const own = checked.reasons.filter(({ column }) => !filled.includes(column as OrderColumn));
    const more = others.filter((other) => !own.some(({ column }) => column === other.column));
    checked.reasons = sortReasons([...own, ...more], this.#header);
    if (checked.reasons.length > 0) checked.order = null;
    return checked;
  }

  #isSame(column: OrderColumn, value: string, first: string): boolean {
    if (isSameText(value, first)) return true;
    if (column === 'order_date') return this.#parseDate(value) === this.#parseDate(first);
    return column === 'total_amount' && parseMinor(value) === parseMinor(first);
  }

  #otherThanFirst(column: OrderColumn, raw: RawRow, first: First): Reason {
    const { name, value } = this.#reader.shown(column, raw.cells);
    return otherThanFirst(column, value, this.#reader.shown(column, first.raw.cells).value, first.raw.row, name);
  }

  /** The items may not come to more than an order may have, nor to another total than it gives. */
  #checkSum(checked: CheckedRow[], { raw, values }: First): void {
    const sumMinor = checked.reduce((sum, { order }) => sum + order!.totalMinor, 0);
    const { name, value } = this.#reader.shown('total_amount', raw.cells);
    const [first] = checked as [CheckedRow];
    const reject = (code: 'invalid_total' | 'total_mismatch', reason: string) => {
      first.reasons = [{ column: 'total_amount', code, reason }];
      first.order = null;
    };
    if (sumMinor > MAX_TOTAL_MINOR) reject('invalid_total', sumTooLarge(formatMinor(MAX_TOTAL_MINOR)));
    else if (totalIsOfOrder(this.#header) && parseMinor(values.total_amount) !== sumMinor)
      reject('total_mismatch', sumMismatch(value, sumMinor, name));
  }
}

/** Once the inventory service has answered: all rows of an order are accepted, or none is. */
export function rejectTogether(rows: readonly CheckedRow[]): void {
  const guilty = rows.find(({ reasons }) => reasons.length > 0);
  if (guilty === undefined) return;
  for (const row of rows) {
    row.order = null;
    if (row.reasons.length === 0) row.reasons.push(orderIncomplete(guilty.raw.row));
  }
}
