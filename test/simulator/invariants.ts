/**
 * Checks after every step: INV-1 to INV-3, checkpoints never go back, ends are final, reports list the rejections. It reads the tables and
 * does not use the checks of the service. Throws a `Violation`.
 */
import { parse } from 'csv-parse/sync';
import { type FileStatus, isEnded, reportKey } from '../../src/model/file.ts';
import type { Reason, ReasonCode } from '../../src/model/rejection.ts';
import type { Charges } from './charges.ts';
import type { Inventory, Objects, Stream } from './engines.ts';
import type { Store } from './order-store.ts';
import type { SourceFile } from './source-files.ts';

export class Violation extends Error {}

export interface FileState {
  file_no: number;
  file_id: string;
  name: string;
  status: FileStatus;
  next_chunk: number;
  position_offset: number;
  position_row: number;
  rows: number;
  accepted: number;
  invalid: number;
  failure: string | null;
  report_name: string | null;
  report_rows: number | null;
  report_size_bytes: number | null;
  strikes: number;
  attempts: number;
  cancel_requested: number;
  pause_requested: number;
  stop_at_invalid: string | null;
  stop_rule_dropped: number;
  created_at: number;
  /** Since an erasure. */
  report_deleted_at: number | null;
  undo_state: 'running' | 'done' | null;
}

interface OrderState {
  seq: number;
  order_id: string;
  file_no: number;
  row: number;
  sku: string;
  hub_id: string;
  quantity: number;
}

interface FormerState {
  order_no: number;
  former_file_no: number;
  former_row: number;
}

interface RejectionState {
  file_no: number;
  row: number;
  reasons: string;
  cells: string;
}

interface StockState {
  sku: string;
  hub_id: string;
  available: number;
  received: number;
}

/** Reasons that are found when a chunk is committed, so they do not follow from the row alone. */
const FOUND_LATER: ReadonlySet<ReasonCode> = new Set(['duplicate_order', 'order_conflict', 'out_of_stock']);

export interface World {
  store: Store;
  objects: Objects;
  stream: Stream;
  ims: Inventory;
  charges: Charges;
}

/** What a paused file may be after one step. */
const OF_A_PAUSED: ReadonlySet<FileStatus> = new Set(['paused', 'queued', 'cancelled']);

/** All files, in the order of their creation. */
export const FILES = 'select * from files order by file_no';

