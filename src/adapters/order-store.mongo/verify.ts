/**
 * The checks of `oms verify` on MongoDB. There is no moment of the whole store to look at, so each check asks only for what holds
 * at every moment: a chunk below the checkpoint never changes, its orders were there before it was committed, and no order is ever
 * deleted.
 */
import { isDeepStrictEqual } from 'node:util';
import { limits } from '../../limits.ts';
import type { Verification, Violation } from '../../ports/verification.ts';
import { type ChunkDocument, type Database, type OrderDocument, stockKey } from './database.ts';
import { toOmsError } from './errors.ts';
import { findOrders, orderDocument } from './insert-orders.ts';
import { toOrder } from './orders.ts';
import { decodePlan, decodeRejections } from './plan.ts';

export function createVerification(database: Database): Verification {
  return {
    async *chunks({ fileId, nextChunk }) {
      for await (const chunk of committedChunks(database, fileId, nextChunk))
        yield { rows: chunk.rows, orders: (await contentOf(chunk)).accepted.map(toOrder) };
    },
    file: (fileId) => withOurErrors(checkFile(database, fileId)),
    stock: () => withOurErrors(checkStock(database)),
    rest: () => withOurErrors(checkRest(database)),
  };
}

async function* withOurErrors<Return>(checks: AsyncGenerator<Violation, Return>): AsyncGenerator<Violation, Return> {
  try {
    return yield* checks;
  } catch (error) {
    throw toOmsError(error);
  }
}

/** In order; a few at a time, as a chunk is a large document. */
const committedChunks = ({ chunks }: Database, fileId: string, nextChunk: number) =>
  chunks.find({ file: fileId, state: 'committed', n: { $lt: nextChunk } }, { sort: { n: 1 }, batchSize: 2 });

async function* checkFile(database: Database, fileId: string): AsyncGenerator<Violation> {
  const file = await database.files.findOne({ _id: fileId });
  if (!file) return;
  const { rows, accepted, invalid } = file;
  if (rows !== accepted + invalid)
    yield {
      check: 'rows',
      what: 'rows are not accepted + invalid',
      id: fileId,
      detail: `${rows} rows, ${accepted} accepted, ${invalid} invalid`,
    };
  const sums = { rows: 0, accepted: 0, invalid: 0 };
  const byCode: Record<string, number> = {};
  let row = 1;
  let right = 0;
  for await (const chunk of committedChunks(database, fileId, file.next_chunk)) {
    right += yield* checkChunk(database, chunk, row);
    row = chunk.row;
    sums.rows += chunk.rows;
    sums.accepted += chunk.accepted!;
    sums.invalid += chunk.invalid!;
    for (const [code, count] of Object.entries(chunk.invalid_by_code!)) byCode[code] = (byCode[code] ?? 0) + count;
  }
  for (const field of ['rows', 'accepted', 'invalid'] as const)
    if (sums[field] !== file[field])
      yield {
        check: 'rows',
        what: 'the chunks do not add up to the file',
        id: fileId,
        detail: `${sums[field]} ${field} in chunks, ${file[field]} in the file`,
      };
  if (!isDeepStrictEqual(byCode, file.invalid_by_code))
    yield {
      check: 'rows',
      what: 'the rejections of a code are not as many as the file has',
      id: fileId,
      detail: `${JSON.stringify(byCode)} in chunks, ${JSON.stringify(file.invalid_by_code)} in the file`,
    };
  yield* checkOrdersOf(database, fileId, right);
}

/**
 * Each row of the chunk is in one place, and each order that it accepted is there as the file had it: returns how many are. `after`:
 * where the chunk begins.
 */
