/** Asks for the reason of a move that ends the life of orders, and whether it is meant. */
import { type ReactNode, useState } from 'react';
import type { Workflow } from '../../model/workflow.ts';
import { givesBack } from '../../model/workflow.ts';
import { Dialog } from '../components/dialog.tsx';
import { orderStatus } from '../texts/codes.ts';
import { orderChange } from '../texts/order-change.ts';

/** As the service takes it. */
export const MAX_REASON_CHARS = 500;

/** Such a move cannot be taken back. */
export const isAsked = (workflow: Workflow, to: string): boolean => workflow.states[to]?.stock === 'returned';

export function MoveDialog({
  to,
  title,
  from,
  workflow,
  busy,
  onMove,
  onClose,
  children,
}: {
  /** Null while the dialog is closed. */
  to: string | null;
  title: string;
  /** The statuses of the orders. */
  from: readonly string[];
  workflow: Workflow;
  busy: boolean;
  onMove: (reason: string) => void;
  onClose: () => void;
  /** Why the service refused. */
  children?: ReactNode;
}) {
  const [reason, setReason] = useState('');
  const close = () => {
    setReason('');
    onClose();
  };
  const moving = from.filter((status) => to !== null && workflow.states[status]?.to.includes(to));
  const backs = new Set(moving.map((status) => to !== null && givesBack(workflow, status, to)));
  return (
    <Dialog
      title={title}
      open={to !== null}
      onClose={close}
      closeLabel={orderChange.keep}
      actions={
        to !== null && (
          <button type="button" className="button-danger" disabled={busy} onClick={() => onMove(reason.trim())}>
            {orderChange.moveTo(orderStatus(to))}
          </button>
        )
      }
    >
      <p>
        {backs.size > 1 ? orderChange.someGiveBack : backs.has(true) ? orderChange.givesBack : orderChange.staysGone}
      </p>
      <label className="order-reason">
        {orderChange.reason}
        <input
          value={reason}
          maxLength={MAX_REASON_CHARS}
          autoComplete="off"
          onChange={({ target }) => setReason(target.value)}
        />
      </label>
      {children}
    </Dialog>
  );
}
