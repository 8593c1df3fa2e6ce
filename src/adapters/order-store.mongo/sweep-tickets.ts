/**
 * Uses up the tickets that changes have left behind: of a process that died, or of a reservation that arrived after its change had given it
 * up. The order decides: a ticket in its log is of a change that was made; else the order gets a new `rev`, so that this change can never
 * be made any more, and what was reserved is given back. Two sweepers do no harm, nor does one that meets a change at work, whose swap
 * fails then.
 */
import { limits } from '../../limits.ts';
import type { Database } from './database.ts';
import { type OrderDocument, revOf, type StockDocument, type Ticket, VOID } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { asRead } from './swap-order.ts';

type Stores = Pick<Database, 'stock' | 'orders'>;

export async function sweepTickets(database: Stores, now: () => number): Promise<void> {
  const before = new Date(now() - limits.mongoTicketMs);
  const busy = await database.stock
    .find({ busy_since: { $lt: before } }, { sort: { busy_since: 1 }, limit: limits.mongoSweepRows, projection: ROW })
    .toArray();
  let left: number = limits.mongoSweepTickets;
  for (const row of busy) {
    const [old, young] = splitByAge(row, before);
    const due = old.slice(0, left);
    for (const [ticket, content] of due) await useUp(database, row._id, ticket, content);
    await noteOldest(database, row, [...old.slice(left), ...young]);
    left -= due.length;
    if (left === 0) return;
  }
}

const ROW = { tickets: 1, busy_since: 1 } as const;

type Named = [name: string, content: Ticket];

function splitByAge({ tickets = {} }: Pick<StockDocument, 'tickets'>, before: Date): [old: Named[], young: Named[]] {
  const all = Object.entries(tickets);
  return [all.filter(([, { at }]) => at < before), all.filter(([, { at }]) => at >= before)];
}

async function useUp({ stock, orders }: Stores, key: string, ticket: string, { o, r, q }: Ticket): Promise<void> {
  const read = () => orders.findOne({ _id: o }, { projection: { rev: 1, 'log.t': 1, 'log.back': 1 } });
  let order = await read();
  let quantity = givenBack(order, key, ticket);
  if (quantity === null && revOf(order) === r) {
    await fence({ orders }, o, order);
    // Whatever came of it: the change may have been faster.
    order = await read();
    quantity = givenBack(order, key, ticket);
    // A majority read does not show it yet: the next sweep sees it.
    if (quantity === null && revOf(order) === r) return;
  }
  const available = quantity ?? q;
  await stock.updateOne({ _id: key, [`tickets.${ticket}`]: { $exists: true } }, {
    ...(available > 0 && { $inc: { available } }),
    $unset: { [`tickets.${ticket}`]: '' },
  } as never);
}

/** What the change of this ticket gives back to the row; null when it was not made. */
function givenBack(order: Pick<OrderDocument, 'log'> | null, key: string, ticket: string): number | null {
  const entry = order?.log?.find(({ t }) => t === ticket);
  return entry ? (entry.back.find((one) => one.key === key)?.quantity ?? 0) : null;
}

async function fence(
  { orders }: Pick<Database, 'orders'>,
  orderId: string,
  order: Pick<OrderDocument, '_id' | 'rev'> | null,
): Promise<void> {
  if (order) {
    await orders.updateOne(asRead(order), { $set: { rev: revOf(order) + 1 } });
    return;
  }
  try {
    await orders.insertOne({ _id: orderId, status: VOID, rev: 1, version: 0, log: [], refused: [] } as never);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

/** A row without tickets is not busy; one with tickets is since its oldest. */
async function noteOldest({ stock }: Stores, { _id, busy_since }: StockDocument, others: Named[]): Promise<void> {
  const { matchedCount } = await stock.updateOne({ _id, tickets: {} }, { $unset: { busy_since: '' } });
  if (matchedCount === 1 || others.length === 0) return;
  const oldest = new Date(Math.min(...others.map(([, { at }]) => at.getTime())));
  await stock.updateOne({ _id, busy_since: busy_since! }, { $set: { busy_since: oldest } });
}
