/**
 * Commits a chunk: in the writer's transaction every row is decided and orders, stock, rejections, checkpoint and sums are
 * written together, or not at all (INV-1 to INV-4). The fence is the claim's epoch. Runs in the writer thread.
 */
import { OmsError } from '../../errors.ts';
import { isSameText } from '../../model/characters.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import { packRejections } from '../../model/packed-rejections.ts';
import { duplicateOrder, orderConflict, outOfStock } from '../../model/reasons.ts';
import type { Reason, ReasonCode, Rejection } from '../../model/rejection.ts';
import { addWarnings } from '../../model/warnings.ts';
import { type BatchMessage, OrderBatch } from '../../order-batch/order-batch.ts';
import type { ChunkResult, ChunkToCommit } from '../../ports/chunks.ts';
import { type Claim, claimLost } from '../../ports/files.ts';
import { type Database, fromJson } from '../sqlite/database.ts';
import { insertOrders } from './insert-orders.ts';
import { countUpTo, sortIds } from './sort-ids.ts';
import type { StockLevel, StockLevels, Taking } from './stock-levels.ts';

/** A chunk as it is sent to the writer thread. */
export type ChunkMessage = Omit<ChunkToCommit, 'orders'> & { orders: BatchMessage };

/** An order as its payload is compared: by column name. */
type Payload = Record<Exclude<OrderColumn, 'order_id'>, string | number>;

interface ExistingOrder {
  fileId: string;
  row: number;
  payload: Payload;
}

/** Characters from U+D800 on. */
const BEHIND_SURROGATES = /[\ud800-\uffff]/;

/** A stock row as a chunk is decided: so much of it is left. */
interface StockLeft {
  /** Null when there is no such row. */
  level: StockLevel | null;
  left: number;
}

const PAYLOAD_COLUMNS = ORDER_COLUMNS.filter((column) => column !== 'order_id');

function payloadOf(rows: OrderBatch, i: number): Payload {
  return {
    customer_name: rows.text(i, 'customer_name'),
    customer_email: rows.text(i, 'customer_email'),
    product_name: rows.text(i, 'product_name'),
    sku: rows.text(i, 'sku'),
    hub_id: rows.text(i, 'hub_id'),
    quantity: rows.quantity(i),
    unit_price: rows.unitPriceMinor(i),
    total_amount: rows.totalMinor(i),
    order_date: rows.orderDateMs(i),
    shipping_address: rows.text(i, 'shipping_address'),
  };
}

const isSame = (a: string | number, b: string | number): boolean => a === b || isSameText(String(a), String(b));

/** The amount of the accepted rows in minor units, and their number by hub. */
function sumUp(rows: OrderBatch, accepted: Uint32Array) {
  const byPair = new Uint32Array(rows.pairs.hubIds.length);
  let amountMinor = 0n;
  let partMinor = 0;
  for (const i of accepted) {
    byPair[rows.pair(i)]!++;
    // Numbers are faster than BigInts; a single total is below 2^50, so the part is exact up to this bound.
    partMinor += rows.totalMinor(i);
    if (partMinor > 2 ** 52) {
      amountMinor += BigInt(partMinor);
      partMinor = 0;
    }
  }
  const byHub = new Map<string, number>();
  for (const [pair, count] of byPair.entries()) {
    const hubId = rows.pairs.hubIds[pair]!;
    if (count > 0) byHub.set(hubId, (byHub.get(hubId) ?? 0) + count);
  }
  return { amountMinor: amountMinor + BigInt(partMinor), byHub };
}

