/** The indexes of the order store, each with the query that it serves. */
import type { Collection, Document, IndexDescription } from 'mongodb';
import { limits } from '../../limits.ts';
import type { Collections } from './database.ts';

const INDEXES: Partial<Record<keyof Collections, IndexDescription[]>> = {
  files: [
    // GET /files, newest first.
    { name: 'files_by_time', key: { created_at: -1, _id: -1 } },
    // GET /files?status=, and open files without a worker.
    { name: 'files_by_status', key: { status: 1, created_at: -1, _id: -1 } },
    // Whether a file with these bytes is open or completed.
    { name: 'files_by_bytes', key: { sha256: 1, status: 1 } },
    // The children of a file.
    { name: 'files_by_parent', key: { parent_file_id: 1, created_at: -1, _id: -1 } },
    // GET /invalid-files, newest first.
    { name: 'files_by_report_time', key: { 'report.created_at': -1, _id: -1 } },
    // GET /invalid-files/{name}.
    { name: 'files_by_report_name', key: { 'report.name': 1 } },
    // Files whose upload or report is not kept any more, oldest end first.
    { name: 'files_by_end', key: { finished_at: 1, _id: 1 } },
    // Files whose undo has not ended.
    { name: 'files_by_undo', key: { 'undo.state': 1 }, sparse: true },
    // Ended files whose holds are still in the stock.
    { name: 'files_by_pruning', key: { pruned: 1, status: 1 } },
  ],
  chunks: [
    // The rejections of a file in row order, its report, its pruning.
    { name: 'chunks_by_file', key: { file: 1, n: 1 } },
    // The oldest events to publish; with the figures, GET /stats counts them in the index alone.
    { name: 'chunks_to_publish_orders', key: { publish: 1, committed_at: 1, accepted: 1, more_items: 1 } },
    // GET /stats/history, in the index alone.
    { name: 'chunks_by_time', key: { committed_at: 1, rows: 1, accepted: 1, invalid: 1 } },
  ],
  orders: [
    // GET /orders, newest first.
    { name: 'orders_by_time', key: { created_at: -1, _id: -1 } },
    // GET /orders?file_id=, and the orders of a file for `oms verify`.
    { name: 'orders_by_file', key: { file: 1, created_at: -1, _id: -1 } },
    // The changes to publish, oldest first.
    { name: 'orders_to_publish', key: { outbox_at: 1 }, sparse: true },
    // The orders of a chunk that were deleted or erased, for its events; the plans that have something of them still.
    { name: 'orders_erased', key: { erased_from: 1 }, sparse: true },
    // Changed orders that have been as they are for long.
    { name: 'orders_by_change', key: { changed_at: 1 }, sparse: true },
  ],
  stock: [
    // GET /inventory in order of its key, all or of one SKU; whether a SKU is known.
    { name: 'stock_by_sku', key: { sku: 1, hub_id: 1 } },
    // GET /inventory?hub_id=; whether a hub is known.
    { name: 'stock_by_hub', key: { hub_id: 1, sku: 1 } },
    // Rows with tickets that may have been left behind.
    { name: 'stock_busy', key: { busy_since: 1 }, sparse: true },
  ],
  requests: [
    // The server deletes them after a day.
    { name: 'requests_by_age', key: { at: 1 }, expireAfterSeconds: limits.idempotencyKeyMs / 1000 },
  ],
  idempotencyKeys: [
    // The server deletes them after a day.
    { name: 'idempotency_keys_by_age', key: { created_at: 1 }, expireAfterSeconds: limits.idempotencyKeyMs / 1000 },
  ],
  finalizerOrders: [
    // Orders that the finalizer asks about again, and those that it put aside.
    { name: 'finalizer_orders_by_due', key: { due_at: 1, _id: 1 } },
  ],
  keptOrders: [
    // GET /files/{file_id}/kept.
    { name: 'kept_orders_by_file', key: { file: 1, order: 1 } },
  ],
  smallRecords: [
    // The records of a kind, all or of one owner.
    { name: 'access_records_by_id', key: { kind: 1, id: 1 } },
    { name: 'access_records_by_owner', key: { kind: 1, owner: 1, id: 1 } },
    // Those that have expired.
    { name: 'access_records_by_expiry', key: { expires_at: 1 } },
  ],
  audit: [
    // GET /audit, newest first, all or of one principal or target; the oldest entries, which are deleted.
    { name: 'audit_by_time', key: { at: -1, _id: -1 } },
    { name: 'audit_by_principal', key: { principal: 1, at: -1, _id: -1 } },
    { name: 'audit_by_target', key: { target: 1, at: -1, _id: -1 } },
  ],
  outbox: [
    // Whether a chunk has its numbers already.
    { name: 'outbox_by_chunk', key: { chunk: 1 } },
    // Which changes of an order have their numbers already.
    { name: 'outbox_by_order', key: { order: 1, m: 1 }, sparse: true },
  ],
};

const INDEXED = Object.entries(INDEXES) as [keyof Collections, IndexDescription[]][];

/** Names of the indexes that are missing. */
export async function missingIndexes(collections: Collections): Promise<string[]> {
  const missing: string[] = [];
  for (const [key, indexes] of INDEXED) {
    const existing = new Set(await indexNames(collections[key] as unknown as Collection<Document>));
    missing.push(...indexes.map(({ name }) => name!).filter((name) => !existing.has(name)));
  }
  return missing;
}

export async function createIndexes(collections: Collections): Promise<void> {
  for (const [key, indexes] of INDEXED) await collections[key].createIndexes(indexes);
}

const NAMESPACE_NOT_FOUND = 26;

async function indexNames(collection: Collection<Document>): Promise<string[]> {
  try {
    return (await collection.listIndexes().toArray()).map(({ name }) => name as string);
  } catch (error) {
    if ((error as { code?: number }).code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}