async function* checkChunk(database: Database, chunk: ChunkDocument, after: number): AsyncGenerator<Violation, number> {
  const { file, n, _id } = chunk;
  const { accepted, rejected } = await contentOf(chunk);
  const places = new Map<number, number>();
  for (const { row } of [...accepted, ...rejected]) places.set(row, (places.get(row) ?? 0) + 1);
  for (const [row, count] of places) {
    if (count > 1)
      yield {
        check: 'rows',
        what: 'a row is in several places',
        id: _id,
        detail: `row ${row} of ${file}: ${count} times`,
      };
    if (row <= after || row > chunk.row)
      yield {
        check: 'rows',
        what: 'a row lies where nothing was read',
        id: _id,
        detail: `row ${row} of ${file}, chunk ${n} is of rows ${after + 1} to ${chunk.row}`,
      };
  }
  if (accepted.length !== chunk.accepted || rejected.length !== chunk.invalid || places.size !== chunk.rows)
    yield {
      check: 'rows',
      what: 'the figures of a chunk are not those of its rows',
      id: _id,
      detail: `${accepted.length} of ${chunk.accepted} accepted, ${rejected.length} of ${chunk.invalid} rejected, ${places.size} of ${chunk.rows} rows`,
    };
  const published = chunk.publish === 'pending' || chunk.publish === 'published';
  if (published !== accepted.length > 0)
    yield {
      check: 'events',
      what: 'a chunk with orders is not to be published, or one without is',
      id: _id,
      detail: `${accepted.length} orders, publish is ${chunk.publish}`,
    };
  const stored = await findOrders(
    database,
    accepted.map((order) => order._id),
  );
  let right = 0;
  for (const order of accepted) {
    const found = stored.get(order._id);
    const at = `row ${order.row} of ${file}`;
    if (!found) yield { check: 'rows', what: 'the order of an accepted row is not there', id: order._id, detail: at };
    else if (isDeepStrictEqual(asCreated(found), asCreated(order))) right++;
    else
      yield {
        check: 'rows',
        what: 'an order is not what its row and its event say',
        id: order._id,
        detail: `${at}; it says row ${found.row} of ${found.file}`,
      };
  }
  return right;
}

/** What never changes of an order. */
const asCreated = ({ status: _, updated_at: __, ...order }: OrderDocument) => order;

async function contentOf(chunk: ChunkDocument): Promise<{ accepted: OrderDocument[]; rejected: { row: number }[] }> {
  const { orders, taking } = await decodePlan(chunk.plan);
  const refused = new Set(chunk.refused);
  const accepted = taking.map((i) => orderDocument(orders, i, chunk)).filter(({ row }) => !refused.has(row));
  return { accepted, rejected: await decodeRejections(chunk.rejections) };
}

/** No order says that it is of this file but those that its chunks accepted, and those that a chunk in work is about to accept. */
async function* checkOrdersOf({ orders, chunks }: Database, fileId: string, known: number): AsyncGenerator<Violation> {
  if ((await orders.countDocuments({ file: fileId })) === known) return;
  const ofFile = { file: fileId, state: { $in: ['planned' as const, 'committed' as const] } };
  const spans = await chunks.find(ofFile, { sort: { n: 1 }, projection: { n: 1, row: 1 } }).toArray();
  const last = spans.at(-1)?.n ?? -1;
  let looked = { index: -1, ids: null as Set<string> | null };
  for await (const { _id, row } of orders.find({ file: fileId }, { projection: { row: 1 }, sort: { created_at: 1 } })) {
    const index = spans.findIndex((span) => row <= span.row);
    if (index === -1) {
      // Planned since they were read.
      if (await chunks.findOne({ ...ofFile, n: { $gt: last } }, { projection: { n: 1 } })) continue;
    } else {
      if (index !== looked.index) {
        const chunk = (await chunks.findOne({ _id: spans[index]!._id }))!;
        // One in work tells which of its orders it accepts when it is committed.
        const ids = chunk.state === 'planned' ? null : (await contentOf(chunk)).accepted.map((order) => order._id);
        looked = { index, ids: ids && new Set(ids) };
      }
      if (looked.ids === null || looked.ids.has(_id)) continue;
    }
    yield { check: 'rows', what: 'an order was never accepted', id: _id, detail: `it says row ${row} of ${fileId}` };
  }
}

interface Level {
  _id: string;
  sku: string;
  hub_id: string;
  available: number;
  received: number;
}

/**
 * Both sides by key, side by side; what differs is looked at more closely. Where the two are not sorted alike a key only seems to be
 * missing, and the closer look finds it.
 */