/** `ofOrders`: instead of the checks of stock and events, where orders change. */
export function createInvariants(
  { store, objects, stream, ims, charges }: World,
  sources: ReadonlyMap<string, SourceFile>,
  ofOrders: (() => void) | null = null,
) {
  const before = new Map<number, FileState>();
  /** The next chunk of each file when its cancel, or its pause, was first seen. */
  const askedAt = { cancel_requested: new Map<number, number>(), pause_requested: new Map<number, number>() };
  const endedAfterCancel = new Set<number>();
  /** Reports that were checked, by file and state. */
  const reportsSeen = new Set<string>();
  /** What the rows of each file were checked against. */
  const rowsSeen = new Map<number, string>();
  const ofFiles = { orders: createGroups<OrderState>(), rejections: createGroups<RejectionState>() };
  const stockSeen = createMemory();
  const eventsSeen = createMemory();
  let seen = '';

  return {
    check(): void {
      // Most steps write nothing.
      const now = `${store.writes} ${stream.published.size} ${stream.repeats} ${objects.version} ${objects.stored.size}`;
      if (now === seen) return;
      seen = now;
      const files = store.rows<FileState>(FILES);
      const orders = store.rows<OrderState>('select * from orders');
      const formers = store.rows<FormerState>('select * from order_changes where former_file_no > 0');
      const rejections = store.rows<RejectionState>('select * from rejections');
      for (const file of files) {
        const rejected = ofFiles.rejections(rejections, file.file_no);
        // The same bytes again, after a cancel: the rows are stored already.
        const alone = files.filter(({ name }) => name === file.name).length === 1;
        const { file_no, status, position_row, rows, accepted, invalid } = file;
        // All that the check of its rows depends on; what the IMS has said it has said for ever.
        const state = [store.writesOf(file_no), status, position_row, rows, accepted, invalid, alone].join();
        const made = [...ofFiles.orders(orders, file_no), ...formerOf(orders, formers, file_no)];
        if (rowsSeen.get(file_no) !== state) checkRows(file, made, rejected, alone);
        rowsSeen.set(file_no, state);
        checkHistory(file);
        checkReport(file, rejected);
      }
      charges.check(files);
      if (ofOrders) {
        ofOrders();
        return;
      }
      const stock = store.rows<StockState>('select * from stock');
      if (!stockSeen(orders, stock)) checkStock(orders, stock);
      const [marked] = store.rows<{ value: number }>("select value from totals where name = 'published'");
      if (!eventsSeen(orders, marked?.value, stream.published.size, stream.differing.size))
        checkEvents(orders, marked?.value ?? 0);
    },
  };

  /** INV-1: each row up to the checkpoint is in exactly one place, the right one; an order may be a former version of one. */
  function checkRows(
    file: FileState,
    orders: readonly OrderState[],
    rejections: readonly RejectionState[],
    alone: boolean,
  ): void {
    const source = sources.get(file.name)!;
    const off = (what: string) => new Violation(`INV-1 ${file.name}: ${what}`);
    if (file.accepted !== orders.length) throw off(`${file.accepted} accepted, ${orders.length} orders`);
    const isGone = file.report_deleted_at !== null;
    if (file.invalid !== rejections.length && !isGone)
      throw off(`${file.invalid} invalid, ${rejections.length} rejections`);
    if (file.rows !== file.accepted + file.invalid) throw off(`${file.rows} rows are not accepted + invalid`);
    const done = source.rows.filter(({ row }) => row <= file.position_row);
    const places = new Map<number, ReasonCode[]>();
    const orderAt = new Map(orders.map((order) => [order.row, order]));
    const rejectionAt = new Map(rejections.map((rejection) => [rejection.row, rejection]));
    for (const { row } of orders) places.set(row, []);
    for (const { row, reasons } of rejections) {
      if (places.has(row)) throw off(`row ${row} is an order and a rejection, or two orders`);
      places.set(
        row,
        (JSON.parse(reasons) as Reason[]).map(({ code }) => code),
      );
    }
    if (
      done.length !== file.rows ||
      (!isGone && (places.size !== file.rows || done.some(({ row }) => !places.has(row))))
    )
      throw off(
        `the rows in the store are ${[...places.keys()]}, those before the checkpoint ${done.map(({ row }) => row)}`,
      );
    if (file.status === 'completed' && done.length !== source.rows.length)
      throw off(`completed with ${done.length} of ${source.rows.length} rows`);
    for (const { row, cells, defect } of done) {
      const codes = places.get(row);
      if (!codes) continue;
      const [sku, hubId] = [cells[4]!, cells[5]!];
      const order = orderAt.get(row);
      if (order && order.order_id !== cells[0]) throw off(`row ${row} is the order ${order.order_id}`);
      const rejection = rejectionAt.get(row);
      if (rejection && rejection.cells !== JSON.stringify(cells))
        throw off(`row ${row} was kept as ${rejection.cells}`);
      if (defect !== null && !codes.includes(defect)) throw off(`row ${row} has no reason ${defect}`);
      for (const code of codes) {
        // INV-7: a row is only rejected for an answer that the IMS gave.
        const charged =
          code === defect ||
          FOUND_LATER.has(code) ||
          (code === 'unknown_sku' && ims.saidNo.has(sku)) ||
          (code === 'unknown_hub' && ims.saidNo.has(hubId));
        if (!charged) throw off(`row ${row} is ${code}, which the IMS never said`);
      }
      if (codes.length === 0 && !(ims.saidYes.has(sku) && ims.saidYes.has(hubId)))
        throw off(`row ${row} was accepted without the IMS`);
      // A row is the same order as one whose person was erased.
      const expected = alone && !store.erased.has(cells[0]!) ? source.expected?.get(row) : undefined;
      if (expected && String(expected) !== String(codes))
        throw off(`row ${row} is [${codes}], a file alone would have it [${expected}]`);
    }
  }

  function checkHistory(file: FileState): void {
    const last = before.get(file.file_no);
    before.set(file.file_no, file);
    if (!last) return;
    for (const figure of ['next_chunk', 'position_offset', 'position_row', 'rows', 'accepted', 'invalid'] as const)
      if (file[figure] < last[figure])
        throw new Violation(`${file.name}: ${figure} went back from ${last[figure]} to ${file[figure]}`);
    if (last.status === 'completed' && (file.status !== 'completed' || file.rows !== last.rows))
      throw new Violation(`${file.name} had completed, and is ${file.status} with ${file.rows} rows`);
    if (isEnded(last.status) && isEnded(file.status) && file.rows !== last.rows)
      throw new Violation(`${file.name} had ended, and continued to ${file.rows} rows`);
    if (isEnded(file.status) && !isEnded(last.status) && last.cancel_requested === 1)
      endedAfterCancel.add(file.file_no);
    if (last.status === 'paused' && (file.rows !== last.rows || !OF_A_PAUSED.has(file.status)))
      throw new Violation(`${file.name} was paused, and is ${file.status} with ${file.rows - last.rows} more rows`);
    const { stop_at_invalid: rule, stop_rule_dropped: dropped } = last;
    if (rule !== null && dropped === 0 && last.invalid >= Number(rule) && file.rows > last.rows)
      throw new Violation(`${file.name} continued with ${last.invalid} invalid rows, and was to stop at ${rule}`);
    // A chunk that is under way is still committed, and its response reports what was asked.
    for (const what of ['cancel_requested', 'pause_requested'] as const) {
      const at = askedAt[what];
      if (file[what] === 0) at.delete(file.file_no);
      else if (!at.has(file.file_no)) at.set(file.file_no, file.next_chunk);
      else if (file.next_chunk > at.get(file.file_no)! + 1)
        throw new Violation(`${file.name} continued for ${file.next_chunk - at.get(file.file_no)!} chunks, ${what}`);
    }
  }

  function checkReport(file: FileState, rejections: readonly RejectionState[]): void {
    if (!isEnded(file.status)) return;
    const off = (what: string) => new Violation(`the report of ${file.name}, ${file.status}: ${what}`);
    if (file.invalid === 0 || file.report_deleted_at !== null) return;
    // A cancel may have come while it was written.
    if (file.report_name === null && file.status !== 'completed' && endedAfterCancel.has(file.file_no)) return;
    if (file.report_name === null) throw off('there is none');
    const object = objects.stored.get(reportKey({ name: file.report_name, rows: file.report_rows! }));
    if (!object) throw off('its object is missing');
    const key = `${file.file_id} ${file.status} ${object.version} ${file.report_rows} ${rejections.length}`;
    if (reportsSeen.has(key)) return;
    reportsSeen.add(key);
    if (file.report_size_bytes !== object.bytes.length)
      throw off(`${file.report_size_bytes} bytes were recorded, ${object.bytes.length} are there`);
    const listed = (parse(object.bytes, { columns: true }) as Record<string, string>[]).map(
      ({ _row, _code }) => `${_row} ${_code}`,
    );
    const rejected = rejections
      .toSorted((a, b) => a.row - b.row)
      .map(({ row, reasons }) => `${row} ${(JSON.parse(reasons) as Reason[]).map(({ code }) => code).join(' | ')}`);
    if (String(listed) !== String(rejected)) throw off(`it lists ${listed}, rejected were ${rejected}`);
    if (file.report_rows !== rejected.length)
      throw off(`${file.report_rows} rows were recorded, it has ${listed.length}`);
  }

  /** INV-2 */
  function checkStock(orders: readonly OrderState[], stock: readonly StockState[]): void {
    const held = new Map<string, number>();
    for (const { sku, hub_id, quantity } of orders)
      held.set(`${sku} ${hub_id}`, (held.get(`${sku} ${hub_id}`) ?? 0) + quantity);
    for (const { sku, hub_id, available, received } of stock) {
      const hold = held.get(`${sku} ${hub_id}`) ?? 0;
      held.delete(`${sku} ${hub_id}`);
      if (available < 0 || received - available !== hold)
        throw new Violation(`INV-2 ${sku}: received ${received}, available ${available}, orders hold ${hold}`);
    }
    for (const [key, quantity] of held) throw new Violation(`INV-2 ${key}: orders hold ${quantity} of no stock`);
  }

  /** INV-3: no event without its order, the same bytes each time, none marked that was not published. */
  function checkEvents(orders: readonly OrderState[], marked: number): void {
    for (const orderId of stream.differing)
      throw new Violation(`INV-3 ${orderId}: its event has other bytes than before`);
    const ids = new Set(orders.map(({ order_id }) => order_id));
    if (ids.size !== orders.length) throw new Violation('INV-3 an order is there twice');
    for (const orderId of stream.published.keys())
      if (!ids.has(orderId)) throw new Violation(`INV-3 ${orderId} has an event and is no order`);
    for (const { seq, order_id } of orders)
      if (seq <= marked && !stream.published.has(order_id))
        throw new Violation(`INV-3 ${order_id} is marked as published and has no event`);
  }
}

/** Orders that came from the file before they were taken again, as they were then. */
const formerOf = (orders: readonly OrderState[], formers: readonly FormerState[], fileNo: number): OrderState[] =>
  formers
    .filter(({ former_file_no }) => former_file_no === fileNo)
    .map(({ order_no, former_row }) => ({ ...orders.find(({ seq }) => seq === order_no)!, row: former_row }));

/** The rows of a file, grouped once for each array. */
function createGroups<Row extends { file_no: number }>(): (all: readonly Row[], fileNo: number) => readonly Row[] {
  let grouped: readonly Row[] = [];
  let groups = new Map<number, Row[]>();
  return (all, fileNo) => {
    if (all !== grouped) groups = Map.groupBy(all, ({ file_no }) => file_no);
    grouped = all;
    return groups.get(fileNo) ?? [];
  };
}

/** Whether all is as at the call before. */
function createMemory(): (...now: unknown[]) => boolean {
  let before: unknown[] = [];
  return (...now) => {
    const same = now.length === before.length && now.every((value, i) => value === before[i]);
    before = now;
    return same;
  };
}
