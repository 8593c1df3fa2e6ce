/** Orders through the API, for tests over HTTP: bodies that are valid, with what a test wants to be different. */
import type { OrderHistoryResponse, OrderResponse } from '../../src/http/responses.ts';
import { send } from './http.ts';
import type { Service } from './service.ts';

type Url = Pick<Service, 'url'>;
type Values = Record<string, unknown>;

export const itemBody = (values: Values = {}) => ({
  ...{ sku: 'SKU-1', hub_id: 'HUB-1', product_name: 'Analytical Engine', quantity: 2, unit_price: '19.99' },
  ...values,
});

export const orderBody = (values: Values = {}) => ({
  ...{ customer: { name: 'Ada Lovelace', email: 'ada@example.com' }, items: [itemBody()] },
  ...{ order_date: '2026-11-20', shipping_address: '12 St James Square', ...values },
});

/** Makes an order, and expects that it is new. */
export async function made(service: Url, orderId: string, values: Values = {}): Promise<OrderResponse> {
  const response = await send(service, 'POST', '/orders', orderBody({ order_id: orderId, ...values }));
  if (response.status !== 201) throw new Error(`POST /orders answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as OrderResponse;
}

export const moveTo = (service: Url, orderId: string, status: string, headers: Record<string, string> = {}) =>
  send(service, 'PUT', `/orders/${orderId}/status`, { status }, headers);

/** Moves along, and expects that each move is made. */
export async function moved(service: Url, orderId: string, ...statuses: string[]): Promise<void> {
  for (const status of statuses) {
    const response = await moveTo(service, orderId, status);
    if (response.status !== 200) throw new Error(`PUT status answered ${response.status}: ${await response.text()}`);
  }
}

export async function historyOf(service: Url, orderId: string): Promise<OrderHistoryResponse['items']> {
  const response = await fetch(`${service.url}/orders/${orderId}/history`);
  return ((await response.json()) as OrderHistoryResponse).items;
}

/** What is available of a SKU at HUB-1. */
export async function availableOf(service: Url, sku: string): Promise<number> {
  const response = await fetch(`${service.url}/inventory?sku=${sku}&hub_id=HUB-1`);
  const { items } = (await response.json()) as { items: { available: number }[] };
  return items[0]?.available ?? 0;
}
