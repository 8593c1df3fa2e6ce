/**
 * The slow path of a row: from its cells to an order, or to all reasons against it. Every row becomes exactly one of the two (INV-1).
 * Pure: the caller asks the inventory service and applies the answer with `rejectUnknown`.
 */
import { ORDER_COLUMNS, type OrderColumn } from '../model/columns.ts';
import type { Header } from '../model/header.ts';
import type { Delimiter } from '../model/intake.ts';
import { parseMinor } from '../model/money.ts';
import { createOrderDateParser, type OrderDateParser } from '../model/order-date.ts';
import type { OrderRow } from '../model/order-row.ts';
import type { RawRow } from '../model/raw-row.ts';
import {
  columnCount,
  forbiddenHub,
  invalidValue,
  malformedQuote,
  shownValue,
  totalMismatch,
  unknownHub,
  unknownSku,
  type ValueCode,
} from '../model/reasons.ts';
import { type Reason, type Rejection, WHOLE_ROW_CODES } from '../model/rejection.ts';
import { createRowSchema, isPlainRow, type RowValues } from '../model/row-schema.ts';
import { csvRecord } from '../model/spreadsheet-cell.ts';
import { type WarningCode, warningsOf } from '../model/warnings.ts';
import { notAnOrder } from './not-an-order.ts';
import type { Reading, RowReader } from './read/reading.ts';
import { createRowReader, shownColumn } from './read/row-reader.ts';

export interface CheckedRow {
  raw: RawRow;
  header: Header;
  /** Null when there are reasons. */
  order: OrderRow | null;
  /** Values that are not cells of the row, in the order of `header.made`. */
  made: readonly string[];
  /** In the order of the file's columns. */
  reasons: Reason[];
  /** Null when malformed. The inventory service is asked about well-formed values even when other columns are wrong. */
  sku: string | null;
  hubId: string | null;
  /** Values that are allowed but look wrong. */
  warnings: WarningCode[];
  /** The number of the two among the pairs that the inventory service was asked about. */
  pair: number | null;
}

export function createRowValidator(header: Header, options: { timeZone: string }): (raw: RawRow) => CheckedRow {
  const validator = new RowValidator(header, createOrderDateParser(timeZoneOf(header, options)));
  return (raw) => validator.validate(raw);
}

/** The zone of dates without an offset. */
export const timeZoneOf = ({ format }: Header, { timeZone }: { timeZone: string }): string =>
  format?.time_zone ?? timeZone;

/** Whether the total of a row is that of its order, not of its item. */
export const totalIsOfOrder = ({ format }: Header): boolean =>
  format?.total === 'order' && !('compute' in format.columns.total_amount);

export class RowValidator {
  readonly #header: Header;
  readonly #reader: RowReader;
  /** The columns of an order, in the order of the file. */
  readonly #fileOrder: OrderColumn[];
  readonly #parseDate: OrderDateParser;
  readonly #schema: ReturnType<typeof createRowSchema>;
  readonly #totalIsOfOrder: boolean;

  constructor(header: Header, parseDate: OrderDateParser) {
    const at = header.orderColumns;
    this.#header = header;
    this.#reader = createRowReader(header);
    this.#fileOrder = ORDER_COLUMNS.toSorted((a, b) => at[a] - at[b]);
    this.#parseDate = parseDate;
    this.#schema = createRowSchema(parseDate);
    this.#totalIsOfOrder = totalIsOfOrder(header);
  }

