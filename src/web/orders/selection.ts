/** The orders that are selected for a change of many: kept over the pages of one list, at most as many as the service takes. */
import { useState } from 'react';
import type { OrderResponse, OrdersResponse } from '../../http/responses.ts';
import { request, withQuery } from '../api/client.ts';
import { MAX_BULK_ORDERS } from '../api/order-changes.ts';

type Selected = ReadonlyMap<string, OrderResponse>;

const NONE: Selected = new Map();

export function useSelection(filters: Record<string, string | undefined>) {
  const list = JSON.stringify(filters);
  const [kept, keep] = useState({ list, selected: NONE });
  // Another list is another selection.
  const selected = kept.list === list ? kept.selected : NONE;
  const set = (next: Selected) => keep({ list, selected: next });
  const add = (orders: readonly OrderResponse[]) =>
    set(new Map([...selected, ...orders.map((order) => [order.order_id, order] as const)].slice(0, MAX_BULK_ORDERS)));
  const remove = (ids: readonly string[]) => {
    const gone = new Set(ids);
    set(new Map([...selected].filter(([id]) => !gone.has(id))));
  };
  return {
    selected,
    isFull: selected.size >= MAX_BULK_ORDERS,
    toggle: (order: OrderResponse) => (selected.has(order.order_id) ? remove([order.order_id]) : add([order])),
    togglePage: (page: readonly OrderResponse[], on: boolean) =>
      on ? add(page) : remove(page.map(({ order_id }) => order_id)),
    replace: (orders: readonly OrderResponse[]) =>
      set(new Map(orders.map((order) => [order.order_id, order] as const))),
    clear: () => set(NONE),
  };
}

export type Selection = ReturnType<typeof useSelection>;

/** The first orders of a list, as many as can be changed at once. */
export async function firstOf(filters: Record<string, string | undefined>): Promise<OrderResponse[]> {
  const orders: OrderResponse[] = [];
  let cursor: string | null = null;
  do {
    const limit = MAX_BULK_ORDERS - orders.length;
    const page: OrdersResponse = await request(withQuery('/orders', { ...filters, limit, cursor }));
    orders.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && orders.length < MAX_BULK_ORDERS);
  return orders;
}
