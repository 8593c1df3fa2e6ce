/**
 * Reads a file again and finds each of its rows in the store: it must be one order with the row's values, a further item of the order
 * before, or one rejection with its cells (INV-1). Only rows up to the checkpoint are compared.
 */
import { isOmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { cellValue } from '../model/characters.ts';
import type { OrderColumn } from '../model/columns.ts';
import { type FileRecord, UPLOADS } from '../model/file.ts';
import { isFileFailure } from '../model/file-failure.ts';
import type { Format } from '../model/format.ts';
import type { Header } from '../model/header.ts';
import { parseMinor } from '../model/money.ts';
import { isErased, type Order } from '../model/order.ts';
import { DELETED, isPersonal } from '../model/order-change.ts';
import type { RawRow } from '../model/raw-row.ts';
import type { Rejection } from '../model/rejection.ts';
import type { RowValues } from '../model/row-schema.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { pagesOf } from '../ports/page.ts';
import type { CommittedChunk, Violation } from '../ports/verification.ts';
import { FormatsOfFiles } from './formats-of-files.ts';
import type { ByteSource } from './read/byte-source.ts';
import { askedOf, type OpenFile, readFile } from './read/read-file.ts';
import type { RowReader } from './read/reading.ts';
import { boundsOf, rowsOf } from './read/row-collector.ts';
import { createRowReader } from './read/row-reader.ts';
import { isSkipped } from './read/skipped-rows.ts';
import { dataValues } from './validate.ts';

/** Returns whether the file was there to be read. */
export async function* verifySource(
  store: Pick<OrderStore, 'files' | 'rejections' | 'verification' | 'smallRecords'>,
  objects: ObjectStore,
  file: FileRecord,
  { maxInflatedBytes }: { maxInflatedBytes: number },
): AsyncGenerator<Violation, boolean> {
  const stored = new StoredRows(store, file);
  let failure = 'it has fewer rows';
  try {
    const format = file.format && (await new FormatsOfFiles({ store }).definition(file.format));
    const opened = await openSource(objects, file, format, maxInflatedBytes);
    const reader = createRowReader(opened.header);
    for await (const rows of rowsOf(opened)) {
      // A completed file has been read to its end.
      const committed = file.status === 'completed' ? rows : rows.filter(({ row }) => row <= file.row);
      for (const raw of committed) yield* stored.compare(raw, opened.header, reader);
      if (committed.length < rows.length) break;
    }
  } catch (error) {
    if (isOmsError(error, 'object_missing') || isOmsError(error, 'object_changed')) return false;
    if (!isFileFailure(error) && !isOmsError(error, 'short_read')) throw error;
    failure = error.message;
  }
  // The error that failed the file occurs again, after its rows.
  yield* stored.end(failure);
  return true;
}

function openSource(
  objects: ObjectStore,
  file: FileRecord,
  format: Format | null,
  maxInflatedBytes: number,
): Promise<OpenFile> {
  const { sizeBytes, objectKey, objectVersion, status } = file;
  // The object of an upload never changes, though a restored copy may have another version. An object that a user put into a
  // bucket may have been replaced since; then it counts as gone.
  const version = objectKey.startsWith(UPLOADS) ? {} : { version: objectVersion };
  const source: ByteSource = {
    sizeBytes,
    // To its end, where it may have become longer.
    open: (offset, length) =>
      objects.open(objectKey, { offset, ...(offset + length < sizeBytes && { length }), ...version }),
  };
  // Row by row when the file failed, so that all rows before the error are compared.
  const bounds = boundsOf(status === 'failed' ? 1 : limits.maxPartRows);
  return readFile(source, null, { ...askedOf(file), ...(format && { format }), maxInflatedBytes }, bounds);
}

/** The stored orders and rejections of a file, in the order of its rows. */
class StoredRows {
  readonly #fileId: string;
  readonly #store: Pick<OrderStore, 'files'>;
  readonly #dryRun: boolean;
  readonly #accepted: number;
  /** The rows of a dry run that were not rejected: they made no order. */
  #tried = 0;
  /** The rows that are neither an order nor a rejection, where rejected rows are not kept any more. */
  #gone = 0;
  #skipped = 0;
  #first: { orderId: string; cells: string[] } | null = null;
  readonly #skippedOfFile: number;
  readonly #status: FileRecord['status'];
  #rejected = 0;
  readonly #chunks: AsyncIterator<CommittedChunk>;
  readonly #rejections: AsyncGenerator<Rejection, undefined>;
  #chunk: OpenChunk = { rows: 0, orders: new Map() };
  #lines: OpenOrder | null = null;
  /** The next one; undefined before the first was read, null after the last. */
  #rejection: Rejection | null | undefined;

  constructor(store: Pick<OrderStore, 'files' | 'rejections' | 'verification'>, file: FileRecord) {
    this.#store = store;
    this.#fileId = file.fileId;
    this.#dryRun = file.dryRun;
    this.#accepted = file.accepted;
    this.#skippedOfFile = file.skipped;
    this.#status = file.status;
    this.#rejections = rejectionsOf(store, file);
    this.#chunks = store.verification.chunks(file)[Symbol.asyncIterator]();
  }

  /** Compares the next row of the file with what is stored of it. */
  async *compare(raw: RawRow, header: Header, reader: RowReader): AsyncGenerator<Violation> {
    yield* this.#openChunk();
    yield* this.#rejectionsBefore(raw.row);
    const rejected = this.#rejection?.row === raw.row ? this.#rejection : null;
    const values = raw.cells.length === header.columns.length ? reader.read(raw.cells).values : null;
    const idInFile = values?.order_id ?? cellValue('order_id', raw.cells[header.orderColumns.order_id] ?? this.#fileId);
    const order = this.#chunk.orders.get(raw.row);
    this.#chunk.orders.delete(raw.row);
    if (order) {
      yield* this.#missingItems();
      this.#lines = { order, idInFile, rows: 0 };
    }
    const lines = this.#linesOf(idInFile);
    const isSkippedRow = this.#isSkipped(raw, header, reader, idInFile);
    if (!rejected && !lines && isSkippedRow) {
      this.#skipped++;
      return;
    }
    this.#chunk.rows--;
    if (rejected) {
      this.#rejected++;
      await this.#nextRejection();
    }
    const orderId = order?.orderId ?? idInFile;
    const at = `row ${raw.row} of ${this.#fileId}, order ${idInFile}`;
    if (order && rejected) yield off('a row is an order and a rejection', orderId, at);
    else if (!rejected && lines) {
      const column = lines.order.status === DELETED || !values ? null : differingColumn(lines, values, raw, header);
      lines.rows++;
      if (column) yield off('an order does not match its row', orderId, `${at}: ${column} differs`);
    } else if (!rejected && this.#dryRun) this.#tried++;
    else if (!rejected && (await this.#isReportDeleted())) this.#gone++;
    else if (!rejected) yield off('a row is neither an order nor a rejection', orderId, at);
    else if (dataValues(raw, header).some((value, i) => value !== rejected.values[i]))
      yield off('a rejection does not have the cells of its row', this.#fileId, at);
  }

  /** Reports what is stored beyond the rows of the file. */
  async *end(failure: string): AsyncGenerator<Violation> {
    if (this.#chunk.rows > 0 || (await this.#hasMoreRows()))
      yield off('the file cannot be read again as before', this.#fileId, failure);
    yield* this.#leftOver();
    yield* this.#missingItems();
    yield* this.#rejectionsBefore(Number.POSITIVE_INFINITY);
    if (this.#status === 'completed' && this.#skipped !== this.#skippedOfFile)
      yield off(
        'the rows that the format leaves out are not as many as the file has',
        this.#fileId,
        `${this.#skipped} rows are left out, ${this.#skippedOfFile} were skipped`,
      );
    if (this.#dryRun && this.#tried !== this.#accepted && !(await this.#isReportDeleted()))
      yield off(
        'the rows of a dry run are not accepted + invalid',
        this.#fileId,
        `${this.#tried} rows were not rejected, ${this.#accepted} were accepted`,
      );
    if (this.#gone === 0) return;
    const { invalid } = (await this.#store.files.get(this.#fileId))!;
    if (this.#gone + this.#rejected !== invalid)
      yield off(
        'a row is neither an order nor a rejection',
        this.#fileId,
        `${this.#gone + this.#rejected} rows are no orders, ${invalid} were invalid when its report was deleted`,
      );
  }

  /** The order that a row with this id is of, if it is none that was rejected. How many rows a deleted one had is not known any more. */
  #linesOf(idInFile: string): OpenOrder | null {
    const lines = this.#lines;
    if (lines === null) return null;
    const { order, rows } = lines;
    const goesOn = order.status === DELETED ? ['', lines.idInFile].includes(idInFile) : rows < order.items.length;
    return rows === 0 || goesOn ? lines : null;
  }

  *#missingItems(): Generator<Violation> {
    if (this.#lines === null || this.#lines.order.status === DELETED) return;
    const { order, rows } = this.#lines;
    if (rows < order.items.length)
      yield off(
        'an order has items that are no rows',
        order.orderId,
        `${order.items.length} items, ${rows} rows from row ${order.row} of ${this.#fileId} on`,
      );
  }

  /** A chunk may have none: all were skipped. */
  async #hasMoreRows(): Promise<boolean> {
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next())
      if (next.value.rows > 0) return true;
    return false;
  }

  /** Where rows are items, the first row of an order says whether it is left out. */
  #isSkipped(raw: RawRow, header: Header, reader: RowReader, orderId: string): boolean {
    const isItem = header.format?.lines === 'adjacent' && ['', this.#first?.orderId].includes(orderId);
    if (!isItem || this.#first === null) this.#first = { orderId, cells: raw.cells };
    return isSkipped(reader, raw, header, this.#first.cells);
  }

  async #isReportDeleted(): Promise<boolean> {
    if (this.#gone > 0) return true;
    return (await this.#store.files.get(this.#fileId))?.reportDeletedAtMs != null;
  }

  /** That of the next row of the file. */
  async *#openChunk(): AsyncGenerator<Violation> {
    while (this.#chunk.rows === 0) {
      yield* this.#leftOver();
      const next = await this.#chunks.next();
      if (next.done) break;
      const { rows, orders } = next.value;
      this.#chunk = { rows, orders: new Map(orders.map((order) => [order.row!, order])) };
    }
  }

  async *#rejectionsBefore(row: number): AsyncGenerator<Violation> {
    if (this.#rejection === undefined) await this.#nextRejection();
    for (; this.#rejection && this.#rejection.row < row; await this.#nextRejection())
      yield off('a rejection belongs to no row of the file', this.#fileId, `row ${this.#rejection.row}`);
  }

  async #nextRejection(): Promise<void> {
    this.#rejection = (await this.#rejections.next()).value ?? null;
  }

  *#leftOver(): Generator<Violation> {
    const { orders } = this.#chunk;
    for (const { orderId, row } of orders.values())
      yield off('an order belongs to no row of its chunk', orderId, `it says row ${row} of ${this.#fileId}`);
    orders.clear();
  }
}

const off = (what: string, id: string, detail: string): Violation => ({ check: 'rows', what, id, detail });

/** The last order that was found, and how many of its rows were compared. */
interface OpenOrder {
  order: Order;
  idInFile: string;
  rows: number;
}

interface OpenChunk {
  /** Rows of the file that were not read yet. */
  rows: number;
  /** By row, those that were not compared yet. */
  orders: Map<number, CommittedChunk['orders'][number]>;
}

async function* rejectionsOf(
  store: Pick<OrderStore, 'rejections'>,
  { fileId, row }: FileRecord,
): AsyncGenerator<Rejection, undefined> {
  for await (const items of pagesOf((page) => store.rejections.list(fileId, {}, page), limits.reportPageRows))
    for (const rejection of items) {
      // Belongs to a chunk that was committed since.
      if (rejection.row > row) return;
      yield rejection;
    }
}

/** Except what was erased, and the date: one without an offset depends on the time zone that was configured then. */
function differingColumn(
  { order, rows }: OpenOrder,
  values: RowValues,
  { cells }: RawRow,
  { orderColumns: at }: Header,
): string | null {
  const item = order.items[rows];
  // Orders of earlier releases may have invisible characters at the ends of values, and ids as they were sent.
  const says = (column: OrderColumn, value: string) => values[column] === value || cells[at[column]]?.trim() === value;
  const minor = parseMinor(values.total_amount);
  const columns = {
    order_id: says('order_id', order.orderId),
    customer_name: says('customer_name', order.customerName),
    customer_email: says('customer_email', order.customerEmail),
    product_name: says('product_name', item!.productName),
    sku: says('sku', item!.sku),
    hub_id: says('hub_id', item!.hubId),
    quantity: Number(values.quantity) === item!.quantity,
    unit_price: parseMinor(values.unit_price) === item!.unitPriceMinor,
    total_amount: minor === item!.lineTotalMinor || minor === order.totalMinor,
    shipping_address: says('shipping_address', order.shippingAddress),
  };
  const erased = isErased(order);
  // What a later row does not say is what the first one says.
  const isSaid = (column: string) => rows === 0 || values[column as OrderColumn] !== '';
  const differs = ([column, equal]: [string, boolean]) => !equal && isSaid(column) && !(erased && isPersonal(column));
  return Object.entries(columns).find(differs)?.[0] ?? null;
}
