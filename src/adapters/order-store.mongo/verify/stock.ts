/** Checks that received - available of each stock row is what orders hold. */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { limits } from '../../../limits.ts';
import type { Violation } from '../../../ports/verification.ts';
import type { Database } from '../database.ts';
import { stockKey, type Ticket } from '../documents.ts';

interface Level {
  _id: string;
  sku: string;
  hub_id: string;
  available: number;
  received: number;
  /** Read of suspects only. */
  tickets?: Record<string, Ticket>;
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
  yield* checkTickets(database);
  return count;
}

/** The violations that each of some looks at the suspects finds, with the same difference: work in progress does not stay. */
async function* confirmed(database: Database, suspects: Key[]): AsyncGenerator<Violation> {
  let still = suspects;
  let found = new Map<string, Off>();
  for (let look = 1; look <= limits.verifyLooks && still.length > 0; look++) {
    if (look > 1) await delay(limits.verifyLookMs);
    const now = await lookAt(database, still);
    still = still.filter(({ sku, hub }) => {
      const key = stockKey(sku, hub);
      return now.has(key) && (look === 1 || found.get(key)?.by === now.get(key)!.by);
    });
    found = now;
  }
  for (const { sku, hub } of still) {
    const id = stockKey(sku, hub);
    const { what, detail } = found.get(id)!;
    yield { check: 'stock', what, id, detail };
  }
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

/** How a row is off, and by how much. */
interface Off {
  what: string;
  detail: string;
  by: number;
}

/**
 * Reads the stock rows, then what orders hold, then the stock rows again; what changed meanwhile is in work, and tells nothing. Stock is
 * also held by the tickets of changes in work, and by chunks in work.
 */
async function lookAt(database: Database, suspects: Key[]): Promise<Map<string, Off>> {
  const keys = suspects.map(({ sku, hub }) => stockKey(sku, hub));
  const inWork = new Set<string>();
  await addKeysInWork(database, inWork);
  const before = await readLevels(database, keys);
  await addKeysInWork(database, inWork);
  const ticketsBefore = await readTickets(database, before);
  const held = new Map<string, number>();
  const skus = [...new Set(suspects.map(({ sku }) => sku))];
  for await (const { _id, quantity } of heldByKey(database, { 'items.sku': { $in: skus } }))
    held.set(stockKey(_id.sku, _id.hub), quantity);
  const tickets = await readTickets(database, before);
  const after = await readLevels(database, keys);
  const off = new Map<string, Off>();
  for (const key of keys) {
    const level = after.get(key);
    const [byOrders, byTickets] = [held.get(key) ?? 0, tickets.get(key) ?? 0];
    if (!isDeepStrictEqual(level, before.get(key)) || byTickets !== (ticketsBefore.get(key) ?? 0)) continue;
    const difference = offBy(level, byOrders, byTickets, inWork.has(key));
    if (difference) off.set(key, difference);
  }
  return off;
}

function offBy(level: Level | undefined, byOrders: number, byTickets: number, isInWork: boolean): Off | null {
  if (!level)
    return byOrders > 0
      ? { what: 'orders hold of a stock row that is not there', detail: `held ${byOrders}`, by: byOrders }
      : null;
  const { received, available } = level;
  const inChange = byTickets > 0 ? `, ${byTickets} by changes in work` : '';
  const detail = `received ${received}, available ${available}, held ${byOrders}${inChange}`;
  if (available < 0) return { what: 'available is below zero', detail, by: available };
  const by = received - available - byOrders - byTickets;
  const isOff = isInWork ? by < 0 : by !== 0;
  return isOff ? { what: 'received - available is not what orders hold', detail, by } : null;
}

async function readLevels({ stock }: Database, keys: string[]): Promise<Map<string, Level>> {
  const levels = await stock.find({ _id: { $in: keys } }, { projection: { ...LEVEL, tickets: 1 } }).toArray();
  return new Map(levels.map((level) => [level._id, level as Level]));
}

async function addKeysInWork({ chunks }: Database, inWork: Set<string>): Promise<void> {
  for await (const { keys } of chunks.find({ state: 'planned' }, { projection: { keys: 1 } }))
    for (const key of keys) inWork.add(key);
}

/** What tickets hold, by key: of a change that was made what it gives back, else what it has reserved. */
async function readTickets({ orders }: Database, levels: Map<string, Level>): Promise<Map<string, number>> {
  const tickets = [...levels].flatMap(([key, level]) =>
    Object.entries(level.tickets ?? {}).map(([ticket, { o, q }]) => ({ key, ticket, o, q })),
  );
  const held = new Map<string, number>();
  if (tickets.length === 0) return held;
  const ids = [...new Set(tickets.map(({ o }) => o))];
  const found = await orders.find({ _id: { $in: ids } }, { projection: { 'log.t': 1, 'log.back': 1 } }).toArray();
  const made = new Map(found.flatMap(({ log = [] }) => log.map((entry) => [entry.t, entry] as const)));
  for (const { key, ticket, q } of tickets) {
    const entry = made.get(ticket);
    const quantity = entry ? (entry.back.find((one) => one.key === key)?.quantity ?? 0) : q;
    held.set(key, (held.get(key) ?? 0) + quantity);
  }
  return held;
}

/** Tickets that the sweeper should have used up long ago. */
async function* checkTickets({ stock }: Database): AsyncGenerator<Violation> {
  const since = new Date(Date.now() - limits.verifyTicketMs);
  for await (const { _id, tickets = {} } of stock.find({ busy_since: { $lt: since } }, { projection: { tickets: 1 } }))
    for (const [ticket, { o, at }] of Object.entries(tickets))
      if (at < since)
        yield {
          ...{ check: 'stock', what: 'a change has left a ticket behind', id: _id },
          detail: `${ticket} of order ${o}, since ${at.toISOString()}`,
        };
}
