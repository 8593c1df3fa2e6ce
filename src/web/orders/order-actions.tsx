/**
 * What can be done with an order, drawn from the workflow: buttons for the moves from its status, for an edit and for its deletion. A move
 * that ends its life is asked about first. Other moves are made, and shown, at once.
 */
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { OrderResponse } from '../../http/responses.ts';
import type { Workflow } from '../../model/workflow.ts';
import { deleteOrder, moveOrder } from '../api/order-changes.ts';
import { workflowQuery } from '../api/queries.ts';
import { useMay } from '../api/session.ts';
import { Dialog } from '../components/dialog.tsx';
import { orderStatus } from '../texts/codes.ts';
import { orderChange as words } from '../texts/order-change.ts';
import { ChangeRefused } from './change-refused.tsx';
import { isAsked, MoveDialog } from './move-dialog.tsx';
import { type Changing, useOrderChange } from './use-order-change.ts';

interface OfOrder {
  order: OrderResponse;
  onEdit: () => void;
  /** What screen readers are to say. */
  onSay: (words: string) => void;
}

export function OrderActions(props: OfOrder) {
  const { data: workflow } = useQuery(workflowQuery());
  return <div className="order-changes">{workflow && <Actions workflow={workflow} {...props} />}</div>;
}

type Question = { kind: 'move'; to: string } | { kind: 'delete' } | null;

function Actions({ order, workflow, onEdit, onSay }: OfOrder & { workflow: Workflow }) {
  const changing = useOrderChange(order);
  const mayChange = useMay('orders:write');
  const mayDelete = useMay('orders:delete');
  const [question, ask] = useState<Question>(null);
  const group = useRef<HTMLDivElement>(null);
  const state = workflow.states[order.status];

  const move = (to: string, reason = '') =>
    changing.change({
      send: (seen, key) => moveOrder(seen, to, reason, key),
      ...(!isAsked(workflow, to) && { expected: { ...order, status: to } }),
      onDone: () => {
        // Closed first, as the browser then returns the focus to what opened it. The buttons are others now.
        flushSync(() => ask(null));
        group.current?.focus();
        onSay(words.moved(orderStatus(to)));
      },
    });
  const press = (to: string) => {
    changing.reset();
    onSay('');
    if (isAsked(workflow, to)) ask({ kind: 'move', to });
    else move(to);
  };
  const close = () => {
    changing.reset();
    ask(null);
  };
  const refused = (
    <ChangeRefused error={changing.error} onAgain={changing.again} onNewest={() => void changing.toNewest()} />
  );
  const to = question?.kind === 'move' ? question.to : null;
  return (
    <>
      <div ref={group} tabIndex={-1} className="order-actions">
        <Moves to={(mayChange && state?.to) || []} workflow={workflow} busy={changing.isPending} onPress={press} />
        {mayChange && state?.editable && (
          <button type="button" disabled={changing.isPending} onClick={onEdit}>
            {words.edit}
          </button>
        )}
        {mayDelete && state && state.stock !== 'gone' && (
          <button
            type="button"
            className="button-quiet order-delete"
            disabled={changing.isPending}
            onClick={() => ask({ kind: 'delete' })}
          >
            {words.delete}
          </button>
        )}
      </div>
      {question === null && refused}
      <MoveDialog
        to={to}
        title={to === null ? '' : words.moveTitle(order.order_id, orderStatus(to))}
        from={[order.status]}
        workflow={workflow}
        busy={changing.isPending}
        onMove={(reason) => move(to!, reason)}
        onClose={close}
      >
        {refused}
      </MoveDialog>
      <DeleteDialog
        order={order}
        open={question?.kind === 'delete'}
        isHeld={state?.stock === 'held'}
        changing={changing}
        onClose={close}
      />
    </>
  );
}

function Moves({
  to,
  workflow,
  busy,
  onPress,
}: {
  to: readonly string[];
  workflow: Workflow;
  busy: boolean;
  onPress: (to: string) => void;
}) {
  if (to.length === 0) return null;
  const main = to.find((status) => !isAsked(workflow, status));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for the fields of a form
    <div role="group" aria-label={words.moves} className="order-moves">
      <span aria-hidden="true" className="quiet">
        {words.moves}
      </span>
      {to.map((status) => (
        <button
          key={status}
          type="button"
          className={isAsked(workflow, status) ? 'button-danger' : status === main ? 'button-main' : undefined}
          aria-label={words.moveTo(orderStatus(status))}
          disabled={busy}
          onClick={() => onPress(status)}
        >
          {orderStatus(status)}
        </button>
      ))}
    </div>
  );
}

function DeleteDialog({
  order,
  open,
  isHeld,
  changing,
  onClose,
}: {
  order: OrderResponse;
  open: boolean;
  isHeld: boolean;
  changing: Changing;
  onClose: () => void;
}) {
  const remove = () =>
    changing.change({
      send: deleteOrder,
      onDone: () => {
        flushSync(onClose);
        document.getElementById('main')?.focus();
      },
    });
  return (
    <Dialog
      title={words.deleteTitle(order.order_id)}
      open={open}
      onClose={onClose}
      closeLabel={words.keep}
      actions={
        <button type="button" className="button-danger" disabled={changing.isPending} onClick={remove}>
          {words.delete}
        </button>
      }
    >
      <p>{words.deletes}</p>
      {isHeld && <p>{words.deleteGivesBack}</p>}
      <p>{words.deleteForGood}</p>
      <ChangeRefused error={changing.error} onAgain={changing.again} onNewest={() => void changing.toNewest()} />
    </Dialog>
  );
}
