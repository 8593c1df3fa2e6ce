/**
 * The `order.created` event: a CloudEvents 1.0 envelope around the order as it was created. Id and bytes depend on the
 * order alone, so an event that is sent twice is the same event (INV-3).
 * Source: CloudEvents 1.0.2, JSON event format.
 */
import { type Order, orderJson } from './order.ts';

export const ORDER_CREATED = 'order.created';

export interface PublishedEvent {
  /** The cursor after this event. */
  cursor: string;
  orderId: string;
  /** The event as JSON text. */
  json: string;
}

export const eventId = (orderId: string): string => `${orderId}:created`;

export function orderCreatedJson(order: Order): string {
  const data = orderJson({ ...order, status: 'on_hold', updatedAtMs: order.createdAtMs });
  return JSON.stringify({
    specversion: '1.0',
    id: eventId(order.orderId),
    source: '/oms',
    type: ORDER_CREATED,
    subject: order.orderId,
    time: data.created_at,
    datacontenttype: 'application/json',
    data,
  });
}