export function chunkOperations(db: Database, levels: StockLevels, now: () => number) {
  const readFile = db.prepare('select * from files where file_id = ?');
  const readChunk = db.prepare('select accepted, invalid from chunks where file_no = ? and n = ?');
  const findOrders = db.prepare(`
    select o.order_id, f.file_id, o.row, o.customer_name, o.customer_email, o.product_name, o.sku, o.hub_id, o.quantity,
      o.unit_price_minor unit_price, o.total_minor total_amount, o.order_date, o.shipping_address
    from json_each(?) id join orders o on o.order_id = id.value join files f on f.file_no = o.file_no`);
  const readHighest = db.prepare('select max(order_id) order_id from orders');
  const lastOrder = db.prepare('select seq, created_at from orders order by seq desc limit 1');
  const insertReasons = db.prepare('insert into rejection_reasons (codes, reasons) values (?, ?)');
  const insertCells = db.prepare('insert into rejection_cells (cells, record) values (?, ?)');
  const insertRejection = db.prepare(
    'insert into rejected_rows (file_no, row, reasons_no, cells_no) values (?, ?, ?, ?)',
  );
  const insertChunk = db.prepare(
    'insert into chunks (file_no, n, rows, accepted, invalid, first_seq, committed_at) values (?, ?, ?, ?, ?, ?, ?)',
  );
  const checkpoint = db.prepare(`
    update files set next_chunk = ?, position_offset = ?, position_row = ?, bytes_read = ?, rows = rows + ?,
      accepted = accepted + ?, invalid = invalid + ?, invalid_by_code = ?, warnings = ?,
      rejected_bytes = rejected_bytes + ?, strikes = 0,
      committed_at = ?, changed_at = ?
    where file_no = ?`);
  const addTotal = db.prepare(
    'insert into totals (name, value) values (?, ?) on conflict (name) do update set value = value + excluded.value',
  );
  const readAmount = db.prepare("select minor from amounts where name = 'orders'");
  const writeAmount = db.prepare(
    "insert into amounts (name, minor) values ('orders', ?) on conflict (name) do update set minor = excluded.minor",
  );
  const addHistory = db.prepare(`
    insert into history (minute, rows, accepted, invalid) values (?, ?, ?, ?)
    on conflict (minute) do update set rows = rows + excluded.rows, accepted = accepted + excluded.accepted,
      invalid = invalid + excluded.invalid`);

  /** Those of the ids that may be stored: an id behind all that are is new, as most are in files that are ordered. */
  function perhapsStored(orderIds: readonly string[], byId: Uint32Array): string[] {
    const highest = (readHighest.get() as { order_id: string | null }).order_id;
    if (highest === null) return [];
    // SQLite compares UTF-8, JavaScript UTF-16: they agree on what is behind a text without surrogates and the characters behind those.
    const count = BEHIND_SURROGATES.test(highest) ? byId.length : countUpTo(orderIds, byId, highest);
    return Array.from(byId.subarray(0, count), (i) => orderIds[i]!);
  }

  /** The orders with these ids that there are. */
  function findStored(orderIds: readonly string[]): Map<string, ExistingOrder> {
    const stored = new Map<string, ExistingOrder>();
    if (orderIds.length === 0) return stored;
    for (const { order_id, file_id, row, ...payload } of findOrders.all(
      JSON.stringify(orderIds),
    ) as unknown as (Payload & {
      order_id: string;
      file_id: string;
      row: number;
    })[])
      stored.set(order_id, { fileId: file_id, row, payload });
    return stored;
  }

  /** Which rows are accepted, by index, sorted by order id; the reasons of the others; what is taken of the stock. */
  function decide(rows: OrderBatch, orderIds: readonly string[], fileId: string, trackStock: boolean) {
    const { byId, repeated } = sortIds(orderIds);
    const others = rows.otherIds();
    const stored = findStored([...perhapsStored(orderIds, byId), ...others.keys()]);
    for (const [other, id] of others) if (stored.has(other) && !stored.has(id)) stored.set(id, stored.get(other)!);
    /** By index: 1 where the id is here more than once or stored. The others need not be looked up. */
    const toLookUp = repeated;
    for (const id of stored.keys())
      for (let n = countUpTo(orderIds, byId, id) - 1; n >= 0 && orderIds[byId[n]!] === id; n--) toLookUp[byId[n]!] = 1;
    levels.trim();
    const isAccepted = new Uint8Array(rows.length);
    /** Of the ids that are here more than once: the row that was accepted. */
    const acceptedHere = new Map<string, number>();
    const { skus, hubIds } = rows.pairs;
    const stockLeft: (StockLeft | undefined)[] = [];
    const rejected: Rejection[] = [];
    const reject = (i: number, reason: Reason) =>
      rejected.push({ row: rows.row(i), reasons: [reason], values: rows.values(i) });

    const findExisting = (orderId: string): ExistingOrder | undefined => {
      const here = acceptedHere.get(orderId);
      return here === undefined ? stored.get(orderId) : { fileId, row: rows.row(here), payload: payloadOf(rows, here) };
    };

    for (let i = 0; i < rows.length; i++) {
      const orderId = orderIds[i]!;
      const existing = toLookUp[i] === 1 ? findExisting(orderId) : undefined;
      if (existing) {
        const payload = payloadOf(rows, i);
        const differing = PAYLOAD_COLUMNS.filter((column) => !isSame(existing.payload[column], payload[column]));
        reject(
          i,
          differing.length === 0
            ? duplicateOrder(orderId, existing.fileId, existing.row)
            : orderConflict(orderId, differing, existing.fileId, existing.row),
        );
        continue;
      }
      if (trackStock) {
        const pair = rows.pair(i);
        const quantity = rows.quantity(i);
        let stock = stockLeft[pair];
        if (stock === undefined) {
          const level = levels.get(skus[pair]!, hubIds[pair]!);
          stock = { level, left: level?.available ?? 0 };
          stockLeft[pair] = stock;
        }
        if (quantity > stock.left) {
          reject(i, outOfStock(skus[pair]!, hubIds[pair]!, quantity, stock.left));
          continue;
        }
        stock.left -= quantity;
      }
      isAccepted[i] = 1;
      if (toLookUp[i] === 1) acceptedHere.set(orderId, i);
    }
    const takings: Taking[] = [];
    for (const stock of stockLeft)
      if (stock?.level && stock.left < stock.level.available)
        takings.push({ level: stock.level, quantity: stock.level.available - stock.left });
    return { accepted: byId.filter((i) => isAccepted[i] === 1), rejected, takings };
  }

  function commitChunk({
    claim,
    chunk,
    trackStock,
  }: {
    claim: Claim;
    chunk: ChunkMessage;
    trackStock: boolean;
  }): ChunkResult {
    const file = readFile.get(claim.fileId) as
      | {
          file_no: number;
          status: string;
          epoch: number;
          next_chunk: number;
          cancel_requested: number;
          invalid: number;
          invalid_by_code: string;
          warnings: string;
          rejected_bytes: number;
        }
      | undefined;
    if (file?.status !== 'processing' || file.epoch !== claim.epoch) throw claimLost(claim.fileId);
    const cancelRequested = file.cancel_requested === 1;
    if (file.next_chunk === chunk.n + 1) {
      const done = readChunk.get(file.file_no, chunk.n) as { accepted: number; invalid: number };
      const rejected = { rows: file.invalid, bytes: file.rejected_bytes };
      return { ...done, rejected, cancelRequested };
    }
    if (file.next_chunk !== chunk.n)
      throw new OmsError('claim_lost', `file ${claim.fileId} is at chunk ${file.next_chunk}, not at ${chunk.n}`);

    const rows = OrderBatch.fromMessage(chunk.orders);
    const orderIds = rows.orderIds();
    const { accepted, rejected, takings } = decide(rows, orderIds, claim.fileId, trackStock);
    rejected.push(...chunk.rejections);
    rejected.sort((a, b) => a.row - b.row);

    const last = lastOrder.get() as { seq: number; created_at: number } | undefined;
    const firstSeq = (last?.seq ?? 0) + 1;
    const at = now();
    // Later chunks get later times even when the clock stands or goes back: lists are ordered by it.
    const createdAtMs = Math.max(at, (last?.created_at ?? 0) + 1);
    insertOrders(db, rows, orderIds, accepted, {
      fileNo: file.file_no,
      stockTaken: trackStock ? 1 : 0,
      atMs: createdAtMs,
    });
    const { amountMinor, byHub } = sumUp(rows, accepted);
    levels.take(takings);

    const packed = packRejections(rejected);
    const codesOf = packed.reasons.map((reasons) => [...new Set(reasons.map(({ code }) => code))]);
    const reasonsNo = packed.reasons.map(
      (reasons, i) => insertReasons.run(` ${codesOf[i]!.join(' ')} `, JSON.stringify(reasons)).lastInsertRowid,
    );
    const cellsNo = packed.cells.map(
      ({ values, record = null }) => insertCells.run(JSON.stringify(values), record).lastInsertRowid,
    );
    const codes = new Map<ReasonCode, number>();
    for (const { row, reasons, cells } of packed.rows) {
      insertRejection.run(file.file_no, row, reasonsNo[reasons]!, cellsNo[cells]!);
      for (const code of codesOf[reasons]!) codes.set(code, (codes.get(code) ?? 0) + 1);
    }

    const counts = { rows: rows.length + chunk.rejections.length, accepted: accepted.length, invalid: rejected.length };
    const invalidByCode = fromJson<Record<string, number>>(file.invalid_by_code);
    for (const [code, count] of codes) invalidByCode[code] = (invalidByCode[code] ?? 0) + count;
    insertChunk.run(file.file_no, chunk.n, counts.rows, counts.accepted, counts.invalid, firstSeq, at);
    checkpoint.run(
      chunk.n + 1,
      chunk.end.offset,
      chunk.end.row,
      chunk.bytesRead,
      counts.rows,
      counts.accepted,
      counts.invalid,
      JSON.stringify(invalidByCode),
      JSON.stringify(addWarnings(fromJson(file.warnings), chunk.warnings ?? [])),
      packed.bytes,
      at,
      at,
      file.file_no,
    );

    addTotal.run('rows', counts.rows);
    addTotal.run('accepted', counts.accepted);
    addTotal.run('invalid', counts.invalid);
    addTotal.run('status:on_hold', counts.accepted);
    for (const [hubId, count] of byHub) addTotal.run(`hub:${hubId}`, count);
    for (const [code, count] of codes) addTotal.run(`code:${code}`, count);
    if (amountMinor > 0n) {
      const { minor } = (readAmount.get() as { minor: string } | undefined) ?? { minor: '0' };
      writeAmount.run((BigInt(minor) + amountMinor).toString());
    }
    addHistory.run(Math.floor(at / 60_000), counts.rows, counts.accepted, counts.invalid);
    const { accepted: taken, invalid } = counts;
    return {
      accepted: taken,
      invalid,
      rejected: { rows: file.invalid + invalid, bytes: file.rejected_bytes + packed.bytes },
      cancelRequested,
    };
  }

  return { commitChunk };
}
