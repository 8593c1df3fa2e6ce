/**
 * The erasure of a person: name, e-mail and postal address leave an order and its history, and so do reasons, which may name the person.
 * It is no change of the order: versions, events and sums stay (INV-1 to INV-3, INV-8), and the events of the order lose their content.
 */
import { isErased, type StoredOrder } from './order.ts';
import { type FieldChange, isPersonal, type OrderChange } from './order-change.ts';
import { lowerAscii } from './views.ts';

/** Which orders are erased. */
export type ErasureOf =
  /** Those of this person: an e-mail in lower case. */
  | { email: string }
  /** Whoever it is, those that were in one of these states, from where they cannot move on, since before this time. */
  | { unchangedSinceMs: number; states: readonly string[] };

export interface OrderWithHistory {
  stored: StoredOrder;
  /** All changes, oldest first. */
  changes: OrderChange[];
}

/** The files that an order came from, also before it was taken again. */
export const filesOf = ({ stored, changes }: OrderWithHistory): string[] =>
  [stored.order, ...changes.map(({ former }) => former)].flatMap((source) => source?.fileId ?? []);

/**
 * The order without the person; null when there is nothing to erase. An order that was the person's only before an edit keeps the customer
 * that it has now, and loses the former one from its history.
 */
export function withoutPerson(order: OrderWithHistory, of: ErasureOf): OrderWithHistory | null {
  const { stored, changes } = order;
  if (stored.deleted) return null;
  if (!isToErase(stored, of)) return 'email' in of ? withoutFormer(order, of.email) : null;
  const content = { customerName: '', customerEmail: '', shippingAddress: '' };
  return {
    stored: { ...stored, order: { ...stored.order, ...content } },
    changes: changes.map((change) => blanked(change, true, true)),
  };
}

function isToErase({ order }: StoredOrder, of: ErasureOf): boolean {
  if (isErased(order)) return false;
  if ('email' in of) return lowerAscii(order.customerEmail) === of.email;
  return of.states.includes(order.status) && order.updatedAtMs < of.unchangedSinceMs;
}

function withoutFormer({ stored, changes }: OrderWithHistory, email: string): OrderWithHistory | null {
  let found = false;
  let isTheirs = lowerAscii(stored.order.customerEmail) === email;
  const erased: OrderChange[] = [];
  for (const change of changes.toReversed()) {
    const after = isTheirs;
    const owner = change.fields.find(({ field }) => field === 'customer_email');
    if (owner) isTheirs = lowerAscii(owner.from as string) === email;
    found ||= isTheirs;
    erased.push(blanked(change, isTheirs, after));
  }
  return found ? { stored, changes: erased.reverse() } : null;
}

/** A change without the person before it, after it, or both. */
function blanked(change: OrderChange, before: boolean, after: boolean): OrderChange {
  if (!before && !after) return change;
  const fields = change.fields.map(
    (one): FieldChange =>
      isPersonal(one.field) ? { ...one, ...(before && { from: '' }), ...(after && { to: '' }) } : one,
  );
  return { ...change, fields, reason: null };
}
