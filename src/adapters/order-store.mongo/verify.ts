/**
 * The checks of `oms verify` on MongoDB, file by file and then over the stock. There is no snapshot of the whole store: what
 * looks off is read again a moment later, and is told only when it looks the same then.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import type { Violation } from '../../ports/order-store.ts';
import { type Database, stockKey } from './database.ts';

export async function* verify(database: Database): AsyncGenerator<Violation> {
  const { files } = database;
  for await (const { _id } of files.find({ status: { $ne: 'creating' } }, { projection: { _id: 1 } }))
    yield* confirmed(() => checkFile(database, _id));
  yield* confirmed(() => checkStock(database));
}

/** What two looks with a pause between them agree on. */
async function* confirmed(check: () => Promise<Violation[]>): AsyncGenerator<Violation> {
  const first = await check();
  if (first.length === 0) return;
  await delay(limits.verifyPauseMs);
  const again = new Set((await check()).map((violation) => JSON.stringify(violation)));
  yield* first.filter((violation) => again.has(JSON.stringify(violation)));
}

async function checkFile({ files, chunks, orders }: Database, fileId: string): Promise<Violation[]> {
  const file = await files.findOne({ _id: fileId });
  if (!file) return [];
  const found: Violation[] = [];
  const off = (invariant: Violation['invariant'], what: string, id = fileId) => found.push({ invariant, what, id });
  if (file.rows !== file.accepted + file.invalid)
    off(
      'INV-1',
      `rows are not accepted + invalid: ${file.rows} rows, ${file.accepted} accepted, ${file.invalid} invalid`,
    );
  const committed = { rows: 0, accepted: 0, invalid: 0 };
  const sums = chunks.find(
    { file: fileId, state: 'committed', n: { $lt: file.next_chunk } },
    { projection: { rows: 1, accepted: 1, invalid: 1 } },
  );
  for await (const { rows, accepted, invalid } of sums) {
    committed.rows += rows;
    committed.accepted += accepted!;
    committed.invalid += invalid!;
  }
  for (const field of ['rows', 'accepted', 'invalid'] as const)
    if (committed[field] !== file[field])
      off(
        'INV-1',
        `the chunks do not add up to the file: ${committed[field]} ${field} in chunks, ${file[field]} in the file`,
      );
  const inWork = await chunks.countDocuments({ file: fileId, state: { $ne: 'closed' }, n: { $gte: file.next_chunk } });
  const stored = await orders.countDocuments({ file: fileId });
  // A chunk in work may have some of its orders.
  if (inWork === 0 && stored !== file.accepted)
    off('INV-1', `the orders in the store are not the accepted rows: ${stored} orders, ${file.accepted} accepted`);
  const unpublished = await chunks.findOne({ file: fileId, state: 'committed', accepted: { $gt: 0 }, publish: 'none' });
  if (unpublished) off('INV-3', 'a chunk with orders is not to be published', unpublished._id);
  return found;
}

async function checkStock({ stock, orders, chunks }: Database): Promise<Violation[]> {
  const held = new Map<string, number>();
  const sums = orders.aggregate<{ _id: { sku: string; hub: string }; quantity: number }>([
    { $match: { stock_taken: true } },
    { $unwind: '$items' },
    { $group: { _id: { sku: '$items.sku', hub: '$items.hub_id' }, quantity: { $sum: '$items.quantity' } } },
  ]);
  for await (const { _id, quantity } of sums) held.set(stockKey(_id.sku, _id.hub), quantity);
  // What a chunk in work has taken is no order's yet.
  const inWork = new Set<string>();
  for await (const { keys } of chunks.find({ state: 'planned' }, { projection: { keys: 1 } }))
    for (const key of keys) inWork.add(key);
  const found: Violation[] = [];
  for await (const { _id, available, received } of stock.find({}, { projection: { available: 1, received: 1 } })) {
    const quantity = held.get(_id) ?? 0;
    held.delete(_id);
    if (available < 0) found.push({ invariant: 'INV-2', what: `available is ${available}`, id: _id });
    if (received - available !== quantity && !inWork.has(_id))
      found.push({
        invariant: 'INV-2',
        what: `received - available is not what orders hold: received ${received}, available ${available}, held ${quantity}`,
        id: _id,
      });
  }
  for (const [id, quantity] of held)
    found.push({ invariant: 'INV-2', what: `orders hold ${quantity} of a stock row that is not there`, id });
  return found;
}
