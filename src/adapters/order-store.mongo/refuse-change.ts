/**
 * A change that is refused for stock, and the memory of refusals: an outcome under a key is recorded in the order before it is answered,
 * together with a new `rev`, so that no other attempt of the same request can still be carried out.
 */
import { limits } from '../../limits.ts';
import { type ChangeRequest, type Outcome, outOfStock } from '../../model/change-request.ts';
import type { PlannedChange } from '../../model/planned-change.ts';
import type { Database } from './database.ts';
import { type OrderDocument, revOf, type StockDocument, stockKey, VOID } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { answerToKeep } from './request-keys.ts';
import type { Reservation } from './stock-tickets.ts';
import { asRead } from './swap-order.ts';

/** The refusal of a change whose reservation was short; `again` when stock that is on its way would cover it. */
export async function judgeShortage(
  database: Pick<Database, 'stock' | 'orders'>,
  { next, moves }: PlannedChange,
  reservation: Reservation,
): Promise<{ refusal: Outcome; again: boolean }> {
  const rows = await database.stock
    .find({ _id: { $in: reservation.moves.map(({ key }) => key) } }, { projection: { available: 1, tickets: 1 } })
    .toArray();
  const available = new Map(rows.map((row) => [row._id, availableTo(row, reservation)]));
  const returning = await returningTickets(database, rows, reservation);
  const again = reservation.moves.every(
    ({ key, take }) => take <= (available.get(key) ?? 0) + (returning.get(key) ?? 0),
  );
  const refusal = outOfStock(next.order.items, moves, (sku, hubId) => available.get(stockKey(sku, hubId)) ?? 0);
  return { refusal, again };
}

/** What the reservation itself has taken is being given back. */
const availableTo = ({ available, tickets }: StockDocument, { ticket }: Reservation): number =>
  available + (tickets?.[ticket]?.q ?? 0);

/** By row, what changes may give back that are at work: those that are not made yet, and those that were made and give back. */
async function returningTickets(
  { orders }: Pick<Database, 'orders'>,
  rows: StockDocument[],
  { ticket: own }: Reservation,
): Promise<Map<string, number>> {
  const tickets = rows.flatMap(({ _id: key, tickets = {} }) =>
    Object.entries(tickets).flatMap(([ticket, content]) => (ticket === own ? [] : [{ key, ticket, ...content }])),
  );
  const ids = [...new Set(tickets.map(({ o }) => o))];
  const found =
    ids.length > 0
      ? await orders.find({ _id: { $in: ids } }, { projection: { 'log.t': 1, 'log.back': 1 } }).toArray()
      : [];
  const made = new Map(found.flatMap(({ log = [] }) => log.map((entry) => [entry.t, entry] as const)));
  const returning = new Map<string, number>();
  for (const { key, ticket, q } of tickets) {
    const entry = made.get(ticket);
    const quantity = entry ? (entry.back.find((one) => one.key === key)?.quantity ?? 0) : q;
    returning.set(key, (returning.get(key) ?? 0) + quantity);
  }
  return returning;
}

/** Records an outcome under a key, where it is one that is kept. False when the order is another meanwhile: then judge again. */
export async function recordAnswer(
  { orders }: Pick<Database, 'orders'>,
  orderId: string,
  request: ChangeRequest,
  document: OrderDocument | null,
  outcome: Outcome,
  now: number,
): Promise<boolean> {
  const answer = answerToKeep(request, outcome, document, now);
  if (answer === null) return true;
  if (document === null) {
    try {
      // No reader sees it, and it has none of the fields of an order.
      await orders.insertOne({ _id: orderId, status: VOID, rev: 1, version: 0, log: [], refused: [answer] } as never);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
  const { matchedCount } = await orders.updateOne(asRead(document), {
    $push: { refused: { $each: [answer], $slice: -limits.mongoRefusedRequests } },
    $set: { rev: revOf(document) + 1 },
  });
  return matchedCount === 1;
}
