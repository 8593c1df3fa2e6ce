/** The move of all selected orders, and what became of each. If no answer came it can be sent again, under the same key. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { OrderResponse, ProblemResponse } from '../../http/responses.ts';
import { newKey } from '../api/client.ts';
import { moveOrders, ordersChanged } from '../api/order-changes.ts';
import { orderQuery } from '../api/queries.ts';

export interface BulkMove {
  orders: readonly OrderResponse[];
  to: string;
  reason: string;
  key: string;
}

export interface NotMoved {
  order: OrderResponse;
  problem: ProblemResponse;
}

export interface BulkOutcome {
  to: string;
  moved: OrderResponse[];
  notMoved: NotMoved[];
}

export function useBulkMove(onDone: (outcome: BulkOutcome) => void) {
  const queries = useQueryClient();
  const { mutate, ...state } = useMutation({
    mutationFn: async ({ orders, to, reason, key }: BulkMove): Promise<BulkOutcome> => {
      const ids = orders.map(({ order_id }) => order_id);
      const results = await moveOrders(ids, to, reason, key);
      const outcome: BulkOutcome = { to, moved: [], notMoved: [] };
      for (const [n, result] of results.entries()) {
        if ('order' in result) outcome.moved.push(result.order);
        else outcome.notMoved.push({ order: orders[n]!, problem: result.problem });
      }
      return outcome;
    },
    onSuccess: (outcome) => {
      for (const order of outcome.moved)
        void queries.invalidateQueries({ queryKey: orderQuery(order.order_id).queryKey });
      void ordersChanged(queries);
      onDone(outcome);
    },
  });
  return {
    ...state,
    move: (move: Omit<BulkMove, 'key'>) => mutate({ ...move, key: newKey() }),
    again: () => state.variables && mutate(state.variables),
  };
}
