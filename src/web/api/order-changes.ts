/**
 * Requests that create and change orders. Each has an Idempotency-Key, so that it counts once even if it is sent again because no
 * response came. Those about one order name the version that the user has seen: the service refuses them if it has changed since.
 */
import type { QueryClient } from '@tanstack/react-query';
import type { OrderResponse, OrderResultResponse, OrderResultsResponse } from '../../http/responses.ts';
import { Problem, request, sendJson } from './client.ts';

/** As the service takes them in one request. */
export const MAX_BULK_ORDERS = 1_000;

/** What an order says, as the service takes it. Values that are no numbers are sent as they were typed: the service says what is wrong. */
export interface OrderBody {
  order_id?: string | undefined;
  customer?: { name: string; email: string };
  items?: ItemBody[];
  order_date?: string | undefined;
  shipping_address?: string;
  /** Of an edit. */
  reason?: string | undefined;
}

export interface ItemBody {
  sku: string;
  hub_id: string;
  product_name: string;
  quantity: number | string | undefined;
  unit_price: string;
}

/** An order as the user has seen it. */
export type Seen = Pick<OrderResponse, 'order_id' | 'version'>;

const pathOf = (orderId: string): string => `/orders/${encodeURIComponent(orderId)}`;

const headersOf = ({ version }: Seen, key: string): Record<string, string> => ({
  'if-match': `"${version}"`,
  'idempotency-key': key,
});

export const createOrder = (body: OrderBody, key: string): Promise<OrderResponse> =>
  sendJson('POST', '/orders', body, { 'idempotency-key': key });

export const moveOrder = (seen: Seen, status: string, reason: string, key: string): Promise<OrderResponse> =>
  sendJson('PUT', `${pathOf(seen.order_id)}/status`, withReason({ status }, reason), headersOf(seen, key));

export const editOrder = (seen: Seen, body: OrderBody, key: string): Promise<OrderResponse> =>
  sendJson('PATCH', pathOf(seen.order_id), body, headersOf(seen, key));

export const deleteOrder = (seen: Seen, key: string): Promise<null> =>
  request(pathOf(seen.order_id), { method: 'DELETE', headers: headersOf(seen, key) });

/** One result for each order, in order. */
export const moveOrders = async (
  orderIds: readonly string[],
  status: string,
  reason: string,
  key: string,
): Promise<OrderResultResponse[]> => {
  const body = withReason({ order_ids: orderIds, status }, reason);
  const headers = { 'idempotency-key': key };
  return (await sendJson<OrderResultsResponse>('POST', '/orders/status', body, headers)).results;
};

const withReason = (body: object, reason: string): object => (reason === '' ? body : { ...body, reason });

/** Whether it is not known if a change was made: the same request may be sent again. */
export const isUnsure = (error: unknown): boolean => !(error instanceof Problem) || error.status >= 500;

/** Everything that a change of orders changes; but the order itself, which the answer has. */
export async function ordersChanged(queries: QueryClient): Promise<void> {
  const stale = ['orders', 'stats', 'inventory'];
  await Promise.all(stale.map((key) => queries.invalidateQueries({ queryKey: [key] })));
}
