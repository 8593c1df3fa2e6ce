/**
 * Sets and adjustments of stock: each is an insert, a compare-and-swap or an increment of one document, which moves available and received
 * alike (INV-2). With an idempotency key a request is applied once, and its results are stored under the key.
 */
import { createHash } from 'node:crypto';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type StockChange, type StockResult, stockAfterAll } from '../../ports/stock.ts';
import type { Database } from './database.ts';
import { type StockDocument, stockKey } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { stockKeyId } from './idempotency.ts';
import { pauseBetweenRounds } from './rounds.ts';

type Stock = Pick<Database, 'stock'>;

export async function changeStock(
  { stock, idempotencyKeys }: Pick<Database, 'stock' | 'idempotencyKeys'>,
  changes: StockChange[],
  idempotencyKey: string | null,
  now: () => number,
): Promise<StockResult[]> {
  if (idempotencyKey === null) return applyAll({ stock }, changes, null);
  const _id = stockKeyId(idempotencyKey);
  const fingerprint = createHash('sha256').update(JSON.stringify(changes)).digest('hex');
  try {
    await idempotencyKeys.insertOne({ _id, fingerprint, answer: null, created_at: new Date(now()) });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const known = await idempotencyKeys.findOne({ _id });
    if (known && known.fingerprint !== fingerprint)
      throw new OmsError(
        'key_reused',
        'this Idempotency-Key was used for other stock changes: send a new key with them',
      );
    if (known?.answer) return JSON.parse(known.answer) as StockResult[];
    // The first request has begun and stored no results yet: each row knows by its operations whether it was changed.
  }
  const results = await applyAll({ stock }, changes, `${fingerprint.slice(0, 16)}:${idempotencyKey}`);
  await idempotencyKeys.updateOne({ _id, answer: null }, { $set: { answer: JSON.stringify(results) } });
  const first = await idempotencyKeys.findOne({ _id });
  return first?.answer ? (JSON.parse(first.answer) as StockResult[]) : results;
}

/** Several keys in parallel. */
async function applyAll(stock: Stock, changes: StockChange[], operationId: string | null): Promise<StockResult[]> {
  const results: StockResult[] = [];
  const keys = placesByKey(changes);
  const work = async () => {
    for (let places = keys.pop(); places; places = keys.pop()) {
      const changesOfKey = places.map((i) => changes[i]!);
      const resultsOfKey = await apply(stock, changesOfKey, operationId);
      for (const [place, i] of places.entries()) results[i] = resultsOfKey[place]!;
    }
  };
  await Promise.all(Array.from({ length: limits.mongoConcurrentChanges }, work));
  return results;
}

/** The indices of the changes, for each key. */
function placesByKey(changes: StockChange[]): number[][] {
  const byKey = new Map<string, number[]>();
  for (const [i, { sku, hubId }] of changes.entries()) {
    const key = stockKey(sku, hubId);
    const places = byKey.get(key);
    if (places) places.push(i);
    else byKey.set(key, [i]);
  }
  return [...byKey.values()];
}

/**
 * Applies the changes of one key, in their order, in one write. With an `operationId` they are applied once, and a repetition returns the
 * same results, which follow from what was available before.
 */
async function apply(stock: Stock, changes: StockChange[], operationId: string | null): Promise<StockResult[]> {
  const { sku, hubId } = changes[0]!;
  const _id = stockKey(sku, hubId);
  for (let round = 0; round < limits.mongoSwapRounds; round++) {
    if (round > 0) await pauseBetweenRounds(round);
    const results = await tryToApply(stock, _id, changes, operationId);
    if (results) return results;
  }
  throw new OmsError('store_unavailable', `the stock of ${_id} could not be changed: other writers keep changing it`, {
    retryable: true,
  });
}

/** Null when another writer was faster. */
async function tryToApply(
  { stock }: Stock,
  _id: string,
  changes: StockChange[],
  operationId: string | null,
): Promise<StockResult[] | null> {
  const level = await stock.findOne({ _id }, { projection: { available: 1, operations: 1 } });
  const done = operationId !== null && level?.operations.find(({ id }) => id === operationId);
  if (done) return stockAfterAll(changes, done.available);
  const before = level?.available ?? null;
  const results = stockAfterAll(changes, before);
  const after = results.at(-1)!.available;
  const operations = operationId === null ? [] : [{ id: operationId, available: before }];
  if (before === null) {
    // Changes that were all refused create no row.
    if (results.every((result) => 'error' in result)) return results;
    const { sku, hubId } = changes[0]!;
    const row = { sku, hub_id: hubId, available: after, received: after, gen: 0, holds: {}, operations };
    return (await insertRow({ stock }, { _id, ...row })) ? results : null;
  }
  const moved = after - before;
  if (moved === 0 && operationId === null) return results;
  const { matchedCount } = await stock.updateOne(
    { _id, available: before, ...(operationId === null ? {} : { 'operations.id': { $ne: operationId } }) },
    {
      ...(moved !== 0 && { $inc: { available: moved, received: moved } }),
      // Some servers make two documents of one on an empty push.
      ...(operations.length > 0 && {
        $push: { operations: { $each: operations, $slice: -limits.mongoStockOperations } },
      }),
    },
  );
  return matchedCount === 1 ? results : null;
}

/** False when the row is there already. */
async function insertRow({ stock }: Stock, row: StockDocument): Promise<boolean> {
  try {
    await stock.insertOne(row);
    return true;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    return false;
  }
}
