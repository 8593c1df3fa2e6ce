/** The outcomes of changes under an Idempotency-Key: which version of which order a request made, or why it was refused. */
import {
  type ChangeRequest,
  KEPT_REFUSALS,
  keyReused,
  type Outcome,
  type Refusal,
} from '../../model/change-request.ts';
import { DELETED } from '../../model/order-change.ts';
import { type Database, fromJson } from '../sqlite/database.ts';
import { idempotencyKeys } from './idempotency.ts';
import type { OrderHistories } from './order-history.ts';

/** Nothing of the order's content is kept a second time. */
type Kept = { orderId: string } & (
  | { outcome: 'created' | 'changed' | 'unchanged'; version: number }
  | { outcome: 'deleted' }
  | { outcome: 'refused'; refusal: Refusal }
);

export function keptOutcomes(db: Database, histories: OrderHistories) {
  const keys = idempotencyKeys(db);
  const scopeOf = (scope: string) => `orders ${scope}`;

  return {
    /** Null when the request is to be judged: there was none under its key, or its order was deleted since. */
    find({ key }: ChangeRequest, nowMs: number): Outcome | null {
      if (key === null) return null;
      const known = keys.find(scopeOf(key.scope), key.key, nowMs);
      if (known === null) return null;
      if (known.fingerprint !== key.fingerprint) return keyReused();
      const kept = fromJson<Kept>(known.answer);
      const row = histories.find(kept.orderId);
      if (row === null) return kept.outcome === 'refused' ? { outcome: 'refused', refusal: kept.refusal } : null;
      return histories.whole(row, (row) => {
        if (row.status === DELETED) return null;
        if (kept.outcome === 'refused') return { outcome: 'refused', refusal: kept.refusal };
        return 'version' in kept ? { outcome: kept.outcome, order: histories.orderAt(row, kept.version) } : null;
      });
    },

    record({ orderId, key }: ChangeRequest, outcome: Outcome, nowMs: number): void {
      if (key === null) return;
      const kept = toKept(orderId, outcome);
      if (kept !== null) keys.record(scopeOf(key.scope), key.key, key.fingerprint, JSON.stringify(kept), nowMs);
    },
  };
}

function toKept(orderId: string, outcome: Outcome): Kept | null {
  if (outcome.outcome === 'deleted') return { orderId, outcome: 'deleted' };
  if (outcome.outcome === 'refused')
    return KEPT_REFUSALS.includes(outcome.refusal.code)
      ? { orderId, outcome: 'refused', refusal: outcome.refusal }
      : null;
  return { orderId: outcome.order.orderId, outcome: outcome.outcome, version: outcome.order.version };
}
