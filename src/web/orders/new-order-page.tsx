/** `/new-order`: an order typed in. However often it is sent, one order is made of one attempt. */
import './orders.css';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { Problem, Unreachable } from '../api/client.ts';
import { createOrder, isUnsure, ordersChanged } from '../api/order-changes.ts';
import { orderQuery } from '../api/queries.ts';
import { useMay } from '../api/session.ts';
import { Title } from '../layout/title.tsx';
import { orderChange, orderForm as words } from '../texts/order-change.ts';
import { frame } from '../texts/page.ts';
import { Refused } from './change-refused.tsx';
import { AllFields, FormRefused, LeaveGuard } from './form-parts.tsx';
import { emptyDraft, isSameDraft, newOrderBody, type OrderDraft } from './order-draft.ts';
import { type OrderForm, useOrderForm } from './use-order-form.ts';

export function NewOrderPage() {
  const mayCreate = useMay('orders:write');
  return (
    <>
      <p className="order-back">
        <Link to="/orders">← {frame.orders}</Link>
      </p>
      <Title>{words.newTitle}</Title>
      {mayCreate ? <NewOrder /> : <p>{words.notAllowed}</p>}
    </>
  );
}

function NewOrder() {
  const [empty] = useState(emptyDraft);
  const form = useOrderForm(() => empty);
  const create = useCreation(form);
  const unsure = create.error !== null && isUnsure(create.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(form.draft);
  };
  return (
    <form ref={form.form} className="order-form" aria-label={words.newTitle} noValidate onSubmit={submit}>
      <AllFields form={form} disabled={create.isPending || unsure} isNew />
      {unsure ? (
        <Unsure error={create.error} onChange={create.reset} />
      ) : (
        <FormRefused error={create.error} errors={form.errors}>
          <OtherOrder error={create.error} orderId={form.draft.order_id} />
        </FormRefused>
      )}
      <p className="form-actions">
        <button type="submit" className="button-main" disabled={create.isPending}>
          {create.isPending ? words.creating : unsure ? frame.tryAgain : words.create}
        </button>
      </p>
      <LeaveGuard unsaved={!create.isSuccess && !isSameDraft(form.draft, empty)} />
    </form>
  );
}

function useCreation(form: OrderForm) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (draft: OrderDraft) => {
      const body = newOrderBody(draft);
      return createOrder(body, form.keyOf(body));
    },
    onSuccess: (order) => {
      queries.setQueryData(orderQuery(order.order_id).queryKey, order);
      void ordersChanged(queries);
      void navigate({
        to: '/orders/$orderId',
        params: { orderId: order.order_id },
        replace: true,
        ignoreBlocker: true,
      });
    },
    onError: (error, sent) => isUnsure(error) || form.settle(error, sent),
  });
}

/** While it is not known whether the order was made, the form is closed: another order would be made of a change. */
const Unsure = ({ error, onChange }: { error: unknown; onChange: () => void }) => (
  <Refused
    words={words.createUnsure(
      error instanceof Unreachable || !(error instanceof Error) ? orderChange.noAnswer : error.message,
    )}
  >
    <p>
      {words.changeHelp}{' '}
      <button type="button" className="button-quiet" onClick={onChange}>
        {words.change}
      </button>
    </p>
  </Refused>
);

const OtherOrder = ({ error, orderId }: { error: unknown; orderId: string }) =>
  error instanceof Problem &&
  error.code === 'order_conflict' && (
    <Link to="/orders/$orderId" params={{ orderId }}>
      {words.showOther}
    </Link>
  );
