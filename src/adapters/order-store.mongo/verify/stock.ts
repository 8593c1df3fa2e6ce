/** Checks that received - available of each stock row is what orders hold. */
import { limits } from '../../../limits.ts';
import type { Violation } from '../../../ports/verification.ts';
import type { Database } from '../database.ts';
import { stockKey } from '../documents.ts';

interface Level {
  _id: string;
  sku: string;
  hub_id: string;
  available: number;
  received: number;
}

/**
 * Merges stock rows and held quantities, both sorted by key. Keys that differ are suspects, which are checked by themselves: a key also
 * seems to be missing where the two sides are not sorted alike.
 */
export async function* checkStock(database: Database): AsyncGenerator<Violation, number> {
  const levels = database.stock.find({}, { projection: LEVEL, sort: { sku: 1, hub_id: 1 } })[Symbol.asyncIterator]();
  const held = heldByKey(database, {})[Symbol.asyncIterator]();
  let suspects: Key[] = [];
  let count = 0;
  let [level, holding] = [await levels.next(), await held.next()];
  while (!level.done || !holding.done) {
    const side =
      level.done || holding.done
        ? Number(level.done) - Number(holding.done)
        : compareKeys([level.value.sku, level.value.hub_id], [holding.value._id.sku, holding.value._id.hub]);
    const [a, b] = [side <= 0 ? level.value : null, side >= 0 ? holding.value : null] as [Level | null, Held | null];
    if ((a ? a.received - a.available : 0) !== (b ? b.quantity : 0) || (a && a.available < 0))
      suspects.push(b?._id ?? { sku: a!.sku, hub: a!.hub_id });
    if (suspects.length === limits.verifySuspects) {
      yield* confirmed(database, suspects);
      suspects = [];
    }
    if (a) count++;
    if (a) level = await levels.next();
    if (b) holding = await held.next();
  }
  yield* confirmed(database, suspects);
  return count;
}

/** The violations that two checks of the suspects find. */
async function* confirmed(database: Database, suspects: Key[]): AsyncGenerator<Violation> {
  const found = new Set(suspects.length > 0 ? (await checkKeys(database, suspects)).map(({ id }) => id) : []);
  const still = suspects.filter(({ sku, hub }) => found.has(stockKey(sku, hub)));
  if (still.length > 0) yield* await checkKeys(database, still);
}

const LEVEL = { sku: 1, hub_id: 1, available: 1, received: 1 };

interface Key {
  sku: string;
  hub: string;
}

interface Held {
  _id: Key;
  quantity: number;
}

/** What orders hold, by key. */
const heldByKey = ({ orders }: Database, filter: object) =>
  orders.aggregate<Held>(
    [
      { $match: { ...filter, stock_taken: true } },
      { $unwind: '$items' },
      { $group: { _id: { sku: '$items.sku', hub: '$items.hub_id' }, quantity: { $sum: '$items.quantity' } } },
      { $sort: { '_id.sku': 1, '_id.hub': 1 } },
    ],
    { allowDiskUse: true },
  );

/** As MongoDB sorts strings: by their bytes. */
const compareKeys = (a: [string, string], b: [string, string]): number =>
  Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])) || Buffer.compare(Buffer.from(a[1]), Buffer.from(b[1]));

/**
 * Reads the stock rows, then what orders hold, then the stock rows again. As stock is taken before an order is inserted, orders hold at
 * most what the second reading shows as taken, and at least what the first one shows, except for what chunks in work have taken.
 */
async function checkKeys(database: Database, suspects: Key[]): Promise<Violation[]> {
  const found: Violation[] = [];
  const report = (what: string, id: string, detail: string) => found.push({ check: 'stock', what, id, detail });
  const keys = suspects.map(({ sku, hub }) => stockKey(sku, hub));
  const readLevels = async () => {
    const levels = await database.stock.find({ _id: { $in: keys } }, { projection: LEVEL }).toArray();
    return new Map(levels.map((level) => [level._id, level as Level]));
  };
  const inWork = new Set<string>();
  const readKeysInWork = async () => {
    for await (const { keys } of database.chunks.find({ state: 'planned' }, { projection: { keys: 1 } }))
      for (const key of keys) inWork.add(key);
  };
  await readKeysInWork();
  const before = await readLevels();
  await readKeysInWork();
  const held = new Map<string, number>();
  const skus = [...new Set(suspects.map(({ sku }) => sku))];
  for await (const { _id, quantity } of heldByKey(database, { 'items.sku': { $in: skus } }))
    held.set(stockKey(_id.sku, _id.hub), quantity);
  const after = await readLevels();
  for (const key of keys) {
    const [first, second] = [before.get(key), after.get(key)];
    const quantity = held.get(key) ?? 0;
    if (!second) {
      if (quantity > 0) report('orders hold of a stock row that is not there', key, `held ${quantity}`);
      continue;
    }
    const { received, available } = second;
    const detail = `received ${received}, available ${available}, held ${quantity}`;
    if (available < 0) report('available is below zero', key, detail);
    const least = first && !inWork.has(key) ? first.received - first.available : 0;
    if (quantity > received - available || quantity < least)
      report('received - available is not what orders hold', key, detail);
  }
  return found;
}
