/**
 * A chunk in the form in which it goes from the reading thread to the writing one: one string with all cells and arrays of
 * numbers, as copying thousands of small strings and objects costs more than the inserts they are for.
 *
 * The text fields of an order are the trimmed original values of their columns, so the values alone are sent.
 */
import type { OrderColumn } from '../../model/columns.ts';
import type { Rejection } from '../../model/rejection.ts';
import type { ChunkToCommit, Claim } from '../../ports/order-store.ts';

export type PackedRejection = ReturnType<typeof packRejection>;

export interface PackedChunk {
  claim: Claim;
  n: number;
  end: { offset: number; row: number };
  bytesRead: number;
  trackStock: boolean;
  /** Original values per row. */
  width: number;
  /** Where among the values an order's column is. */
  positionOf: Record<OrderColumn, number>;
  text: string;
  /** End of each value in `text`; row by row. */
  ends: Uint32Array;
  rows: Uint32Array;
  /** Quantity, unit price, total and order date of each row. All are integers below 2^53. */
  numbers: Float64Array;
  rejections: PackedRejection[];
}

export const NUMBERS_PER_ROW = 4;

export function packRejection({ row, reasons, values }: Rejection) {
  return {
    row,
    codes: [...new Set(reasons.map((reason) => reason.code))],
    reasons: JSON.stringify(reasons),
    cells: JSON.stringify(values),
  };
}

export function packChunk(claim: Claim, chunk: ChunkToCommit, trackStock: boolean): PackedChunk {
  const { header, orders, values } = chunk;
  const width = header.dataColumns.length;
  const positionOf = Object.fromEntries(
    Object.entries(header.orderColumns).map(([name, column]) => [name, header.dataColumns.indexOf(column)]),
  ) as Record<OrderColumn, number>;
  const ends = new Uint32Array(orders.length * width);
  const rows = new Uint32Array(orders.length);
  const numbers = new Float64Array(orders.length * NUMBERS_PER_ROW);
  const pieces: string[] = [];
  let end = 0;
  let cell = 0;
  for (let i = 0; i < orders.length; i++) {
    for (const value of values[i]!) {
      pieces.push(value);
      end += value.length;
      ends[cell++] = end;
    }
    const order = orders[i]!;
    rows[i] = order.row;
    numbers[i * NUMBERS_PER_ROW] = order.quantity;
    numbers[i * NUMBERS_PER_ROW + 1] = order.unitPriceMinor;
    numbers[i * NUMBERS_PER_ROW + 2] = order.totalMinor;
    numbers[i * NUMBERS_PER_ROW + 3] = order.orderDateMs;
  }
  return {
    claim,
    n: chunk.n,
    end: chunk.end,
    bytesRead: chunk.bytesRead,
    trackStock,
    width,
    positionOf,
    text: pieces.join(''),
    ends,
    rows,
    numbers,
    rejections: chunk.rejections.map(packRejection),
  };
}

export interface UnpackedRow {
  row: number;
  values: string[];
  orderId: string;
  customerName: string;
  customerEmail: string;
  productName: string;
  sku: string;
  hubId: string;
  shippingAddress: string;
  quantity: number;
  unitPriceMinor: number;
  totalMinor: number;
  orderDateMs: number;
}

export function unpackRows(chunk: PackedChunk): UnpackedRow[] {
  const { text, ends, rows, numbers, width, positionOf } = chunk;
  const unpacked: UnpackedRow[] = new Array(rows.length);
  let start = 0;
  for (let i = 0; i < rows.length; i++) {
    const values: string[] = new Array(width);
    for (let column = 0; column < width; column++) {
      const end = ends[i * width + column]!;
      values[column] = text.slice(start, end);
      start = end;
    }
    unpacked[i] = {
      row: rows[i]!,
      values,
      orderId: values[positionOf.order_id]!.trim(),
      customerName: values[positionOf.customer_name]!.trim(),
      customerEmail: values[positionOf.customer_email]!.trim(),
      productName: values[positionOf.product_name]!.trim(),
      sku: values[positionOf.sku]!.trim(),
      hubId: values[positionOf.hub_id]!.trim(),
      shippingAddress: values[positionOf.shipping_address]!.trim(),
      quantity: numbers[i * NUMBERS_PER_ROW]!,
      unitPriceMinor: numbers[i * NUMBERS_PER_ROW + 1]!,
      totalMinor: numbers[i * NUMBERS_PER_ROW + 2]!,
      orderDateMs: numbers[i * NUMBERS_PER_ROW + 3]!,
    };
  }
  return unpacked;
}
