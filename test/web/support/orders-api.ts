/** Orders made and changed through the API, beside the page. */
import type { OrderResponse } from '../../../src/http/responses.ts';
import type { Service } from '../../support/service.ts';

type Target = Pick<Service, 'url'>;

async function send(service: Target, method: string, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

export const item = (sku = 'SKU-1', quantity = 1) => ({
  ...{ sku, hub_id: 'HUB-1', product_name: 'Analytical Engine', quantity, unit_price: '19.99' },
});

const newOrder = (order_id: string, items = [item()]) => ({
  ...{ order_id, items, order_date: '2026-11-20', shipping_address: '12 St James Square' },
  customer: { name: 'Ada Lovelace', email: 'ada@example.com' },
});

export const createOrder = (service: Target, orderId: string, items = [item()]) =>
  send(service, 'POST', '/orders', newOrder(orderId, items)) as Promise<OrderResponse>;

export const createOrders = (service: Target, orderIds: readonly string[]) =>
  send(service, 'POST', '/orders/batch', { orders: orderIds.map((id) => newOrder(id)) });

export const moveOrder = (service: Target, orderId: string, status: string) =>
  send(service, 'PUT', `/orders/${orderId}/status`, { status });

export const editOrder = (service: Target, orderId: string, changes: object) =>
  send(service, 'PATCH', `/orders/${orderId}`, changes);
