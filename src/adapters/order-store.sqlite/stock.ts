/** Stock per SKU and hub: lists, sets and adjustments. Taking it for orders is part of committing a chunk. */
import { createHash } from 'node:crypto';
import { OmsError } from '../../errors.ts';
import { type Stock, type StockChange, type StockResult, stockAfter } from '../../ports/stock.ts';
import { readPosition, toPage } from '../page.ts';
import type { Calls } from '../sqlite/calls.ts';
import { type Database, fromJson } from '../sqlite/database.ts';
import { idempotencyKeys } from './idempotency.ts';
import type { StockLevels } from './stock-levels.ts';

const STOCK = 'stock';

interface StockRow {
  sku: string;
  hub_id: string;
  available: number;
}

export function stockOperations(db: Database, levels: StockLevels, now: () => number) {
  const keys = idempotencyKeys(db);

  const apply = (change: StockChange): StockResult => {
    const { sku, hubId } = change;
    const level = levels.get(sku, hubId);
    const result = stockAfter(change, level?.available ?? null);
    if ('error' in result) return result;
    if (level) levels.restock(level, result.available - level.available);
    else levels.create(sku, hubId, result.available);
    return result;
  };

  return {
    changeStock({ changes, idempotencyKey }: { changes: StockChange[]; idempotencyKey: string | null }): StockResult[] {
      const fingerprint = createHash('sha256').update(JSON.stringify(changes)).digest('hex');
      const known = keys.find(STOCK, idempotencyKey, now());
      if (known) {
        if (known.fingerprint !== fingerprint)
          throw new OmsError(
            'key_reused',
            'this Idempotency-Key was used for other stock changes: send a new key with them',
          );
        return fromJson<StockResult[]>(known.answer);
      }
      const results = changes.map(apply);
      keys.record(STOCK, idempotencyKey, fingerprint, JSON.stringify(results), now());
      return results;
    },
  };
}

export function createStock(db: Database, writer: Calls<ReturnType<typeof stockOperations>>): Stock {
  const statements = new Map<string, ReturnType<Database['prepare']>>();
  const prepare = (sql: string) => {
    const known = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  const level = db.prepare('select available from stock where sku = ? and hub_id = ?');
  const namedBy = (column: 'sku' | 'hub_id') => {
    const statement = db.prepare(
      `select value from json_each(?) where exists (select 1 from stock where ${column} = value)`,
    );
    return (names: string[]) =>
      (statement.all(JSON.stringify(names)) as unknown as { value: string }[]).map(({ value }) => value);
  };
  const namedSkus = namedBy('sku');
  const namedHubs = namedBy('hub_id');
  return {
    async list({ sku, hubId, seenBy, sort }, { limit, after }) {
      const conditions: string[] = [];
      const values: (string | number)[] = [];
      if (sku !== undefined) conditions.push('sku = ?') && values.push(sku);
      if (hubId !== undefined) conditions.push('hub_id = ?') && values.push(hubId);
      if (seenBy !== undefined)
        conditions.push('hub_id in (select value from json_each(?))') && values.push(JSON.stringify(seenBy));
      const key = sort === 'available' ? 'available, sku, hub_id' : 'sku, hub_id';
      const position = readPosition<[number, string, string]>(after, 'number', 'string', 'string');
      if (position) {
        conditions.push(sort === 'available' ? '(available, sku, hub_id) > (?, ?, ?)' : '(sku, hub_id) > (?, ?)');
        values.push(...(sort === 'available' ? position : position.slice(1)));
      }
      const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
      const rows = prepare(`select sku, hub_id, available from stock ${where} order by ${key} limit ?`).all(
        ...values,
        limit + 1,
      ) as unknown as StockRow[];
      return toPage(
        rows,
        limit,
        (row) => [row.available, row.sku, row.hub_id],
        (row) => ({
          sku: row.sku,
          hubId: row.hub_id,
          available: row.available,
        }),
      );
    },
    change: (changes, idempotencyKey) => writer.call('changeStock', { changes, idempotencyKey }),
    async levels(rows) {
      return rows.map(
        ({ sku, hubId }) => (level.get(sku, hubId) as { available: number } | undefined)?.available ?? null,
      );
    },
    async named({ skus, hubIds }) {
      return { skus: namedSkus(skus), hubIds: namedHubs(hubIds) };
    },
  };
}
