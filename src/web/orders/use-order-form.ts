/** What is typed into the form of an order, the errors at its fields, and the key of the attempt to send it. */
import { useEffect, useRef, useState } from 'react';
import { newKey, Problem } from '../api/client.ts';
import { errorsOf, type FieldErrors, NO_ERRORS, type OrderDraft } from './order-draft.ts';

export function useOrderForm(first: () => OrderDraft) {
  const [draft, setDraft] = useState(first);
  const [errors, setErrors] = useState<FieldErrors>(NO_ERRORS);
  const form = useRef<HTMLFormElement>(null);
  const attempt = useRef({ sent: '', key: '' });

  useEffect(() => {
    if (errors.size > 0) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [errors]);

  return {
    form,
    draft,
    setDraft,
    errors,
    change: (changes: Partial<OrderDraft>, field: string) => {
      setDraft((old) => ({ ...old, ...changes }));
      if (errors.has(field)) setErrors(new Map([...errors].filter(([name]) => name !== field)));
    },
    /** The same as long as the same is sent and it is not known whether it was made. */
    keyOf: (sent: unknown): string => {
      const text = JSON.stringify(sent);
      if (attempt.current.sent !== text) attempt.current = { sent: text, key: newKey() };
      return attempt.current.key;
    },
    /** The service has answered: what is sent from now on is another attempt. */
    settle: (error: unknown, sent: OrderDraft) => {
      attempt.current = { sent: '', key: '' };
      setErrors(error instanceof Problem ? errorsOf(error, sent) : NO_ERRORS);
    },
  };
}

export type OrderForm = ReturnType<typeof useOrderForm>;
