/**
 * Takes the stock for a chunk, exactly once per chunk and key, however many workers execute the plan and however often (INV-2, INV-4). A
 * take leaves a hold of this file and chunk in the stock row, in the same write; the hold decides, not the response to the write.
 *
 * Why at most one take per (chunk, key) ever matches: between reading the rows (t1) and taking, the chunk was still `planned` at
 * t2 > t1, and holds are pruned only after a file was closed, so no hold of this chunk had been pruned before t1. A pruning after t1
 * changed `gen`; a hold that is still there fails the filter.
 */
import type { AnyBulkWriteOperation } from 'mongodb';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from './database.ts';
import type { ChunkDocument, Hold, StockDocument } from './documents.ts';
import { pauseBetweenRounds } from './rounds.ts';

/** A stock row as a chunk of one file sees it. */
export interface StockView {
  available: number;
  gen: number;
  hold: Hold | null;
}

/** What the rows of one key have reserved. */
export interface Reserved {
  /** Before the take. */
  available: number;
  sum: number;
  /** The same rows are accepted for every available amount in [sum, hi). Infinity where all were accepted. */
  hi: number;
}

/** Accepts row by row in file order, each that what is left still covers. `rows` are indices into `orders`. */
export function acceptWhatFits(orders: OrderBatch, rows: number[], available: number): Reserved {
  let sum = 0;
  let hi = Number.POSITIVE_INFINITY;
  for (const i of rows) {
    const quantity = orders.quantity(i);
    if (sum + quantity <= available) sum += quantity;
    else hi = Math.min(hi, sum + quantity);
  }
  return { available, sum, hi };
}

export async function readStock(
  { stock }: Pick<Database, 'stock'>,
  keys: string[],
  fileId: string,
): Promise<Map<string, StockView>> {
  const found = stock.find(
    { _id: { $in: keys } },
    { projection: { available: 1, gen: 1, [`holds.${fileId}`]: 1 }, batchSize: limits.mongoBatchDocuments },
  );
  const views = new Map<string, StockView>();
  for await (const { _id, available, gen, holds } of found)
    views.set(_id, { available, gen, hold: holds?.[fileId] ?? null });
  return views;
}

/** The chunk is no longer `planned`, or a later one was begun: it must be read again. */
export const MOVED_ON = 'moved on';

type Chunk = Pick<ChunkDocument, '_id' | 'file' | 'n'>;

/**
 * `seen`: the stock as it was read before this worker inserted the plan; null for a plan that was found. Returns what is reserved by key.
 * Throws `store_contention`.
 */
export async function takeStock(
  database: Pick<Database, 'stock' | 'chunks'>,
  chunk: Chunk,
  orders: OrderBatch,
  rowsOfKey: Map<string, number[]>,
  seen: Map<string, StockView> | null,
): Promise<Map<string, Reserved> | typeof MOVED_ON> {
  const decided = new Map<string, Reserved>();
  let pending = [...rowsOfKey.keys()].sort();
  let views = seen;

  for (let round = 0; round < limits.mongoRounds; round++) {
    if (pending.length === 0) return decided;
    if (round > 0) await pauseBetweenRounds(round);
    views ??= await readWhilePlanned(database, chunk, pending);
    if (views === null) return MOVED_ON;
    const takes: Take[] = [];
    for (const key of pending) {
      const decision = decideKey(chunk.n, key, views.get(key), orders, rowsOfKey.get(key)!);
      if (decision === MOVED_ON) return MOVED_ON;
      if ('view' in decision) takes.push(decision);
      else decided.set(key, decision);
    }
    if (takes.length === 0) return decided;
    const writes = takes.map((take) => takeWrite(chunk, take));
    const { matchedCount } = await database.stock.bulkWrite(writes, { ordered: false });
    if (matchedCount === takes.length) {
      for (const take of takes) decided.set(take.key, take);
      return decided;
    }
    pending = takes.map(({ key }) => key);
    views = null;
  }
  throw new OmsError(
    'store_contention',
    `chunk ${chunk._id} could not take its stock in ${limits.mongoRounds} rounds: other chunks take the same stock`,
    { retryable: true },
  );
}

/** Null when the chunk is no longer `planned`. The rows are read before the chunk: the proof above needs this order. */
async function readWhilePlanned(
  database: Pick<Database, 'stock' | 'chunks'>,
  { _id, file }: Chunk,
  keys: string[],
): Promise<Map<string, StockView> | null> {
  const views = await readStock(database, keys, file);
  const planned = await database.chunks.findOneAndUpdate(
    { _id, state: 'planned' },
    { $inc: { attempts: 1 } },
    { projection: { _id: 1 } },
  );
  return planned && views;
}

/** A decision that is to be written. */
interface Take extends Reserved {
  key: string;
  view: StockView;
}

/** What the hold of chunk `n` decided; without a hold a new decision. */
function decideKey(
  n: number,
  key: string,
  view: StockView | undefined,
  orders: OrderBatch,
  rows: number[],
): Take | Reserved | typeof MOVED_ON {
  if (!view) throw new Error(`the stock row ${key} is gone, though stock rows are never deleted`);
  if (view.hold && view.hold.n > n) return MOVED_ON;
  if (view.hold?.n === n) return acceptWhatFits(orders, rows, view.hold.available);
  return { key, view, ...acceptWhatFits(orders, rows, view.available) };
}

/** Also where no row fits: the hold makes the decision final for all workers that come later. */
function takeWrite({ file, n }: Chunk, { key, view, sum, hi }: Take): AnyBulkWriteOperation<StockDocument> {
  const hold = `holds.${file}`;
  return {
    updateOne: {
      filter: {
        _id: key,
        gen: view.gen,
        available: { $gte: sum, ...(hi === Number.POSITIVE_INFINITY ? {} : { $lt: hi }) },
        $or: [{ [hold]: { $exists: false } }, { [`${hold}.n`]: { $lt: n } }],
      } as never,
      update: {
        ...(sum > 0 && { $inc: { available: -sum } }),
        $set: { [hold]: { n, available: view.available } },
      } as never,
    },
  };
}

/** Gives back what was reserved for orders that are rejected: once per chunk and key, so only when every order is settled. */
export async function giveBack(
  { stock }: Pick<Database, 'stock'>,
  { file, n }: Pick<ChunkDocument, 'file' | 'n'>,
  quantities: Map<string, number>,
): Promise<void> {
  if (quantities.size === 0) return;
  const hold = `holds.${file}`;
  await stock.bulkWrite(
    [...quantities].sort(byKey).map(([key, quantity]) => ({
      updateOne: {
        filter: { _id: key, [`${hold}.n`]: n, [`${hold}.back`]: { $exists: false } } as never,
        update: { $inc: { available: quantity }, $set: { [`${hold}.back`]: quantity } } as never,
      },
    })),
    { ordered: false },
  );
}

/** All writers use this order: where a bulk write is one transaction, two that write the same rows would else block each other. */
const byKey = ([a]: [string, number], [b]: [string, number]): number => (a < b ? -1 : 1);
