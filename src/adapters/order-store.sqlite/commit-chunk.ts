/**
 * Commits a chunk: in the writer's transaction every row is decided and orders, stock, rejections, checkpoint and sums are
 * written together, or not at all (INV-1 to INV-4). The fence is the claim's epoch. Runs in the writer thread.
 */
import { OmsError } from '../../errors.ts';
import { duplicateOrder, orderConflict, outOfStock } from '../../model/reasons.ts';
import type { Reason, ReasonCode } from '../../model/rejection.ts';
import type { ChunkResult } from '../../ports/order-store.ts';
import type { Database } from '../sqlite/database.ts';
import { type PackedChunk, type PackedRejection, packRejection, type UnpackedRow, unpackRows } from './packed-chunk.ts';

interface ExistingOrder {
  orderId: string;
  fileId: string;
  row: number;
  customerName: string;
  customerEmail: string;
  productName: string;
  sku: string;
  hubId: string;
  quantity: number;
  unitPriceMinor: number;
  totalMinor: number;
  orderDateMs: number;
  shippingAddress: string;
}

interface StockRow {
  sku: string;
  hubId: string;
  left: number;
  taken: number;
}

/** What makes two orders of one id the same order, by column name. */
const PAYLOAD = [
  ['customer_name', 'customerName'],
  ['customer_email', 'customerEmail'],
  ['product_name', 'productName'],
  ['sku', 'sku'],
  ['hub_id', 'hubId'],
  ['quantity', 'quantity'],
  ['unit_price', 'unitPriceMinor'],
  ['total_amount', 'totalMinor'],
  ['order_date', 'orderDateMs'],
  ['shipping_address', 'shippingAddress'],
] as const;

