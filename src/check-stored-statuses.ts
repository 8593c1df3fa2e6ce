/** Whether the orders that are stored fit the workflow: one in a state that it lacks could never move on. */
import { OmsError } from './errors.ts';
import { stateOf, type Workflow } from './model/workflow.ts';
import type { OrderStore } from './ports/order-store.ts';

/** From the sums, without a scan. Throws `invalid_configuration` with a line for each status that the workflow lacks. */
export async function checkStoredStatuses(
  { statistics }: Pick<OrderStore, 'statistics'>,
  workflow: Workflow,
): Promise<void> {
  const { byStatus } = (await statistics.totals()).orders;
  const lines = Object.entries(byStatus)
    .filter(([status, orders]) => orders > 0 && !stateOf(workflow, status))
    .map(
      ([status, orders]) =>
        `OMS_WORKFLOW: ${orders} stored orders are ${status}, a state that the workflow lacks: add it, or start with the workflow that they were stored under`,
    );
  if (lines.length > 0) throw new OmsError('invalid_configuration', lines.join('\n'));
}