async function* checkStock(database: Database): AsyncGenerator<Violation, number> {
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

/** What two closer looks find. */
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
 * What orders hold, read between two looks at the stock rows, lies between what was taken then: not more than had been taken at the
 * second look, as stock is taken before an order is inserted; not less than at the first, but for what chunks in work have taken.
 */
async function checkKeys(database: Database, suspects: Key[]): Promise<Violation[]> {
  const found: Violation[] = [];
  const off = (what: string, id: string, detail: string) => found.push({ check: 'stock', what, id, detail });
  const keys = suspects.map(({ sku, hub }) => stockKey(sku, hub));
  const look = async () => {
    const found = await database.stock.find({ _id: { $in: keys } }, { projection: LEVEL }).toArray();
    return new Map(found.map((level) => [level._id, level as Level]));
  };
  const inWork = new Set<string>();
  const lookAtWork = async () => {
    for await (const { keys } of database.chunks.find({ state: 'planned' }, { projection: { keys: 1 } }))
      for (const key of keys) inWork.add(key);
  };
  await lookAtWork();
  const before = await look();
  await lookAtWork();
  const held = new Map<string, number>();
  const skus = [...new Set(suspects.map(({ sku }) => sku))];
  for await (const { _id, quantity } of heldByKey(database, { 'items.sku': { $in: skus } }))
    held.set(stockKey(_id.sku, _id.hub), quantity);
  const after = await look();
  for (const key of keys) {
    const [first, second] = [before.get(key), after.get(key)];
    const quantity = held.get(key) ?? 0;
    if (!second) {
      if (quantity > 0) off('orders hold of a stock row that is not there', key, `held ${quantity}`);
      continue;
    }
    const { received, available } = second;
    const detail = `received ${received}, available ${available}, held ${quantity}`;
    if (available < 0) off('available is below zero', key, detail);
    const least = first && !inWork.has(key) ? first.received - first.available : 0;
    if (quantity > received - available || quantity < least)
      off('received - available is not what orders hold', key, detail);
  }
  return found;
}

async function* checkRest(database: Database): AsyncGenerator<Violation> {
  const { orders, chunks, outbox } = database;
  for await (const file of filesThatAreNotThere(database, 'orders'))
    for await (const { _id, row } of orders.find({ file }, { projection: { row: 1 } }))
      yield { check: 'rows', what: 'an order is of no file', id: _id, detail: `it says row ${row} of ${file}` };
  for await (const file of filesThatAreNotThere(database, 'chunks'))
    yield { check: 'rows', what: 'chunks are of no file', id: file, detail: 'the file is not there' };

  let next = 1;
  let firstAt: Date | undefined;
  for await (const entries of batches(outbox.find({}, { sort: { _id: 1 } }))) {
    const numbered = await chunks
      .find({ _id: { $in: entries.map(({ chunk }) => chunk) } }, { projection: { accepted: 1, committed_at: 1 } })
      .toArray();
    const byId = new Map(numbered.map((chunk) => [chunk._id, chunk]));
    firstAt ??= byId.get(entries[0]!.chunk)?.committed_at;
    for (const { _id, chunk, count } of entries) {
      if (_id !== next)
        yield {
          check: 'events',
          what: 'the numbers of a chunk do not follow those before',
          id: chunk,
          detail: `from ${_id}, expected ${next}`,
        };
      next = _id + count;
      const accepted = byId.get(chunk)?.accepted ?? 0;
      if (accepted !== count)
        yield {
          check: 'events',
          what: 'a chunk has not as many numbers as orders',
          id: chunk,
          detail: `${count} numbers, ${accepted} orders`,
        };
    }
  }
  const repeated = outbox.aggregate<{ _id: string; times: number }>([
    { $group: { _id: '$chunk', times: { $sum: 1 } } },
    { $match: { times: { $gt: 1 } } },
  ]);
  for await (const { _id, times } of repeated)
    yield { check: 'events', what: 'a chunk is numbered more than once', id: _id, detail: `${times} times` };
  // What was published before went to another stream.
  if (!firstAt) return;
  const published = chunks.find({ publish: 'published', committed_at: { $gte: firstAt } }, { projection: { _id: 1 } });
  for await (const some of batches(published)) {
    const ids = some.map(({ _id }) => _id);
    const numbered = await outbox.find({ chunk: { $in: ids } }, { projection: { chunk: 1 } }).toArray();
    const known = new Set(numbered.map(({ chunk }) => chunk));
    for (const id of ids)
      if (!known.has(id))
        yield {
          check: 'events',
          what: 'a published chunk has no numbers',
          id,
          detail: 'its events are not in the stream',
        };
  }
}

async function* filesThatAreNotThere(database: Database, of: 'orders' | 'chunks'): AsyncGenerator<string> {
  const named = database[of].aggregate<{ _id: string }>([{ $group: { _id: '$file' } }], { allowDiskUse: true });
  for await (const some of batches(named)) {
    const ids = some.map(({ _id }) => _id);
    const found = await database.files.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
    const known = new Set(found.map(({ _id }) => _id));
    yield* ids.filter((id) => !known.has(id));
  }
}

async function* batches<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    if (batch.push(item) < limits.verifySuspects) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
