/** Which orders a decision may still move: those that never left the initial state, however often they were edited. */
import type { Order } from '../../model/order.ts';
import type { Workflow } from '../../model/workflow.ts';
import type { OrderChanges } from '../../ports/order-changes.ts';

/**
 * Null when somebody has moved or deleted it, also when it came back to the initial state: a decision that is repeated must not move it
 * once more.
 */
export async function undecidedOrder(
  changes: Pick<OrderChanges, 'history'>,
  orderId: string,
  { initial }: Workflow,
): Promise<Order | null> {
  const found = await changes.history(orderId);
  if (!found || found.stored.deleted || found.stored.order.status !== initial) return null;
  return found.changes.some(({ kind }) => kind === 'status_changed') ? null : found.stored.order;
}
