/** The fields of an order, for a new one and for an edit. An error stands at its field; it leaves when the field is changed. */
import './order-form.css';
import { createContext, type ReactNode, useContext, useId } from 'react';
import { orderForm as words } from '../texts/order-change.ts';
import { useTimeZone } from './order-date.tsx';
import { type FieldError, type FieldErrors, NO_ERRORS, type OrderDraft } from './order-draft.ts';

export const MAX_TEXT_CHARS = 500;

/** Those of the last refusal. */
export const Errors = createContext<FieldErrors>(NO_ERRORS);

interface FieldProps {
  label: string;
  /** As in the errors. */
  field: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  type?: 'text' | 'email';
  numeric?: boolean;
  list?: string;
  multiline?: boolean;
  className?: string;
}

export function Field({
  label,
  field,
  value,
  onChange,
  hint,
  type = 'text',
  numeric,
  list,
  multiline,
  className = '',
}: FieldProps) {
  const error = useContext(Errors).get(field);
  const id = useId();
  const errorId = `${id}-error`;
  const attributes = {
    id,
    value,
    maxLength: MAX_TEXT_CHARS,
    autoComplete: 'off',
    spellCheck: false,
    placeholder: hint,
    'aria-invalid': error !== undefined || undefined,
    'aria-describedby': error ? errorId : undefined,
    onChange: ({ target }: { target: { value: string } }) => onChange(target.value),
  } as const;
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      {multiline ? (
        <textarea rows={3} {...attributes} />
      ) : (
        <input type={type} list={list} inputMode={numeric ? 'decimal' : undefined} {...attributes} />
      )}
      {error && <ErrorText id={errorId}>{errorWords(error)}</ErrorText>}
    </div>
  );
}

export const ErrorText = ({ id, children }: { id?: string; children: ReactNode }) => (
  <p id={id} className="field-error">
    {children}
  </p>
);

export const errorWords = ({ detail, available }: FieldError): string =>
  available === undefined ? detail : words.short(available);

export function OrderFields({
  draft,
  onChange,
  isNew = false,
}: {
  draft: OrderDraft;
  onChange: (changes: Partial<OrderDraft>, field: string) => void;
  isNew?: boolean;
}) {
  const timeZone = useTimeZone();
  return (
    <div className="order-fields">
      {isNew && (
        <Field
          label={words.id}
          field="order_id"
          hint={words.idHint}
          value={draft.order_id}
          onChange={(order_id) => onChange({ order_id }, 'order_id')}
        />
      )}
      <Field
        label={words.name}
        field="customer/name"
        value={draft.name}
        onChange={(name) => onChange({ name }, 'customer/name')}
      />
      <Field
        label={words.email}
        field="customer/email"
        type="email"
        value={draft.email}
        onChange={(email) => onChange({ email }, 'customer/email')}
      />
      <Field
        label={words.date(timeZone)}
        field="order_date"
        hint={isNew ? words.dateNow : words.dateHint}
        value={draft.order_date}
        onChange={(order_date) => onChange({ order_date }, 'order_date')}
      />
      <Field
        className="field-wide"
        label={words.address}
        field="shipping_address"
        multiline
        value={draft.shipping_address}
        onChange={(shipping_address) => onChange({ shipping_address }, 'shipping_address')}
      />
    </div>
  );
}
