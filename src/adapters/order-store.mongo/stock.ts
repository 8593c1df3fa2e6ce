/** Stock per SKU and hub: lists and reads. `change-stock.ts` changes it, `take-stock.ts` takes it for orders. */
import type { Filter } from 'mongodb';
import type { Stock } from '../../ports/stock.ts';
import { readPosition, toPage } from '../page.ts';
import { changeStock } from './change-stock.ts';
import type { Database } from './database.ts';
import { type StockDocument, stockKey } from './documents.ts';

export function createStock(database: Pick<Database, 'stock' | 'idempotencyKeys'>, now: () => number): Stock {
  const { stock } = database;
  return {
    async list({ sku, hubId, seenBy, sort }, { limit, after }) {
      const conditions: Filter<StockDocument>[] = [];
      if (sku !== undefined) conditions.push({ sku });
      if (hubId !== undefined) conditions.push({ hub_id: hubId });
      if (seenBy !== undefined) conditions.push({ hub_id: { $in: [...seenBy] } });
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

    change: (changes, idempotencyKey) => changeStock(database, changes, idempotencyKey, now),

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
