/**
 * The slow path of a row: from its cells to an order, or to all reasons against it. Every row becomes exactly one of the two (INV-1).
 * Pure: the caller asks the inventory service and applies the answer with `rejectUnknown`.
 */
import { cellValue } from '../model/characters.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../model/columns.ts';
import type { Delimiter, Header } from '../model/intake.ts';
import { parseMinor } from '../model/money.ts';
import { createOrderDateParser, type OrderDateParser } from '../model/order-date.ts';
import type { OrderRow } from '../model/order-row.ts';
import type { RawRow } from '../model/raw-row.ts';
import {
  columnCount,
  forbiddenHub,
  invalidValue,
  malformedQuote,
  totalMismatch,
  unknownHub,
  unknownSku,
  type ValueCode,
} from '../model/reasons.ts';
import { type Reason, type Rejection, WHOLE_ROW_CODES } from '../model/rejection.ts';
import { createRowSchema, type RowValues } from '../model/row-schema.ts';
import { csvRecord } from '../model/spreadsheet-cell.ts';
import { type WarningCode, warningsOf } from '../model/warnings.ts';
import { notAnOrder } from './not-an-order.ts';

export interface CheckedRow {
  raw: RawRow;
  header: Header;
  /** Null when there are reasons. */
  order: OrderRow | null;
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
  const validator = new RowValidator(header, createOrderDateParser(options.timeZone));
  return (raw) => validator.validate(raw);
}

class RowValidator {
  readonly #header: Header;
  readonly #at: Record<OrderColumn, number>;
  /** The columns of an order, in the order of the file. */
  readonly #fileOrder: OrderColumn[];
  readonly #parseDate: OrderDateParser;
  readonly #schema: ReturnType<typeof createRowSchema>;

  constructor(header: Header, parseDate: OrderDateParser) {
    this.#header = header;
    this.#at = header.orderColumns;
    this.#fileOrder = ORDER_COLUMNS.toSorted((a, b) => this.#at[a] - this.#at[b]);
    this.#parseDate = parseDate;
    this.#schema = createRowSchema(parseDate);
  }

  validate(raw: RawRow): CheckedRow {
    const header = this.#header;
    const { cells } = raw;
    if (raw.unfixed) return this.#wholeRow(raw, raw.unfixed.reason);
    if (raw.malformedQuote) return this.#wholeRow(raw, malformedQuote(cells));
    if (cells.length !== header.columns.length) {
      const surplus = cells.slice(header.columns.length);
      const reason = notAnOrder(cells, header) ?? columnCount(cells.length, header.columns.length, surplus);
      return this.#wholeRow(raw, reason);
    }
    const values = this.#valuesOf(cells);
    const codes = this.#codesOf(raw, values);
    if (codes.size > 0) {
      const reason = notAnOrder(cells, header);
      return reason === null ? this.#explain(raw, values, codes) : this.#wholeRow(raw, reason);
    }
    const order = this.#orderOf(raw.row, values);
    if (order.quantity * order.unitPriceMinor !== order.totalMinor) return this.#explain(raw, values, codes);
    const warnings = warningsOf(values, true);
    return { raw, header, order, reasons: [], sku: order.sku, hubId: order.hubId, warnings, pair: null };
  }

  #valuesOf(cells: string[]): RowValues {
    const at = this.#at;
    return {
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
  }

  /** The errors of single values, by column. */
  #codesOf({ undecodable }: RawRow, values: RowValues): Map<OrderColumn, ValueCode> {
    const codes = new Map<OrderColumn, ValueCode>();
    for (const issue of this.#schema.safeParse(values).error?.issues ?? [])
      codes.set(issue.path[0] as OrderColumn, issue.message as ValueCode);
    if (undecodable !== null)
      for (const column of this.#fileOrder)
        if (undecodable.includes(this.#at[column])) codes.set(column, 'invalid_utf8');
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

  #explain(raw: RawRow, values: RowValues, codes: Map<OrderColumn, ValueCode>): CheckedRow {
    const reasons: Reason[] = [];
    for (const column of this.#fileOrder) {
      const code = codes.get(column);
      if (code !== undefined) {
        const problem = code === 'invalid_date' ? this.#parseDate(values.order_date) : undefined;
        reasons.push(invalidValue(column, code, values[column], typeof problem === 'string' ? problem : undefined));
      } else if (column === 'total_amount' && !codes.has('quantity') && !codes.has('unit_price')) {
        const mismatch = findMismatch(values);
        if (mismatch !== null) reasons.push(mismatch);
      }
    }
    return {
      raw,
      header: this.#header,
      order: null,
      reasons,
      sku: codes.has('sku') ? null : values.sku,
      hubId: codes.has('hub_id') ? null : values.hub_id,
      warnings: warningsOf(values, false),
      pair: null,
    };
  }

  /** A reason that is about the whole row is its only one. */
  #wholeRow(raw: RawRow, reason: Reason): CheckedRow {
    const reasons = [reason];
    return { raw, header: this.#header, order: null, reasons, sku: null, hubId: null, warnings: [], pair: null };
  }
}

/** For a quantity, price and total that are each valid. */
function findMismatch(values: RowValues): Reason | null {
  const quantity = Number(values.quantity);
  const exactMinor = quantity * parseMinor(values.unit_price)!;
  if (exactMinor === parseMinor(values.total_amount)) {
    return null;
  }
  return totalMismatch(values.total_amount, quantity, values.unit_price, exactMinor);
}

/**
 * Adds the reasons for an unknown SKU or hub, or one that the file is not for, in column order; `words` are the service's message. A malformed SKU or hub was not asked
 * about and already has its reason.
 */
export function rejectUnknown(
  checked: CheckedRow,
  answer: { skuValid: boolean; hubValid: boolean; isForbidden?: true; words?: string },
): void {
  if (checked.sku !== null && !answer.skuValid) {
    checked.reasons.push(unknownSku(checked.sku, answer.words));
  }
  if (checked.hubId !== null && !answer.hubValid) {
    checked.reasons.push(answer.isForbidden ? forbiddenHub(checked.hubId) : unknownHub(checked.hubId, answer.words));
  }
  if (checked.reasons.length > 0) {
    const at = checked.header.orderColumns;
    checked.reasons.sort((a, b) => at[a.column as OrderColumn] - at[b.column as OrderColumn]);
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
