/**
 * One change of an order at a time, on the version that is shown. What no longer holds is loaded again afterwards. A change of which it
 * is not known whether it was made can be sent again: it has the same Idempotency-Key.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import type { OrderResponse } from '../../http/responses.ts';
import { newKey, Problem } from '../api/client.ts';
import { ordersChanged, type Seen } from '../api/order-changes.ts';
import { orderQuery } from '../api/queries.ts';

export interface OrderChange {
  /** Sends it. Null is the answer to a deletion. */
  send: (seen: Seen, key: string) => Promise<OrderResponse | null>;
  /** What the order will be, shown at once; taken back when the service refuses. */
  expected?: OrderResponse;
  onDone: (order: OrderResponse | null) => void;
}

/** The version that is shown is not the one that the service has. */
export const isOutdated = (error: unknown): error is Problem =>
  error instanceof Problem && error.code === 'version_mismatch';

export function useOrderChange(order: OrderResponse) {
  const queries = useQueryClient();
  const { queryKey } = orderQuery(order.order_id);
  const load = () => queries.invalidateQueries({ queryKey });
  const last = useRef<OrderChange & { seen: Seen; key: string }>(null);
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: ({ send, seen, key }: NonNullable<typeof last.current>) => send(seen, key),
    onMutate: async ({ expected }) => {
      await queries.cancelQueries({ queryKey });
      const before = queries.getQueryData(queryKey);
      if (expected) queries.setQueryData(queryKey, expected);
      return { before };
    },
    onError: (error, _, context) => {
      queries.setQueryData(queryKey, context?.before);
      // A user who is told that it has changed meanwhile decides when to go on from the newest version.
      if (!isOutdated(error)) void load();
    },
    onSuccess: (answer, { onDone }) => {
      if (answer) queries.setQueryData(queryKey, answer);
      void load();
      void ordersChanged(queries);
      onDone(answer);
    },
  });
  const start = (change: NonNullable<typeof last.current>) => {
    last.current = change;
    mutate(change);
  };
  return {
    change: (change: OrderChange) => isPending || start({ ...change, seen: order, key: newKey() }),
    again: () => isPending || start(last.current!),
    toNewest: async () => {
      await load();
      reset();
    },
    isPending,
    error,
    reset,
  };
}

export type Changing = ReturnType<typeof useOrderChange>;
