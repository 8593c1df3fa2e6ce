/**
 * Reads a file once more and looks for each of its rows in the store: it must be one order with the row's values, or one rejection
 * with its cells (INV-1). Only what the store had committed is compared.
 */
import { isOmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { cellValue } from '../model/characters.ts';
import type { OrderColumn } from '../model/columns.ts';
import { type FileRecord, UPLOADS } from '../model/file.ts';
import { isFileFailure } from '../model/file-failure.ts';
import type { Header } from '../model/intake.ts';
import { parseMinor } from '../model/money.ts';
import type { Order } from '../model/order.ts';
import type { RawRow } from '../model/raw-row.ts';
import type { Rejection } from '../model/rejection.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { CommittedChunk, Violation } from '../ports/verification.ts';
import { readFile } from './read.ts';
import { dataValues } from './validate.ts';

/** Returns whether the file was there to be read. */
export async function* verifySource(
  store: Pick<OrderStore, 'rejections' | 'verification'>,
  objects: ObjectStore,
  file: FileRecord,
  { maxInflatedBytes }: { maxInflatedBytes: number },
): AsyncGenerator<Violation, boolean> {
  const { fileId, sizeBytes, objectKey, objectVersion, encodingOverride } = file;
  const off = (what: string, id: string, detail: string): Violation => ({ check: 'rows', what, id, detail });
  const rejections = rejectionsOf(store, file);
  let rejection = await rejections.next();
  const chunks = store.verification.chunks(file)[Symbol.asyncIterator]();
  let chunk: OpenChunk = { rows: 0, orders: new Map() };
  let failure = 'it has fewer rows';
  try {
    // An upload's own object stays as it is, though a copy of it may have another version; one that a user put into a bucket
    // may have been replaced since, and is gone then.
    const version = objectKey.startsWith(UPLOADS) ? {} : { version: objectVersion };
    const source = { sizeBytes, open: (offset: number) => objects.open(objectKey, { offset, ...version }) };
    const encoding = encodingOverride === null ? {} : { encoding: encodingOverride };
    // Row by row where reading comes to what made the file fail: those before it are there.
    const maxPartRows = file.status === 'failed' ? 1 : limits.maxPartRows;
    const { header, parts } = await readFile(
      source,
      null,
      { ...encoding, maxInflatedBytes },
      { ...limits, maxPartRows },
    );
    read: for await (const { rows } of parts)
      for (const raw of rows) {
        // A completed file has been read to its end.
        if (raw.row > file.row && file.status !== 'completed') break read;
        while (chunk.rows === 0) {
          yield* leftOver(chunk);
          const next = await chunks.next();
          if (next.done) break;
          chunk = { rows: next.value.rows, orders: new Map(next.value.orders.map((order) => [order.row, order])) };
        }
        chunk.rows--;
        for (; !rejection.done && rejection.value.row < raw.row; rejection = await rejections.next())
          yield off('a rejection is of no row of the file', fileId, `row ${rejection.value.row}`);
        const rejected = !rejection.done && rejection.value.row === raw.row ? rejection.value : null;
        if (rejected) rejection = await rejections.next();
        const order = chunk.orders.get(raw.row);
        chunk.orders.delete(raw.row);
        const idInFile = cellValue('order_id', raw.cells[header.orderColumns.order_id] ?? fileId);
        const orderId = order?.orderId ?? idInFile;
        const at = `row ${raw.row} of ${fileId}, order ${idInFile}`;
        if (order && rejected) yield off('a row is an order and a rejection', orderId, at);
        else if (order) {
          const column = differingColumn(order, raw, header);
          if (column) yield off('an order is not what its row says', orderId, `${at}: ${column} differs`);
        } else if (!rejected) yield off('a row is neither an order nor a rejection', orderId, at);
        else if (dataValues(raw, header).some((value, i) => value !== rejected.values[i]))
          yield off('a rejection has not the cells of its row', fileId, at);
      }
  } catch (error) {
    if (isOmsError(error, 'object_missing') || isOmsError(error, 'object_changed')) return false;
    if (!isFileFailure(error) && !isOmsError(error, 'short_read')) throw error;
    failure = error.message;
  }
  // What made the file fail is met again, behind its rows.
  if (chunk.rows > 0 || !(await chunks.next()).done)
    yield off('the file cannot be read again as it was', fileId, failure);
  yield* leftOver(chunk);
  for (; !rejection.done; rejection = await rejections.next())
    yield off('a rejection is of no row of the file', fileId, `row ${rejection.value.row}`);
  return true;

  function* leftOver({ orders }: OpenChunk): Generator<Violation> {
    for (const { orderId, row } of orders.values())
      yield off('an order is of no row of its chunk', orderId, `it says row ${row} of ${fileId}`);
    orders.clear();
  }
}

interface OpenChunk {
  /** Rows of the file that are still to come. */
  rows: number;
  /** By row, those that are still to be met. */
  orders: Map<number, CommittedChunk['orders'][number]>;
}

async function* rejectionsOf(
  store: Pick<OrderStore, 'rejections'>,
  { fileId, row }: FileRecord,
): AsyncGenerator<Rejection, undefined> {
  let after: string | null = null;
  do {
    const page = await store.rejections.list(fileId, {}, { limit: limits.reportPageRows, after });
    for (const rejection of page.items) {
      // Of a chunk that was committed since.
      if (rejection.row > row) return;
      yield rejection;
    }
    after = page.next;
  } while (after !== null);
}

/** The date apart: what one without a zone meant is not in the file. */
function differingColumn(order: Order, { cells }: RawRow, { orderColumns: at }: Header): string | null {
  const [item] = order.items;
  const text = (column: OrderColumn) => cellValue(column, cells[at[column]] ?? '');
  // Orders of before may have what is not seen at their ends, and ids as they were sent.
  const says = (column: OrderColumn, value: string) => text(column) === value || cells[at[column]]?.trim() === value;
  const columns = {
    order_id: says('order_id', order.orderId),
    customer_name: says('customer_name', order.customerName),
    customer_email: says('customer_email', order.customerEmail),
    product_name: says('product_name', item!.productName),
    sku: says('sku', item!.sku),
    hub_id: says('hub_id', item!.hubId),
    quantity: Number(text('quantity')) === item!.quantity,
    unit_price: parseMinor(text('unit_price')) === item!.unitPriceMinor,
    total_amount: parseMinor(text('total_amount')) === order.totalMinor,
    shipping_address: says('shipping_address', order.shippingAddress),
  };
  return Object.entries(columns).find(([, equal]) => !equal)?.[0] ?? null;
}
