/**
 * Finds the orders that are to be erased. There is no index by person, as each index slows ingestion down: all orders are looked at in the
 * order of their creation, a bounded number at a time.
 */
import type { Filter } from 'mongodb';
import { limits } from '../../limits.ts';
import { type ErasureOf, withoutPerson } from '../../model/erasure.ts';
import type { FoundOrder, FoundOrders } from '../../ports/erasure.ts';
import type { Database } from './database.ts';
import type { OrderDocument } from './documents.ts';
import { sourcesOf, toHistory } from './order-document.ts';
import { all, beyond, inAnyCase, type Position } from './orders.ts';

type Stores = Pick<Database, 'orders'>;
type OfPerson = Extract<ErasureOf, { email: string }>;
type Unchanged = Exclude<ErasureOf, OfPerson>;

const OLDEST = -8.64e15;

/** Orders by their creation, up to a border. */
interface Window {
  filter: Filter<OrderDocument>[];
  border: Position;
  end: boolean;
}

async function windowAfter({ orders }: Stores, after: Position, before: Filter<OrderDocument>[]): Promise<Window> {
  const behind = [beyond(after, '$gt'), ...before];
  const projection = { created_at: 1, _id: 1 };
  const full = await orders.findOne(all(behind), {
    ...{ sort: { created_at: 1, _id: 1 }, skip: limits.maxScanOrders - 1, projection },
  });
  const last = full ?? (await orders.findOne(all(behind), { sort: { created_at: -1, _id: -1 }, projection }));
  const border: Position = last ? [last.created_at.getTime(), last._id] : after;
  return { filter: [beyond(after, '$gt'), beyond(border, '$lte')], border, end: full === null };
}

/** An e-mail of a customer now, or before an edit. */
export async function findPerson(database: Stores, of: OfPerson, position: string | null): Promise<FoundOrders> {
  const after: Position = position === null ? [OLDEST, ''] : JSON.parse(position);
  const { filter, border, end } = await windowAfter(database, after, []);
  const theirs = { $regex: `^${[...of.email].map(inAnyCase).join('')}$` };
  const before = { set: { $elemMatch: { field: 'customer_email', from: theirs } } };
  const isTheirs = { $or: [{ 'customer.email': theirs }, { log: { $elemMatch: before } }] } as never;
  const found: FoundOrder[] = [];
  for await (const document of database.orders.find(all([...filter, isTheirs]), { batchSize: 20 }))
    if (withoutPerson(toHistory(document), of)) found.push(toFound(document));
  return { found, position: JSON.stringify(border), end };
}

/** Up to where unchanged orders were looked at by their creation, and changed ones by their last change; with those of that very time. */
interface UnchangedPosition {
  created: Position;
  changedMs: number;
  at: string[];
}

export async function findUnchanged(database: Stores, of: Unchanged, position: string | null): Promise<FoundOrders> {
  const after: UnchangedPosition =
    position === null ? { created: [OLDEST, ''], changedMs: OLDEST, at: [] } : JSON.parse(position);
  const asCreated = await findAsCreated(database, of, after.created);
  const asChanged = await findAsChanged(database, of, after);
  const { changedMs, at } = asChanged;
  return {
    found: [...asCreated.found, ...asChanged.found],
    position: JSON.stringify({ created: asCreated.border, changedMs, at } satisfies UnchangedPosition),
    end: asCreated.end && asChanged.end,
  };
}

/** Orders that were never changed. */
async function findAsCreated(database: Stores, { unchangedSinceMs, states }: Unchanged, after: Position) {
  const old = { created_at: { $lt: new Date(unchangedSinceMs) } };
  const { filter, border, end } = await windowAfter(database, after, [old]);
  const rest = { version: { $in: [1, null] }, status: { $in: [...states] }, 'customer.email': { $gt: '' } } as never;
  const found = await database.orders.find(all([...filter, rest]), { projection: { file: 1, row: 1 } }).toArray();
  return { found: found.map(toFound), border, end };
}

async function findAsChanged(
  { orders }: Stores,
  { unchangedSinceMs, states }: Unchanged,
  { changedMs, at }: UnchangedPosition,
) {
  const window = await orders
    .find(
      { changed_at: { $gte: new Date(changedMs), $lt: new Date(unchangedSinceMs) }, _id: { $nin: at } },
      { projection: { changed_at: 1, status: 1, 'customer.email': 1, file: 1, row: 1, 'log.former': 1 } },
    )
    .sort({ changed_at: 1 })
    .limit(limits.maxScanOrders)
    .toArray();
  const lastMs = window.at(-1)?.changed_at?.getTime() ?? changedMs;
  const atLast = window.filter(({ changed_at }) => changed_at?.getTime() === lastMs).map(({ _id }) => _id);
  return {
    found: window.filter(({ status, customer }) => states.includes(status) && customer.email !== '').map(toFound),
    changedMs: lastMs,
    at: lastMs === changedMs ? [...at, ...atLast] : atLast,
    end: window.length < limits.maxScanOrders,
  };
}

const toFound = (order: OrderDocument): FoundOrder => ({
  orderId: order._id,
  fileIds: sourcesOf(order).flatMap(({ file }) => file ?? []),
});
