/**
 * Takes the stock for a chunk, exactly once per chunk and key, whoever carries it out and however often (INV-2, INV-4). A take
 * leaves a hold of this file and chunk in the stock row, in the same write; the hold decides, not the answer of the write.
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

/** What became of the rows of one key: those that did not fit, with what was left for each. */
export type Skipped = Map<number, number>;

interface Greedy {
  sum: number;
  /** The same rows are accepted for every available amount in [sum, hi). */
  hi: number;
  skipped: Skipped;
}

/** Row by row in file order, each that what is left still covers. `rows` are indices into `orders`. */
export function acceptWhatFits(orders: OrderBatch, rows: number[], available: number): Greedy {
  let sum = 0;
  let hi = Number.POSITIVE_INFINITY;
  const skipped: Skipped = new Map();
  for (const i of rows) {
    const quantity = orders.quantity(i);
    if (sum + quantity <= available) {
      sum += quantity;
    } else {
      hi = Math.min(hi, sum + quantity);
      skipped.set(i, available - sum);
    }
  }
  return { sum, hi, skipped };
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

/** In the order in which all write: where a bulk is one transaction, two that write the same rows would block each other else. */
const byId = ([a]: [string, number], [b]: [string, number]): number => (a < b ? -1 : 1);

/** The chunk is no longer `planned`, or a later one was begun: read it again. */
export const MOVED_ON = 'moved on';

/**
 * `seen`: the stock as it was read before the plan was inserted by us; null when somebody else's plan is carried out. Answers for
 * each key which rows did not fit. Throws `store_contention`.
 */
export async function takeStock(
  database: Pick<Database, 'stock' | 'chunks'>,
  chunk: Pick<ChunkDocument, '_id' | 'file' | 'n'>,
  orders: OrderBatch,
  rowsOfKey: Map<string, number[]>,
  seen: Map<string, StockView> | null,
): Promise<Map<string, Skipped> | typeof MOVED_ON> {
  const { file, n } = chunk;
  const hold = `holds.${file}`;
  const decided = new Map<string, Skipped>();
  let pending = [...rowsOfKey.keys()].sort();
  let views = seen;

  for (let round = 0; round < limits.mongoRounds; round++) {
    if (pending.length === 0) return decided;
    if (round > 0) await pauseBetweenRounds(round);
    if (!views) {
      // First the rows, then the chunk: the order is what makes it exact.
      views = await readStock(database, pending, file);
      const planned = await database.chunks.findOneAndUpdate(
        { _id: chunk._id, state: 'planned' },
        { $inc: { attempts: 1 } },
        { projection: { _id: 1 } },
      );
      if (!planned) return MOVED_ON;
    }
    const takes: AnyBulkWriteOperation<StockDocument>[] = [];
    const outcomes = new Map<string, Skipped>();
    const open: string[] = [];
    for (const key of pending) {
      const view = views.get(key);
      if (!view) throw new Error(`the stock row ${key} is gone, though stock rows are never deleted`);
      const rows = rowsOfKey.get(key)!;
      if (view.hold && view.hold.n > n) return MOVED_ON;
      if (view.hold?.n === n) {
        decided.set(key, acceptWhatFits(orders, rows, view.hold.available).skipped);
        continue;
      }
      const { sum, hi, skipped } = acceptWhatFits(orders, rows, view.available);
      open.push(key);
      outcomes.set(key, skipped);
      takes.push({
        updateOne: {
          filter: {
            _id: key,
            gen: view.gen,
            available: { $gte: sum, ...(hi === Number.POSITIVE_INFINITY ? {} : { $lt: hi }) },
            $or: [{ [hold]: { $exists: false } }, { [`${hold}.n`]: { $lt: n } }],
          } as never,
          // Also where nothing fits: the hold fixes that decision for whoever comes after.
          update: {
            ...(sum > 0 && { $inc: { available: -sum } }),
            $set: { [hold]: { n, available: view.available } },
          } as never,
        },
      });
    }
    pending = open;
    views = null;
    if (takes.length === 0) return decided;
    const { matchedCount } = await database.stock.bulkWrite(takes, { ordered: false });
    if (matchedCount === takes.length) {
      for (const [key, skipped] of outcomes) decided.set(key, skipped);
      return decided;
    }
  }
  throw new OmsError(
    'store_contention',
    `chunk ${chunk._id} could not take its stock in ${limits.mongoRounds} rounds: others take the same`,
    { retryable: true },
  );
}

/** Gives back what was taken for rows whose order belongs to another file or row: once per chunk and key. */
export async function giveBack(
  { stock }: Pick<Database, 'stock'>,
  { file, n }: Pick<ChunkDocument, 'file' | 'n'>,
  quantities: Map<string, number>,
): Promise<void> {
  if (quantities.size === 0) return;
  const hold = `holds.${file}`;
  await stock.bulkWrite(
    [...quantities].sort(byId).map(([key, quantity]) => ({
      updateOne: {
        filter: { _id: key, [`${hold}.n`]: n, [`${hold}.back`]: { $exists: false } } as never,
        update: { $inc: { available: quantity }, $set: { [`${hold}.back`]: quantity } } as never,
      },
    })),
    { ordered: false },
  );
}
