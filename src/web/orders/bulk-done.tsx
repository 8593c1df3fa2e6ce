/** What became of the orders of one change of many: how many were changed, and which were not, and why. */
import { Link } from '@tanstack/react-router';
import { DataTable } from '../components/data-table.tsx';
import { orderStatus } from '../texts/codes.ts';
import { bulk as words } from '../texts/order-change.ts';
import { orders } from '../texts/orders.ts';
import { refusalWords } from './change-refused.tsx';
import type { BulkOutcome } from './use-bulk-move.ts';

const MAX_LISTED = 200;

export function BulkDone({
  outcome: { to, moved, notMoved },
  onDismiss,
}: {
  outcome: BulkOutcome;
  onDismiss: () => void;
}) {
  return (
    <section id="bulk-done" tabIndex={-1} className="panel bulk" aria-label={words.outcome}>
      <div className="bulk-head">
        <p role="status">
          {moved.length > 0 && words.done(moved.length, orderStatus(to))}{' '}
          {notMoved.length > 0 && words.refused(notMoved.length)}
        </p>
        <button type="button" className="button-quiet" onClick={onDismiss}>
          {words.dismiss}
        </button>
      </div>
      {notMoved.length > 0 && (
        <div className="list-panel">
          <DataTable
            caption={words.refusedCaption}
            columns={[
              {
                header: orders.order,
                cell: ({ order: { order_id } }) => (
                  <Link to="/orders/$orderId" params={{ orderId: order_id }}>
                    {order_id}
                  </Link>
                ),
              },
              { header: words.why, cell: ({ problem }) => refusalWords(problem) },
            ]}
            rows={notMoved.slice(0, MAX_LISTED)}
            keyOf={({ order }) => order.order_id}
          />
        </div>
      )}
      {notMoved.length > MAX_LISTED && <p>{words.more(notMoved.length - MAX_LISTED)}</p>}
    </section>
  );
}
