/**
 * Carries out a request to create or change an order, without transactions (INV-2, INV-8). The steps: read the order and judge; reserve
 * the stock that the change moves, under tickets (`stock-tickets.ts`); swap the order (`swap-order.ts`); use the tickets up. The swap is
 * the change: it happens as a whole or not at all, and its log names its tickets. An attempt that loses to another one gives back what it
 * has reserved, and begins again. A refusal under a key is recorded before it is answered (`refuse-change.ts`).
 */
import type { Document } from 'mongodb';
import { isRetryable, OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type ChangeRequest, historyTooLarge, judge, type Outcome, type Rules } from '../../model/change-request.ts';
import { formsOfId } from '../../model/characters.ts';
import { movesBetween, type PlannedChange } from '../../model/planned-change.ts';
import type { Database } from './database.ts';
import { type OrderDocument, revOf, VOID } from './documents.ts';
import { toOmsError } from './errors.ts';
import { toStoredOrder } from './order-document.ts';
import { judgeShortage, recordAnswer } from './refuse-change.ts';
import { claimKey, outcomeUnder, requestId } from './request-keys.ts';
import { pauseBetweenRounds } from './rounds.ts';
import { type Reservation, reservationFor, type StockTickets } from './stock-tickets.ts';
import { swapOrder } from './swap-order.ts';

export interface ChangeContext {
  database: Database;
  tickets: StockTickets;
  rules: Rules;
  now: () => number;
}

/** What the attempts at one request have met so far. */
interface Attempts {
  round: number;
  /** Refused for stock though stock was on its way. */
  shortages: number;
  errors: number;
}

/** Claims the key of the request, if it has one; the outcome when that was used for another request. */
export async function claimRequest(
  { database, now }: ChangeContext,
  asked: ChangeRequest,
): Promise<ChangeRequest | Outcome> {
  const claimed = await claimKey(database, asked, now());
  return 'answer' in claimed ? claimed.answer : { ...asked, orderId: claimed.orderId };
}

/** The stock of a new order is reserved at once, after that of those for which this was called before. */
export async function changeOrder(context: ChangeContext, request: ChangeRequest): Promise<Outcome> {
  const attempts: Attempts = { round: 0, shortages: 0, errors: 0 };
  for (; attempts.round < limits.mongoChangeRounds; attempts.round++) {
    if (attempts.round > 0) await pauseBetweenRounds(attempts.round);
    const outcome = await attempt(context, request, attempts);
    if (outcome) return outcome;
  }
  throw new OmsError('store_contention', `order ${request.orderId} could not be changed: others keep changing it`, {
    retryable: true,
  });
}

/** Undefined when it is to be begun again. */
async function attempt(
  context: ChangeContext,
  request: ChangeRequest,
  attempts: Attempts,
): Promise<Outcome | undefined> {
  const { database, rules } = context;
  const early = attempts.round === 0 ? reserveEarly(context, request) : null;
  let document: OrderDocument | null;
  try {
    document = await readForRequest(database, request);
  } catch (error) {
    await early?.cancel();
    throw error;
  }
  const decision = decide(request, document, rules, context.now());
  // It has reserved for an order that is not there.
  if (early && (document !== null || 'answer' in decision)) await early.cancel();
  const orderId = document?._id ?? request.orderId;
  if ('answer' in decision) {
    const { answer, isKnown } = decision;
    const recorded = isKnown || (await recordAnswer(database, orderId, request, document, answer, context.now()));
    return recorded ? answer : undefined;
  }
  const { plan } = decision;
  const reservation =
    early && document === null ? early.reservation : reservationFor(orderId, revOf(document), plan.moves);
  return carryOut(
    context,
    { request, document, plan, reservation, reserving: document === null ? early : null },
    attempts,
  );
}

/** With its history where that has the outcome of the request. */
async function readForRequest(database: Database, { orderId, key }: ChangeRequest): Promise<OrderDocument | null> {
  if (key === null) return readOrder(database, orderId);
  const document = await readOrder(database, orderId, { ...HEAD, ...memoryOf(requestId(key)) });
  return document?.log?.length || document?.refused?.length ? readOrder(database, orderId, null) : document;
}

/** A reservation that was begun beside the reading of the order. */
interface Early {
  reservation: Reservation;
  reserved: Promise<boolean>;
  cancel(): Promise<void>;
}

