/**
 * An edit of an order in its place. It is made on the version that the form began with. If the order is changed by others meanwhile, the
 * newest version is offered, with what was typed over it.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import type { OrderResponse } from '../../http/responses.ts';
import { editOrder, isUnsure, ordersChanged } from '../api/order-changes.ts';
import { orderQuery } from '../api/queries.ts';
import { history } from '../texts/history.ts';
import { orderForm as words } from '../texts/order-change.ts';
import { AllFields, FormRefused, LeaveGuard } from './form-parts.tsx';
import { MAX_REASON_CHARS } from './move-dialog.tsx';
import { useOrderDateText } from './order-date.tsx';
import { differingParts, draftOf, editBody, type OrderDraft, onto } from './order-draft.ts';
import { isOutdated } from './use-order-change.ts';
import { type OrderForm, useOrderForm } from './use-order-form.ts';

export function EditOrder({
  order,
  onSaved,
  onClose,
}: {
  /** The newest that is known. */
  order: OrderResponse;
  onSaved: (order: OrderResponse) => void;
  onClose: () => void;
}) {
  const dateText = useOrderDateText();
  const [base, setBase] = useState(() => ({ order, draft: draftOf(order, dateText) }));
  const form = useOrderForm(() => base.draft);
  const [reason, setReason] = useState('');
  const save = useSaving(base.order, form, onSaved);
  const isChanged = differingParts(form.draft, base.draft).length > 0;
  useEffect(() => form.form.current?.querySelector('input')?.focus(), [form.form]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isChanged) onClose();
    else if (!save.isPending)
      save.mutate({
        sent: form.draft,
        body: { ...editBody(form.draft, base.draft), reason: reason.trim() || undefined },
      });
  };
  const toNewest = () => {
    const newest = draftOf(order, dateText);
    form.setDraft(onto(newest, form.draft, base.draft));
    setBase({ order, draft: newest });
    save.reset();
  };
  return (
    <form ref={form.form} className="order-form" aria-label={words.editTitle} noValidate onSubmit={submit}>
      <AllFields form={form} disabled={save.isPending} />
      {order.version !== base.order.version ? (
        <Meanwhile newest={order} before={base.draft} newestDraft={draftOf(order, dateText)} onContinue={toNewest} />
      ) : (
        <FormRefused error={save.error} errors={form.errors} />
      )}
      <div className="panel form-actions">
        <label className="field">
          {words.why}
          <input
            value={reason}
            maxLength={MAX_REASON_CHARS}
            autoComplete="off"
            onChange={({ target }) => setReason(target.value)}
          />
        </label>
        <button type="submit" className="button-main" disabled={save.isPending}>
          {save.isPending ? words.saving : words.save}
        </button>
        <button type="button" disabled={save.isPending} onClick={onClose}>
          {words.discard}
        </button>
      </div>
      <LeaveGuard unsaved={isChanged} />
    </form>
  );
}

function useSaving(seen: OrderResponse, form: OrderForm, onSaved: (order: OrderResponse) => void) {
  const queries = useQueryClient();
  const { queryKey } = orderQuery(seen.order_id);
  return useMutation({
    mutationFn: ({ body }: { sent: OrderDraft; body: ReturnType<typeof editBody> }) =>
      editOrder(seen, body, form.keyOf([seen.version, body])),
    onSuccess: (saved) => {
      queries.setQueryData(queryKey, saved);
      void queries.invalidateQueries({ queryKey });
      void ordersChanged(queries);
      onSaved(saved);
    },
    onError: (error, { sent }) => {
      if (isUnsure(error)) return;
      form.settle(error, sent);
      if (isOutdated(error)) void queries.invalidateQueries({ queryKey });
    },
  });
}

/** The field of the history that stands for each part of the form. */
const NAMES = {
  customer: 'customer_name',
  shipping_address: 'shipping_address',
  order_date: 'order_date',
  items: 'items',
} as const;

function Meanwhile({
  newest,
  newestDraft,
  before,
  onContinue,
}: {
  newest: OrderResponse;
  newestDraft: OrderDraft;
  before: OrderDraft;
  onContinue: () => void;
}) {
  const parts = differingParts(newestDraft, before).map((part) => history.fields[NAMES[part]]!);
  return (
    <div role="alert" className="problem-view order-refused">
      <p>
        <strong>{words.meanwhile(newest.actor, newest.version)}</strong>{' '}
        {parts.length > 0 && words.meanwhileFields(parts)} {words.kept}
      </p>
      <button type="button" onClick={onContinue}>
        {words.continue}
      </button>
    </div>
  );
}
