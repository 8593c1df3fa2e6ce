/**
 * Stock per SKU and hub: lists, sets and adjustments, each a compare-and-swap or an increment of one document that moves
 * available and received alike (INV-2). Taking it for orders is `take-stock.ts`.
 */
import { createHash } from 'node:crypto';
import type { Filter } from 'mongodb';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type Stock, type StockChange, type StockResult, stockAfterAll } from '../../ports/stock.ts';
import { readPosition, toPage } from '../page.ts';
import type { Database } from './database.ts';
import { type StockDocument, stockKey } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { stockKeyId } from './idempotency.ts';
import { pauseBetweenRounds } from './rounds.ts';

export function createStock({ stock, idempotencyKeys }: Database, now: () => number): Stock {
  /**
   * The changes of one key, in their order, in one write. `operationId`: where it is given they are applied once, and answered the
   * same again: what was available before tells all that came of them.
   */
  async function apply(changes: StockChange[], operationId: string | null): Promise<StockResult[]> {
    const { sku, hubId } = changes[0]!;
    const _id = stockKey(sku, hubId);
    for (let round = 0; round < limits.mongoSwapRounds; round++) {
      if (round > 0) await pauseBetweenRounds(round);
      const level = await stock.findOne({ _id }, { projection: { available: 1, operations: 1 } });
      const done = operationId !== null && level?.operations.find(({ id }) => id === operationId);
      if (done) return stockAfterAll(changes, done.available);
      const before = level?.available ?? null;
      const available = before ?? 0;
      const results = stockAfterAll(changes, before);
      const after = results.at(-1)!.available;
      const operations = operationId === null ? [] : [{ id: operationId, available: before }];
      if (!level) {
        // Nothing is made of changes that were all refused.
        if (results.every((result) => 'error' in result)) return results;
        const row = { available: after, received: after, gen: 0, holds: {}, operations };
        try {
          await stock.insertOne({ _id, sku, hub_id: hubId, ...row });
          return results;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          continue;
        }
      }
      const moved = after - available;
      if (moved === 0 && operationId === null) return results;
      const { matchedCount } = await stock.updateOne(
        { _id, available, ...(operationId === null ? {} : { 'operations.id': { $ne: operationId } }) },
        {
          ...(moved !== 0 && { $inc: { available: moved, received: moved } }),
          // Some servers make two of a document for a push of nothing.
          ...(operations.length > 0 && {
            $push: { operations: { $each: operations, $slice: -limits.mongoStockOperations } },
          }),
        },
      );
      if (matchedCount === 1) return results;
    }
    throw new OmsError('store_unavailable', `the stock of ${_id} is changed from many sides`, { retryable: true });
  }

  /** Several keys at once. */
  async function applyAll(changes: StockChange[], operationId: string | null): Promise<StockResult[]> {
    const results: StockResult[] = [];
    const ofKey = new Map<string, number[]>();
    for (const [i, { sku, hubId }] of changes.entries()) {
      const key = stockKey(sku, hubId);
      const places = ofKey.get(key);
      if (places) places.push(i);
      else ofKey.set(key, [i]);
    }
    const keys = [...ofKey.values()];
    const work = async () => {
      for (let places = keys.pop(); places; places = keys.pop()) {
        const ofThis = await apply(
          places.map((i) => changes[i]!),
          operationId,
        );
        for (const [place, i] of places.entries()) results[i] = ofThis[place]!;
      }
    };
    await Promise.all(Array.from({ length: limits.mongoConcurrentChanges }, work));
    return results;
  }

  return {
    async list({ sku, hubId, sort }, { limit, after }) {
      const conditions: Filter<StockDocument>[] = [];
      if (sku !== undefined) conditions.push({ sku });
      if (hubId !== undefined) conditions.push({ hub_id: hubId });
      const position = readPosition<[number, string, string]>(after, 'number', 'string', 'string');
      if (position) {
        const [available, lastSku, lastHub] = position;
        const behindKey = { $or: [{ sku: { $gt: lastSku } }, { sku: lastSku, hub_id: { $gt: lastHub } }] };
        conditions.push(
          sort === 'key' ? behindKey : { $or: [{ available: { $gt: available } }, { available, ...behindKey }] },
        );
      }
      const found = await stock
        .find(conditions.length > 0 ? { $and: conditions } : {}, { projection: { sku: 1, hub_id: 1, available: 1 } })
        .sort(sort === 'key' ? { sku: 1, hub_id: 1 } : { available: 1, sku: 1, hub_id: 1 })
        .limit(limit + 1)
        .toArray();
      return toPage(
        found,
        limit,
        (level) => [level.available, level.sku, level.hub_id],
        (level) => ({ sku: level.sku, hubId: level.hub_id, available: level.available }),
      );
    },

    async change(changes, idempotencyKey) {
      if (idempotencyKey === null) return applyAll(changes, null);
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
        // Begun and not answered: whoever carries it out again finds what was done.
      }
      const results = await applyAll(changes, `${fingerprint.slice(0, 16)}:${idempotencyKey}`);
      await idempotencyKeys.updateOne({ _id, answer: null }, { $set: { answer: JSON.stringify(results) } });
      const first = await idempotencyKeys.findOne({ _id });
      return first?.answer ? (JSON.parse(first.answer) as StockResult[]) : results;
    },

    async levels(rows) {
      const keys = rows.map(({ sku, hubId }) => stockKey(sku, hubId));
      const found = await stock.find({ _id: { $in: keys } }, { projection: { available: 1 } }).toArray();
      const known = new Map(found.map(({ _id, available }) => [_id, available]));
      return keys.map((key) => known.get(key) ?? null);
    },

    async named({ skus, hubIds }) {
      const [namedSkus, namedHubs] = await Promise.all([
        skus.length > 0 ? stock.distinct('sku', { sku: { $in: skus } }) : [],
        hubIds.length > 0 ? stock.distinct('hub_id', { hub_id: { $in: hubIds } }) : [],
      ]);
      return { skus: namedSkus, hubIds: namedHubs };
    },
  };
}