  /** `adapt`: changes what was read, which is called where the cells can be read. */
  validate(raw: RawRow, adapt: (reading: Reading) => Reading = asRead): CheckedRow {
    const header = this.#header;
    const { cells } = raw;
    if (raw.unfixed) return this.#wholeRow(raw, raw.unfixed.reason);
    if (raw.malformedQuote) return this.#wholeRow(raw, malformedQuote(cells));
    if (cells.length !== header.columns.length) {
      const surplus = cells.slice(header.columns.length);
      const reason = notAnOrder(cells, header) ?? columnCount(cells.length, header.columns.length, surplus);
      return this.#wholeRow(raw, reason);
    }
    const reading = adapt(this.#reader.read(cells));
    const { values, made } = reading;
    const codes = this.#codesOf(raw, reading);
    if (codes.size > 0) {
      const reason = notAnOrder(cells, header);
      return reason === null ? this.#explain(raw, reading, codes) : this.#wholeRow(raw, reason);
    }
    const order = this.#orderOf(raw.row, values);
    if (this.#totalIsOfOrder) order.totalMinor = order.quantity * order.unitPriceMinor;
    else if (order.quantity * order.unitPriceMinor !== order.totalMinor) return this.#explain(raw, reading, codes);
    const warnings = warningsOf(values, true);
    return { raw, header, order, made, reasons: [], sku: order.sku, hubId: order.hubId, warnings, pair: null };
  }

  /** The errors of single values, by column. */
  #codesOf({ undecodable }: RawRow, { values, unreadable }: Reading): Map<OrderColumn, ValueCode> {
    const codes = new Map<OrderColumn, ValueCode>();
    const issues = isPlainRow(values, this.#parseDate) ? [] : (this.#schema.safeParse(values).error?.issues ?? []);
    for (const issue of issues) codes.set(issue.path[0] as OrderColumn, issue.message as ValueCode);
    for (const [column, { code }] of unreadable ?? []) codes.set(column, code);
    if (undecodable !== null)
      for (const column of this.#fileOrder)
        if (this.#header.sources[column].some((cell) => undecodable.includes(cell))) codes.set(column, 'invalid_utf8');
    return codes;
  }

  /** Of values that are each valid. */
  #orderOf(row: number, values: RowValues): OrderRow {
    return {
      row,
      orderId: values.order_id,
      customerName: values.customer_name,
      customerEmail: values.customer_email,
      productName: values.product_name,
      sku: values.sku,
      hubId: values.hub_id,
      quantity: Number(values.quantity),
      unitPriceMinor: parseMinor(values.unit_price)!,
      totalMinor: parseMinor(values.total_amount)!,
      orderDateMs: this.#parseDate(values.order_date) as number,
      shippingAddress: values.shipping_address,
    };
  }

  #explain(raw: RawRow, reading: Reading, codes: Map<OrderColumn, ValueCode>): CheckedRow {
    const { values, made } = reading;
    const reasons: Reason[] = [];
    for (const column of this.#fileOrder) {
      const code = codes.get(column);
      if (code !== undefined) {
        reasons.push(this.#reasonOf(column, code, raw.cells, reading));
      } else if (column === 'total_amount' && !this.#isUncertain(codes)) {
        const mismatch = findMismatch(values, this.#reader.shown(column, raw.cells));
        if (mismatch !== null) reasons.push(mismatch);
      }
    }
    return {
      raw,
      header: this.#header,
      order: null,
      made,
      reasons,
      sku: codes.has('sku') ? null : values.sku,
      hubId: codes.has('hub_id') ? null : values.hub_id,
      warnings: warningsOf(values, false),
      pair: null,
    };
  }

  /** Whether there is nothing to compare the total of the row with. */
  #isUncertain(codes: ReadonlyMap<OrderColumn, ValueCode>): boolean {
    return this.#totalIsOfOrder || codes.has('quantity') || codes.has('unit_price');
  }

  #reasonOf(column: OrderColumn, code: ValueCode, cells: string[], { values, unreadable }: Reading): Reason {
    const { name, value } = this.#reader.shown(column, cells);
    const problem = unreadable?.get(column);
    // Bytes that cannot be decoded go before.
    if (problem?.code === code) return { column, code, reason: `${name} ${shownValue(value)} ${problem.words}` };
    const date = code === 'invalid_date' ? this.#parseDate(values.order_date) : 'form';
    return invalidValue(column, code, values[column], typeof date === 'string' ? date : 'form', name, value);
  }

  /** A reason that is about the whole row is its only one. */
  #wholeRow(raw: RawRow, reason: Reason): CheckedRow {
    return rejectedRow(raw, this.#header, reason);
  }
}

const asRead = (reading: Reading): Reading => reading;

/** A row that was not looked at further. */
export const rejectedRow = (raw: RawRow, header: Header, reason: Reason): CheckedRow => ({
  ...{ raw, header, order: null, made: [], reasons: [reason], sku: null, hubId: null, warnings: [], pair: null },
});

/** In the order of the file's columns. */
export const sortReasons = (reasons: Reason[], { orderColumns: at }: Header): Reason[] =>
  reasons.sort((a, b) => at[a.column as OrderColumn] - at[b.column as OrderColumn]);

/** For a quantity, price and total that are each valid. */
function findMismatch(values: RowValues, { name, value }: ReturnType<RowReader['shown']>): Reason | null {
  const quantity = Number(values.quantity);
  const exactMinor = quantity * parseMinor(values.unit_price)!;
  if (exactMinor === parseMinor(values.total_amount)) {
    return null;
  }
  return totalMismatch(value, quantity, values.unit_price, exactMinor, name);
}

/**
 * Adds the reasons for an unknown SKU or hub, or one that the file is not for, in column order; `words` are the service's message. A malformed SKU or hub was not asked
 * about and already has its reason.
 */
export function rejectUnknown(
  checked: CheckedRow,
  answer: { skuValid: boolean; hubValid: boolean; isForbidden?: true; words?: string },
): void {
  const { sku, hubId, header } = checked;
  if (sku !== null && !answer.skuValid) checked.reasons.push(unknownSku(sku, answer.words, shownColumn(header, 'sku')));
  if (hubId !== null && !answer.hubValid) {
    const name = shownColumn(header, 'hub_id');
    checked.reasons.push(answer.isForbidden ? forbiddenHub(hubId, name) : unknownHub(hubId, answer.words, name));
  }
  if (checked.reasons.length > 0) {
    sortReasons(checked.reasons, header);
    checked.order = null;
  }
}

/** The rejection that the report is written from; `delimiter` is the file's. */
export function toRejection(checked: CheckedRow, header: Header, delimiter: Delimiter): Rejection {
  const { raw, reasons } = checked;
  const rejection = { row: raw.row, reasons, values: dataValues(raw, header) };
  return WHOLE_ROW_CODES.includes(reasons[0]!.code) ? { ...rejection, record: recordOf(raw, delimiter) } : rejection;
}

/** A row with a malformed quote was split at every delimiter, so joining its cells gives the original line. */
function recordOf({ unfixed, malformedQuote, cells }: RawRow, delimiter: Delimiter): string {
  return unfixed?.record ?? (malformedQuote ? cells.join(delimiter) : csvRecord(cells, delimiter));
}

/** The original cells of the data columns; missing cells are empty. */
export const dataValues = ({ cells }: RawRow, { dataColumns }: Header): string[] =>
  dataColumns.map((column) => cells[column] ?? '');
