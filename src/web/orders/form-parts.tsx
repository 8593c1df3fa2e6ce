/** What the forms of orders share: the fields, why they were refused, and the question before what was typed is lost. */
import { useBlocker } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Problem } from '../api/client.ts';
import { Dialog } from '../components/dialog.tsx';
import { orderForm as words } from '../texts/order-change.ts';
import { inWords, Refused } from './change-refused.tsx';
import { ItemFields } from './item-fields.tsx';
import type { FieldErrors } from './order-draft.ts';
import { Errors, ErrorText, errorWords, OrderFields } from './order-fields.tsx';
import type { OrderForm } from './use-order-form.ts';

const FIELDS = /^(?:order_id|order_date|customer\/(?:name|email)|shipping_address|items\/\d+\/(?!line_total)\w+)$/;

export const AllFields = ({
  form: { draft, errors, change },
  disabled,
  isNew = false,
}: {
  form: OrderForm;
  disabled: boolean;
  isNew?: boolean;
}) => (
  <Errors value={errors}>
    <fieldset disabled={disabled} className="order-form">
      <section className="panel">
        <OrderFields draft={draft} onChange={change} isNew={isNew} />
      </section>
      <section className="panel">
        <h2>{words.items}</h2>
        <ItemFields draft={draft} onChange={change} />
        <OtherErrors errors={errors} />
      </section>
    </fieldset>
  </Errors>
);

/** Errors of what has no field. */
const OtherErrors = ({ errors }: { errors: FieldErrors }) =>
  [...errors]
    .filter(([field]) => !FIELDS.test(field))
    .map(([field, error]) => <ErrorText key={field}>{errorWords(error)}</ErrorText>);

/** Why the order was not taken as it is. What is wrong with a value stands at its field. */
export function FormRefused({
  error,
  errors,
  children,
}: {
  error: unknown;
  errors: FieldErrors;
  children?: ReactNode;
}) {
  if (error === null) return null;
  const atFields = error instanceof Problem && Array.isArray(error.document.errors);
  if (atFields && errors.size === 0) return null;
  return <Refused words={atFields ? words.problems(errors.size) : inWords(error)}>{children}</Refused>;
}

/** Asks before the view is left while something is typed and not saved; the browser asks before the page is. */
export function LeaveGuard({ unsaved }: { unsaved: boolean }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: () => unsaved,
    enableBeforeUnload: () => unsaved,
    withResolver: true,
  });
  return (
    <Dialog
      title={words.unsavedTitle}
      open={status === 'blocked'}
      onClose={() => reset?.()}
      closeLabel={words.stay}
      actions={
        <button type="button" className="button-danger" onClick={() => proceed?.()}>
          {words.leave}
        </button>
      }
    >
      <p>{words.unsaved}</p>
    </Dialog>
  );
}
