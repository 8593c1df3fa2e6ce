/** Checks that the changes of orders have numbers in the outbox stream as far as they are published, and no others. */
import { limits } from '../../../limits.ts';
import type { Violation } from '../../../ports/verification.ts';
import type { Database } from '../database.ts';
import { type NumberedChangeDocument, type OrderDocument, publishedOf, versionOf } from '../documents.ts';

type Head = Pick<OrderDocument, '_id' | 'version' | 'published' | 'log'>;

/** `from`: when the first event was numbered; what was published before went to another stream. */
export async function* checkNumberedChanges(database: Database, from: Date): AsyncGenerator<Violation> {
  const { orders, outbox } = database;
  const changed = orders.find(
    { log: { $exists: true } },
    { projection: { version: 1, published: 1, 'log.m': 1, 'log.at': 1 }, batchSize: limits.verifySuspects },
  );
  let some: Head[] = [];
  for await (const order of changed) {
    if (some.push(order) < limits.verifySuspects) continue;
    yield* checkSome(outbox, some, from);
    some = [];
  }
  if (some.length > 0) yield* checkSome(outbox, some, from);
}

/** The numbers are read after the orders: what was published by then has them. */
async function* checkSome(outbox: Database['outbox'], orders: Head[], from: Date): AsyncGenerator<Violation> {
  const numbered = await outbox.find({ order: { $in: orders.map(({ _id }) => _id) } }).toArray();
  const versionsOf = Map.groupBy(numbered as NumberedChangeDocument[], ({ order }) => order);
  for (const order of orders) {
    const known = new Set(versionsOf.get(order._id)?.map(({ m }) => m));
    const missing = (order.log ?? []).filter(({ m, at }) => m <= publishedOf(order) && at >= from && !known.has(m));
    for (const { m } of missing)
      yield { check: 'events', what: 'a published change has no number', id: order._id, detail: `change ${m}` };
  }
}

/** A change of one order that has a number. */
export async function* checkChangesAreThere(
  { orders }: Pick<Database, 'orders'>,
  numbered: readonly NumberedChangeDocument[],
): AsyncGenerator<Violation> {
  const ids = [...new Set(numbered.map(({ order }) => order))];
  const found =
    ids.length > 0 ? await orders.find({ _id: { $in: ids } }, { projection: { version: 1 } }).toArray() : [];
  const versions = new Map(found.map((order) => [order._id, versionOf(order)]));
  for (const { _id, order, m } of numbered)
    if (m > (versions.get(order) ?? 0))
      yield {
        check: 'events',
        what: 'a number is of a change that was never made',
        id: order,
        detail: `number ${_id}, change ${m}`,
      };
}
