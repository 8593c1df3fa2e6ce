/** Files, rows and chunks for a store's contract: valid ones, with what a test wants to be different. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import { formatMinor } from '../../src/model/money.ts';
import type { OrderRow } from '../../src/model/order-row.ts';
import type { ReasonCode, Rejection } from '../../src/model/rejection.ts';
import { OrderPacker } from '../../src/order-batch/packer.ts';
import { SkuHubPairs } from '../../src/order-batch/sku-hub-pairs.ts';
import type { ChunkToCommit } from '../../src/ports/chunks.ts';
import type { Claim, NewFile, Wait } from '../../src/ports/files.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import type { Page } from '../../src/ports/page.ts';
import { headerOf } from './file-outcome.ts';

const header = headerOf();

export function newFile(values: Partial<NewFile> = {}): NewFile {
  const id = randomUUID().replaceAll('-', '');
  return {
    fileId: `f_${id}`,
    name: 'orders.csv',
    sizeBytes: 1_000,
    sha256: id.padEnd(64, '0'),
    uploadedBy: null,
    objectKey: `uploads/f_${id}`,
    objectVersion: '1',
    encodingOverride: null,
    parentFileId: null,
    hubs: null,
    dryRun: false,
    force: false,
    idempotencyKey: null,
    failure: null,
    ...values,
  };
}

/** A row at that place of the file; its total follows from quantity and price. */
export function orderRow(row: number, orderId: string, values: Partial<OrderRow> = {}): OrderRow {
  const { quantity = 1, unitPriceMinor = 1999 } = values;
  return {
    row,
    orderId,
    customerName: 'Ada Lovelace',
    customerEmail: 'ada@example.com',
    productName: 'Analytical Engine',
    sku: 'SKU-1',
    hubId: 'HUB-1',
    quantity,
    unitPriceMinor,
    totalMinor: quantity * unitPriceMinor,
    orderDateMs: Date.UTC(2026, 10, 20),
    shippingAddress: '12 St James Square',
    ...values,
  };
}

export function rejection(row: number, code: ReasonCode = 'invalid_email'): Rejection {
  const values = ORDER_COLUMNS.map((column) => `${column} of row ${row}`);
  return { row, reasons: [{ column: 'customer_email', code, reason: `row ${row}` }], values };
}

/** Chunk `n` of these rows; it ends at the last of them. */
export const chunkOf = (n: number, orders: OrderRow[], rejections: Rejection[] = []): ChunkToCommit =>
  packedBy(new OrderPacker(header), n, orders, rejections);

/** Chunk `n` of orders of one or more rows. */
export const chunkOfOrders = (n: number, orders: OrderRow[][], rejections: Rejection[] = []): ChunkToCommit => {
  const later = new Set(orders.flatMap((rows) => rows.slice(1).map(({ row }) => row)));
  return packedBy(new OrderPacker(header), n, orders.flat(), rejections, (row) => later.has(row));
};

/** So many chunks from one packer, each released when the next is asked for: the packer fills their memory again, as in the work on a file. */
export function* chunksOf(count: number, rowsOf: (n: number) => OrderRow[]): Generator<ChunkToCommit, undefined> {
  const packer = new OrderPacker(header);
  for (let n = 0; n < count; n++) {
    const chunk = packedBy(packer, n, rowsOf(n));
    yield chunk;
    chunk.orders.release();
  }
}

function packedBy(
  packer: OrderPacker,
  n: number,
  orders: OrderRow[],
  rejections: Rejection[] = [],
  isLater: (row: number) => boolean = () => false,
): ChunkToCommit {
  const row = Math.max(1, ...orders.map((order) => order.row), ...rejections.map((rejected) => rejected.row));
  const end = { offset: row * 100, row };
  const pairs = new SkuHubPairs();
  for (const order of orders) {
    const slot = packer.reserve();
    packer.put(slot, order, valuesOf(order), pairs.numberOf(order.sku, order.hubId));
    if (isLater(order.row)) packer.join(slot);
  }
  return { n, end, bytesRead: end.offset, orders: packer.take(pairs), rejections };
}

function valuesOf(order: OrderRow): string[] {
  return [
    order.orderId,
    order.customerName,
    order.customerEmail,
    order.productName,
    order.sku,
    order.hubId,
    String(order.quantity),
    formatMinor(order.unitPriceMinor),
    formatMinor(order.totalMinor),
    new Date(order.orderDateMs).toISOString(),
    order.shippingAddress,
  ];
}

/** Longer than any test lasts. */
export const LEASE_MS = 3_600_000;

export async function createFile(store: OrderStore, values: Partial<NewFile> = {}): Promise<string> {
  const created = await store.files.create(newFile(values));
  if (created.kind !== 'created') throw new Error(`the file was not created: ${created.kind}`);
  return created.file.fileId;
}

/** Claims the file, waiting for a lease that is about to end. */
export async function claimFile(store: OrderStore, fileId: string, leaseMs = LEASE_MS): Promise<Claim> {
  for (;;) {
    const claimed = await store.files.claim(fileId, leaseMs);
    if (claimed.kind === 'claimed') return claimed.claim;
    if (claimed.kind !== 'busy') throw new Error(`the file could not be claimed: ${claimed.kind}`);
    await delay(Math.max(1, claimed.untilMs - Date.now()));
  }
}

export const newClaim = async (store: OrderStore, values: Partial<NewFile> = {}): Promise<Claim> =>
  claimFile(store, await createFile(store, values));

/** A file waits for the inventory service. */
export const WAIT: Wait = { dependency: 'ims', nextTryAtMs: Date.UTC(2026, 10, 21, 5, 4, 3) };
export const COMPLETED = { status: 'completed', failure: null, report: null } as const;
export const FAILED = {
  status: 'failed',
  failure: { code: 'internal', message: 'it failed', row: null },
  report: null,
} as const;

/** Ingests one file of these chunks from its creation to its end. */
export async function ingestChunks(store: OrderStore, chunks: ChunkToCommit[]): Promise<string> {
  const claim = await newClaim(store);
  for (const chunk of chunks) await store.chunks.commit(claim, chunk);
  await store.files.finish(claim, COMPLETED);
  return claim.fileId;
}

/** All items of a list, page by page; fails when a list never ends. */
export async function readAll<Item>(
  list: (page: { limit: number; after: string | null }) => Promise<Page<Item>>,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < 10_000; pages++) {
    const page = await list({ limit, after });
    if (page.items.length > limit) throw new Error(`a page has ${page.items.length} items, the limit is ${limit}`);
    items.push(...page.items);
    after = page.next;
    if (after === null) return items;
  }
  throw new Error('the list has no end');
}