export function chunkOperations(db: Database, now: () => number) {
  const readFile = db.prepare('select * from files where file_id = ?');
  const readChunk = db.prepare('select accepted, invalid from chunks where file_no = ? and n = ?');
  const findOrders = db.prepare(`
    select o.order_id orderId, f.file_id fileId, o.row, o.customer_name customerName, o.customer_email customerEmail,
      o.product_name productName, o.sku, o.hub_id hubId, o.quantity, o.unit_price_minor unitPriceMinor,
      o.total_minor totalMinor, o.order_date orderDateMs, o.shipping_address shippingAddress
    from json_each(?) id join orders o on o.order_id = id.value join files f on f.file_no = o.file_no`);
  const lastOrder = db.prepare('select seq, created_at from orders order by seq desc limit 1');
  const insertOrder = db.prepare(`
    insert into orders (seq, order_id, file_no, row, customer_name, customer_email, product_name, sku, hub_id, quantity,
      unit_price_minor, total_minor, order_date, shipping_address, status, stock_taken, created_at, updated_at)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'on_hold', ?, ?, ?)`);
  const readStock = db.prepare('select available from stock where sku = ? and hub_id = ?');
  const takeStock = db.prepare('update stock set available = available - ? where sku = ? and hub_id = ?');
  const insertRejection = db.prepare(
    'insert into rejections (file_no, row, codes, reasons, cells) values (?, ?, ?, ?, ?)',
  );
  const insertChunk = db.prepare(
    'insert into chunks (file_no, n, rows, accepted, invalid, first_seq, committed_at) values (?, ?, ?, ?, ?, ?, ?)',
  );
  const checkpoint = db.prepare(`
    update files set next_chunk = ?, position_offset = ?, position_row = ?, bytes_read = ?, rows = rows + ?,
      accepted = accepted + ?, invalid = invalid + ?, invalid_by_code = ?, waiting_for = null, strikes = 0,
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

  function decide(rows: UnpackedRow[], fileId: string, trackStock: boolean) {
    const orders = new Map<string, ExistingOrder>();
    for (const order of findOrders.all(JSON.stringify(rows.map((row) => row.orderId))) as unknown as ExistingOrder[])
      orders.set(order.orderId, order);
    const stock = new Map<string, StockRow>();
    const accepted: UnpackedRow[] = [];
    const rejected: PackedRejection[] = [];
    const reject = (row: UnpackedRow, reason: Reason) =>
      rejected.push(packRejection({ row: row.row, reasons: [reason], values: row.values }));

    for (const row of rows) {
      const same = orders.get(row.orderId);
      if (same) {
        const differing = PAYLOAD.filter(([, field]) => same[field] !== row[field]).map(([column]) => column);
        reject(
          row,
          differing.length === 0
            ? duplicateOrder(row.orderId, same.fileId, same.row)
            : orderConflict(row.orderId, differing, same.fileId, same.row),
        );
        continue;
      }
      if (trackStock) {
        // Neither part may contain a control character, so the key is unambiguous.
        const key = `${row.sku}\n${row.hubId}`;
        let level = stock.get(key);
        if (!level) {
          const found = readStock.get(row.sku, row.hubId) as { available: number } | undefined;
          level = { sku: row.sku, hubId: row.hubId, left: found?.available ?? 0, taken: 0 };
          stock.set(key, level);
        }
        if (row.quantity > level.left) {
          reject(row, outOfStock(row.sku, row.hubId, row.quantity, level.left));
          continue;
        }
        level.left -= row.quantity;
        level.taken += row.quantity;
      }
      accepted.push(row);
      orders.set(row.orderId, { ...row, fileId });
    }
    return { accepted, rejected, stock };
  }

  function commitChunk(chunk: PackedChunk): ChunkResult {
    const file = readFile.get(chunk.claim.fileId) as
      | {
          file_no: number;
          status: string;
          epoch: number;
          next_chunk: number;
          cancel_requested: number;
          invalid_by_code: string;
        }
      | undefined;
    if (file?.status !== 'processing' || file.epoch !== chunk.claim.epoch)
      throw new OmsError('claim_lost', `file ${chunk.claim.fileId} was claimed by another worker, or has ended`);
    const cancelRequested = file.cancel_requested === 1;
    if (file.next_chunk === chunk.n + 1) {
      const done = readChunk.get(file.file_no, chunk.n) as { accepted: number; invalid: number };
      return { accepted: done.accepted, invalid: done.invalid, cancelRequested };
    }
    if (file.next_chunk !== chunk.n)
      throw new OmsError('claim_lost', `file ${chunk.claim.fileId} is at chunk ${file.next_chunk}, not at ${chunk.n}`);

    const rows = unpackRows(chunk);
    const { accepted, rejected, stock } = decide(rows, chunk.claim.fileId, chunk.trackStock);
    rejected.push(...chunk.rejections);
    rejected.sort((a, b) => a.row - b.row);

    const last = lastOrder.get() as { seq: number; created_at: number } | undefined;
    const firstSeq = (last?.seq ?? 0) + 1;
    // Later chunks get later times even when the clock stands or goes back: lists are ordered by it.
    const at = Math.max(now(), (last?.created_at ?? 0) + 1);
    accepted.sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
    const stockTaken = chunk.trackStock ? 1 : 0;
    let seq = firstSeq;
    const byHub = new Map<string, number>();
    let amountMinor = 0n;
    let partMinor = 0;
    for (const order of accepted) {
      insertOrder.run(
        seq++,
        order.orderId,
        file.file_no,
        order.row,
        order.customerName,
        order.customerEmail,
        order.productName,
        order.sku,
        order.hubId,
        order.quantity,
        order.unitPriceMinor,
        order.totalMinor,
        order.orderDateMs,
        order.shippingAddress,
        stockTaken,
        at,
        at,
      );
      byHub.set(order.hubId, (byHub.get(order.hubId) ?? 0) + 1);
      // Numbers are faster than BigInts; a single total is below 2^50, so the part is exact up to this bound.
      partMinor += order.totalMinor;
      if (partMinor > 2 ** 52) {
        amountMinor += BigInt(partMinor);
        partMinor = 0;
      }
    }
    amountMinor += BigInt(partMinor);
    for (const { sku, hubId, taken } of stock.values()) if (taken > 0) takeStock.run(taken, sku, hubId);

    const codes = new Map<ReasonCode, number>();
    for (const rejection of rejected) {
      insertRejection.run(
        file.file_no,
        rejection.row,
        ` ${rejection.codes.join(' ')} `,
        rejection.reasons,
        rejection.cells,
      );
      for (const code of rejection.codes) codes.set(code, (codes.get(code) ?? 0) + 1);
    }

    const counts = { rows: rows.length + chunk.rejections.length, accepted: accepted.length, invalid: rejected.length };
    const invalidByCode = JSON.parse(file.invalid_by_code) as Record<string, number>;
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
    return { accepted: counts.accepted, invalid: counts.invalid, cancelRequested };
  }

  return { commitChunk };
}