/** Of an order that is created, as it is rarely there already. */
function reserveEarly({ tickets, rules }: ChangeContext, { ask, orderId }: ChangeRequest): Early | null {
  if (ask.kind !== 'create' || !rules.trackStock) return null;
  const reservation = reservationFor(orderId, 0, movesBetween([], ask.content.items));
  const reserved = tickets.reserve(reservation);
  // It is awaited below.
  reserved.catch(() => {});
  return {
    reservation,
    reserved,
    async cancel() {
      await reserved.catch(() => {});
      await tickets.settle(reservation, 'not made');
    },
  };
}

type Decision = { answer: Outcome; isKnown: boolean } | { plan: PlannedChange };

function decide(request: ChangeRequest, document: OrderDocument | null, rules: Rules, nowMs: number): Decision {
  const known = request.key && document && outcomeUnder(request.key, document, nowMs);
  if (known) return { answer: known, isKnown: true };
  const current = document === null || document.status === VOID ? null : toStoredOrder(document);
  const judgement = judge(request, current, rules, nowMs);
  if ('answer' in judgement) return { answer: judgement.answer, isKnown: false };
  if (document && request.ask.kind === 'edit' && (document.log_bytes ?? 0) > limits.maxHistoryBytes)
    return { answer: historyTooLarge({ orderId: document._id, version: document.version ?? 1 }), isKnown: false };
  return judgement;
}

interface Planned {
  request: ChangeRequest;
  document: OrderDocument | null;
  plan: PlannedChange;
  reservation: Reservation;
  reserving: Early | null;
}

async function carryOut(context: ChangeContext, planned: Planned, attempts: Attempts): Promise<Outcome | undefined> {
  const { database, tickets, rules } = context;
  const { request, document: before, plan, reservation, reserving } = planned;
  let reserved: boolean;
  try {
    reserved = await (reserving?.reserved ?? tickets.reserve(reservation));
  } catch (error) {
    // Its tickets are given up for ever: they may come at any later time, and are swept then.
    await tickets.settle(reservation, 'not made');
    if (!isRetryable(toOmsError(error)) || ++attempts.errors === limits.mongoChangeErrors) throw error;
    return undefined;
  }
  if (!reserved) return refuseForStock(context, planned, attempts);
  let made: boolean;
  try {
    made = await swapOrder(database, rules.workflow, { before, plan, request, reservation });
  } catch (error) {
    // It may have been made, or be made later: the sweeper finds out.
    tickets.leave(reservation);
    throw error;
  }
  await tickets.settle(reservation, made ? 'made' : 'not made');
  if (!made) return undefined;
  if (plan.change.kind === 'deleted') return { outcome: 'deleted' };
  return { outcome: plan.change.kind === 'created' ? 'created' : 'changed', order: plan.next.order };
}

async function refuseForStock(
  { database, tickets, now }: ChangeContext,
  { request, document, plan, reservation }: Planned,
  attempts: Attempts,
): Promise<Outcome | undefined> {
  const [{ refusal, again }] = await Promise.all([
    judgeShortage(database, plan, reservation),
    tickets.settle(reservation, 'not made'),
  ]);
  if (again && ++attempts.shortages < limits.mongoRounds) return undefined;
  const recorded = await recordAnswer(database, reservation.orderId, request, document, refusal, now());
  return recorded ? refusal : undefined;
}

/** An order without its history. */
export const HEAD = {
  ...{ status: 1, customer: 1, items: 1, total_minor: 1, order_date: 1, shipping_address: 1 },
  ...{ file: 1, row: 1, chunk: 1, stock_taken: 1, created_at: 1, updated_at: 1 },
  ...{ rev: 1, version: 1, actor: 1, published: 1, log_bytes: 1, created_as: 1, undone_as: 1, erased_from: 1 },
} as const;

/** What it remembers of a request. */
const memoryOf = (request: string) => ({
  log: { $elemMatch: { request } },
  refused: { $elemMatch: { request } },
});

/** By any form of its id; an order before an id that is free. `projection`: null for all of it. */
export async function readOrder(
  { orders }: Pick<Database, 'orders'>,
  orderId: string,
  projection: Document | null = HEAD,
): Promise<OrderDocument | null> {
  const forms = formsOfId(orderId);
  const options = projection === null ? {} : { projection };
  if (forms.length === 1) return orders.findOne({ _id: orderId }, options);
  const found = await orders.find({ _id: { $in: forms } }, options).toArray();
  const byForm = forms.flatMap((form) => found.filter(({ _id }) => _id === form));
  return byForm.find(({ status }) => status !== VOID) ?? byForm.find(({ _id }) => _id === orderId) ?? null;
}
