/** Which orders a decision may still move: those that never left the initial state, however often they were edited. */
import type { Order } from '../../model/order.ts';
import type { Workflow } from '../../model/workflow.ts';
import type { OrderChanges } from '../../ports/order-changes.ts';

export interface UndecidedOrder {
  order: Order;
  /** The version by which it was created, or taken again: its event has asked for a decision. */
  createdAs: number;
}

/**
 * Null when somebody has moved or deleted it, also when it came back to the initial state: a decision that is repeated must not move it
 * once more.
 */
export async function undecidedOrder(
  changes: Pick<OrderChanges, 'history'>,
  orderId: string,
  { initial }: Workflow,
): Promise<UndecidedOrder | null> {
  const found = await changes.history(orderId);
  if (!found || found.stored.deleted || found.stored.order.status !== initial) return null;
  if (found.changes.some(({ kind }) => kind === 'status_changed')) return null;
  return { order: found.stored.order, createdAs: found.changes.findLast(({ kind }) => kind === 'created')!.version };
}
