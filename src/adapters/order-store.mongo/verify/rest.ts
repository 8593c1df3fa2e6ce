/** Checks orders that were made through the API, orders and chunks of files that are not there, and the numbers of events. */
import { limits } from '../../../limits.ts';
import type { Workflow } from '../../../model/workflow.ts';
import type { Violation } from '../../../ports/verification.ts';
import type { Database } from '../database.ts';
import { type NumberedChangeDocument, newOrdersOf, VOID } from '../documents.ts';
import { checkChangesAreThere, checkNumberedChanges } from './numbered-changes.ts';
import { checkHistory, isFirstOfApi } from './order.ts';
import { checkSums } from './sums.ts';

export async function* checkRest(database: Database, workflow: Workflow): AsyncGenerator<Violation, number> {
  yield* checkFilesAreThere(database);
  yield* checkOrdersOfNoFile(database);
  const firstAt = yield* checkNumbers(database);
  yield* checkNumberedOnce(database);
  // What was published before went to another stream.
  if (firstAt) {
    yield* checkPublished(database, firstAt);
    yield* checkNumberedChanges(database, firstAt);
  }
  yield* checkSums(database, workflow);
  return database.orders.countDocuments({ status: { $ne: VOID } });
}

async function* checkFilesAreThere(database: Database): AsyncGenerator<Violation> {
  const { orders } = database;
  for await (const file of filesThatAreNotThere(database, 'orders'))
    for await (const { _id, row } of orders.find({ file }, { projection: { row: 1 } }))
      yield { check: 'rows', what: 'an order is of no file', id: _id, detail: `it says row ${row} of ${file}` };
  for await (const file of filesThatAreNotThere(database, 'chunks'))
    yield { check: 'rows', what: 'chunks are of no file', id: file, detail: 'the file is not there' };
}

async function* checkOrdersOfNoFile({ orders }: Database): AsyncGenerator<Violation> {
  for await (const order of orders.find({ file: null })) {
    // One that was of a file before is checked with its chunk.
    if (order.status === VOID || !isFirstOfApi(order) || checkHistory(order, null).next().done) continue;
    // Some compatible services return a document in the middle of its change: what is wrong is so when it is read again.
    const again = await orders.findOne({ _id: order._id });
    if (again) yield* checkHistory(again, null);
  }
}

/** Returns when what was numbered first was committed. */
async function* checkNumbers({ chunks, orders, outbox }: Database): AsyncGenerator<Violation, Date | undefined> {
  let next = 1;
  let firstAt: Date | undefined;
  for await (const entries of batches(outbox.find({}, { sort: { _id: 1 } }))) {
    const numbered = await chunks
      .find(
        { _id: { $in: entries.flatMap((entry) => ('chunk' in entry ? [entry.chunk] : [])) } },
        { projection: { accepted: 1, more_items: 1, taken_again: 1, committed_at: 1 } },
      )
      .toArray();
    const byId = new Map(numbered.map((chunk) => [chunk._id, chunk]));
    yield* checkChangesAreThere(
      { orders },
      entries.filter((entry): entry is NumberedChangeDocument => 'order' in entry),
    );
    for (const entry of entries) {
      const { _id, count } = entry;
      const id = 'chunk' in entry ? entry.chunk : entry.order;
      if (_id !== next)
        yield {
          check: 'events',
          what: 'the numbers of events do not follow those before',
          id,
          detail: `from ${_id}, expected ${next}`,
        };
      next = _id + count;
      if ('order' in entry) {
        firstAt ??= await timeOfChange({ orders }, entry);
        continue;
      }
      const { chunk } = entry;
      firstAt ??= byId.get(chunk)?.committed_at;
      const created = newOrdersOf(byId.get(chunk) ?? {});
      if (created !== count)
        yield {
          check: 'events',
          what: 'a chunk has not as many numbers as new orders',
          id: chunk,
          detail: `${count} numbers, ${created} orders`,
        };
    }
  }
  return firstAt;
}

async function timeOfChange(
  { orders }: Pick<Database, 'orders'>,
  { order, m }: NumberedChangeDocument,
): Promise<Date | undefined> {
  const document = await orders.findOne({ _id: order }, { projection: { 'log.m': 1, 'log.at': 1 } });
  return document?.log?.find((entry) => entry.m === m)?.at;
}

async function* checkNumberedOnce({ outbox }: Database): AsyncGenerator<Violation> {
  const repeated = outbox.aggregate<{ _id: { chunk?: string; order?: string; m?: number }; times: number }>(
    [
      { $group: { _id: { chunk: '$chunk', order: '$order', m: '$m' }, times: { $sum: 1 } } },
      { $match: { times: { $gt: 1 } } },
    ],
    { allowDiskUse: true },
  );
  for await (const { _id, times } of repeated) {
    const { chunk, order, m } = _id;
    const what = chunk === undefined ? 'a change is numbered more than once' : 'a chunk is numbered more than once';
    yield {
      check: 'events',
      what,
      id: chunk ?? order!,
      detail: `${m === undefined ? '' : `change ${m}, `}${times} times`,
    };
  }
}

async function* checkPublished({ chunks, outbox }: Database, firstAt: Date): AsyncGenerator<Violation> {
  const published = chunks.find({ publish: 'published', committed_at: { $gte: firstAt } }, { projection: { _id: 1 } });
  for await (const some of batches(published)) {
    const ids = some.map(({ _id }) => _id);
    const numbered = await outbox.find({ chunk: { $in: ids } }, { projection: { chunk: 1 } }).toArray();
    const known = new Set(numbered.map((entry) => ('chunk' in entry ? entry.chunk : '')));
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
    // Orders of the API are of no file.
    const ids = some.map(({ _id }) => _id).filter((id) => typeof id === 'string');
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
