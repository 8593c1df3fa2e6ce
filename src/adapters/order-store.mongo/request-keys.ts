/**
 * Requests under an Idempotency-Key. The first under a key leaves what was asked, and of which order; the order's log, or its refusals,
 * have the outcome. So a document here fences nothing.
 */
import { limits } from '../../limits.ts';
import {
  type ChangeRequest,
  KEPT_REFUSALS,
  keyReused,
  type Outcome,
  type RefusalCode,
  type RequestKey,
} from '../../model/change-request.ts';
import { DELETED, orderAt } from '../../model/order-change.ts';
import type { Database } from './database.ts';
import { type AnsweredRequest, type OrderDocument, VOID } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { toHistory, toOrder } from './order-document.ts';
import { pauseBetweenRounds } from './rounds.ts';

export const requestId = ({ scope, key }: RequestKey): string => `${scope} ${key}`;

/** The order that the request is about: that of the first request under its key. `key_reused` when that was another request. */
export async function claimKey(
  { requests }: Pick<Database, 'requests'>,
  { key, orderId }: ChangeRequest,
  now: number,
): Promise<{ orderId: string } | { answer: Outcome }> {
  if (key === null) return { orderId };
  const claim = { _id: requestId(key), fingerprint: key.fingerprint, order: orderId, at: new Date(now) };
  for (let round = 0; ; round++) {
    if (round > 0) await pauseBetweenRounds(Math.min(round, limits.mongoRounds));
    try {
      await requests.insertOne(claim);
      return { orderId };
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const first = await requests.findOne({ _id: claim._id });
    // A majority read may not return it yet.
    if (!first) continue;
    if (isRemembered(first.at, now))
      return first.fingerprint === key.fingerprint ? { orderId: first.order } : { answer: keyReused() };
    const { fingerprint, order, at } = claim;
    await requests.updateOne({ _id: claim._id, at: first.at }, { $set: { fingerprint, order, at } });
  }
}

/** The outcome that a request under the same key had. */
export async function answeredBefore(
  { requests, orders }: Pick<Database, 'requests' | 'orders'>,
  { key }: ChangeRequest,
  now: number,
): Promise<Outcome | null> {
  if (key === null) return null;
  const first = await requests.findOne({ _id: requestId(key) });
  if (!first || !isRemembered(first.at, now)) return null;
  if (first.fingerprint !== key.fingerprint) return keyReused();
  const document = await orders.findOne({ _id: first.order });
  return document && outcomeUnder(key, document, now);
}

const isRemembered = (at: Date, now: number): boolean => at.getTime() > now - limits.idempotencyKeyMs;

/** What the order remembers of a request under this key. A deleted one remembers nothing: its requests are judged afresh. */
export function outcomeUnder(key: RequestKey, document: OrderDocument, now: number): Outcome | null {
  if (document.status === DELETED) return null;
  const request = requestId(key);
  const isIt = (one: { request?: string; at: Date }) => one.request === request && isRemembered(one.at, now);
  const entry = document.log?.find(isIt);
  if (entry) {
    if (entry.fingerprint !== key.fingerprint) return keyReused();
    return { outcome: entry.kind === 'created' ? 'created' : 'changed', order: orderOf(document, entry.m) };
  }
  const answered = document.refused?.find(isIt);
  if (!answered) return null;
  if (answered.fingerprint !== key.fingerprint) return keyReused();
  const { code, detail, members } = answered;
  return code === null
    ? { outcome: 'unchanged', order: orderOf(document, answered.version) }
    : { outcome: 'refused', refusal: { code, detail, members: JSON.parse(members) } };
}

function orderOf(document: OrderDocument, version: number) {
  const { stored, changes } = toHistory(document);
  return stored.order.version === version ? toOrder(document) : orderAt(stored.order, changes, version);
}

/** What the order is to remember of this outcome; null where it is judged afresh, or the change itself is in the log. */
export function answerToKeep(
  { key }: ChangeRequest,
  outcome: Outcome,
  document: OrderDocument | null,
  now: number,
): AnsweredRequest | null {
  if (key === null || document?.status === DELETED) return null;
  const kept = { request: requestId(key), fingerprint: key.fingerprint, at: new Date(now) };
  if (outcome.outcome === 'unchanged')
    return { ...kept, code: null, detail: '', members: '{}', version: outcome.order.version };
  if (outcome.outcome !== 'refused' || !isKept(outcome.refusal.code)) return null;
  const { code, detail, members } = outcome.refusal;
  const version = document === null || document.status === VOID ? 0 : (document.version ?? 1);
  return { ...kept, code, detail, members: JSON.stringify(members), version };
}

const isKept = (code: RefusalCode): boolean => KEPT_REFUSALS.includes(code);
