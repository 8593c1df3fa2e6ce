/** Without a decision service: moves new orders on, many with one call of the store. */
import type { OrderEvent } from '../../model/event.ts';
import type { Workflow } from '../../model/workflow.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import { FINALIZER } from './decide.ts';
import { undecidedOrder } from './undecided.ts';

/** Returns when each is confirmed or left alone. */
export async function confirmAll(
  { changes }: Pick<OrderStore, 'changes'>,
  events: readonly OrderEvent[],
  workflow: Workflow,
): Promise<void> {
  const { initial } = workflow;
  const ask = { kind: 'status', status: workflow.finalize!.confirm, reason: null } as const;
  // Under a former workflow orders may have begun in another state.
  let left = events.filter(({ json }) => statusOf(json) === initial).map(({ orderId }) => ({ orderId, version: 1 }));
  while (left.length > 0) {
    const outcomes = await changes.apply(
      left.map(({ orderId, version }) => ({
        orderId,
        ask,
        actor: FINALIZER,
        within: null,
        ifMatch: [version],
        key: null,
      })),
    );
    const others = left.filter((_, n) => {
      const outcome = outcomes[n]!;
      return outcome.outcome === 'refused' && outcome.refusal.code === 'version_mismatch';
    });
    const current = await Promise.all(others.map(({ orderId }) => undecidedOrder(changes, orderId, workflow)));
    left = current.flatMap((found) => found?.order ?? []);
  }
}

/** The status that the order was created with; undefined for what is no event, as others may write into a topic. */
function statusOf(json: string): unknown {
  try {
    return JSON.parse(json).data?.status;
  } catch {
    return undefined;
  }
}
