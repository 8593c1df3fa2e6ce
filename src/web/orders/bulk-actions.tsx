/** What can be done with the selected orders: the moves that the workflow has for any of them. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import type { OrderResponse } from '../../http/responses.ts';
import type { Workflow } from '../../model/workflow.ts';
import { MAX_BULK_ORDERS } from '../api/order-changes.ts';
import { workflowQuery } from '../api/queries.ts';
import { orderStatus } from '../texts/codes.ts';
import { orderChange, bulk as words } from '../texts/order-change.ts';
import { BulkDone } from './bulk-done.tsx';
import { ChangeRefused } from './change-refused.tsx';
import { isAsked, MoveDialog } from './move-dialog.tsx';
import { firstOf, type Selection } from './selection.ts';
import { type BulkOutcome, useBulkMove } from './use-bulk-move.ts';

export function BulkActions(props: BulkProps) {
  const { data: workflow } = useQuery(workflowQuery());
  return workflow && <Bulk workflow={workflow} {...props} />;
}

interface BulkProps {
  selection: Selection;
  /** The orders of this page as they are now. */
  items: readonly OrderResponse[];
  filters: Record<string, string | undefined>;
  /** Whether the list has more orders than this page. */
  hasMore: boolean;
}

function Bulk({ workflow, selection, items, filters, hasMore }: BulkProps & { workflow: Workflow }) {
  const { selected } = selection;
  const [asked, ask] = useState<string | null>(null);
  const [done, setDone] = useState<BulkOutcome | null>(null);
  const bulk = useBulkMove((outcome) => {
    flushSync(() => ask(null));
    setDone(outcome);
    selection.replace(outcome.notMoved.map(({ order }) => order));
    document.getElementById('bulk-done')?.focus();
  });
  const now = new Map(items.map((order) => [order.order_id, order]));
  const orders = [...selected.values()].map((order) => now.get(order.order_id) ?? order);
  const statuses = [...new Set(orders.map(({ status }) => status))];
  const move = (to: string, reason = '') => bulk.move({ orders, to, reason });
  const press = (to: string) => {
    bulk.reset();
    setDone(null);
    if (isAsked(workflow, to)) ask(to);
    else move(to);
  };
  const refused = <ChangeRefused error={bulk.error} onAgain={bulk.again} onNewest={bulk.reset} />;
  return (
    <>
      {selected.size > 0 && (
        <section className="panel bulk" aria-label={words.actions}>
          <p role="status">{bulk.isPending ? words.sending(selected.size) : words.selected(selected.size)}</p>
          <div className="order-moves">
            <Targets workflow={workflow} statuses={statuses} busy={bulk.isPending} onPress={press} />
            {hasMore && !selection.isFull && <SelectMatching selection={selection} filters={filters} />}
            <button type="button" className="button-quiet" disabled={bulk.isPending} onClick={selection.clear}>
              {words.clear}
            </button>
          </div>
          {selection.isFull && <p className="quiet">{words.full(MAX_BULK_ORDERS)}</p>}
          {asked === null && refused}
        </section>
      )}
      {done && <BulkDone outcome={done} onDismiss={() => setDone(null)} />}
      <MoveDialog
        to={asked}
        title={asked === null ? '' : words.title(selected.size, orderStatus(asked))}
        from={statuses}
        workflow={workflow}
        busy={bulk.isPending}
        onMove={(reason) => move(asked!, reason)}
        onClose={() => {
          bulk.reset();
          ask(null);
        }}
      >
        {refused}
      </MoveDialog>
    </>
  );
}

function Targets({
  workflow,
  statuses,
  busy,
  onPress,
}: {
  workflow: Workflow;
  statuses: readonly string[];
  busy: boolean;
  onPress: (to: string) => void;
}) {
  const reachable = new Set(statuses.flatMap((status) => workflow.states[status]?.to ?? []));
  const targets = Object.keys(workflow.states).filter((status) => reachable.has(status));
  if (targets.length === 0) return <span className="quiet">{words.noMoves}</span>;
  return targets.map((status) => (
    <button
      key={status}
      type="button"
      className={isAsked(workflow, status) ? 'button-danger' : undefined}
      disabled={busy}
      onClick={() => onPress(status)}
    >
      {orderChange.moveTo(orderStatus(status))}
    </button>
  ));
}

function SelectMatching({ selection, filters }: Pick<BulkProps, 'selection' | 'filters'>) {
  const [busy, setBusy] = useState(false);
  const select = async () => {
    setBusy(true);
    // What fails here the list shows, too.
    const orders = await firstOf(filters).catch(() => null);
    setBusy(false);
    if (orders) selection.replace(orders);
  };
  return (
    <button type="button" disabled={busy} onClick={() => void select()}>
      {busy ? words.selecting : words.selectMatching(MAX_BULK_ORDERS)}
    </button>
  );
}
