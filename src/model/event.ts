/**
 * The events of an order: CloudEvents 1.0 envelopes around the order as it was created, and around each later change. Id and bytes depend
 * on the order's content and history alone, so an event that is sent twice is the same event (INV-3); only a deletion of the order, or an
 * erasure of its person, takes the content out of its events.
 * Source: CloudEvents 1.0.2, JSON event format; CloudEvents extension `sequence`.
 */
import { isErased, type Order, orderJson, type StoredOrder } from './order.ts';
import { type ChangeKind, fieldJson, isPersonal, type OrderChange, orderAt } from './order-change.ts';

export const EVENT_TYPES = ['order.created', 'order.status_changed', 'order.edited', 'order.deleted'] as const;
export type EventType = (typeof EVENT_TYPES)[number];
export const ORDER_CREATED = 'order.created' satisfies EventType;
/** The types that subscribers get by default, as the first release had no other. */
export const CREATED: ReadonlySet<EventType> = new Set([ORDER_CREATED]);
export const ALL_TYPES: ReadonlySet<EventType> = new Set(EVENT_TYPES);

export const eventTypeOf = (kind: ChangeKind): EventType =>
  kind === 'undone' ? 'order.status_changed' : `order.${kind}`;

export interface OrderEvent {
  type: EventType;
  orderId: string;
  /** The event as JSON text. */
  json: string;
}

export interface PublishedEvent extends OrderEvent {
  /** The cursor after this event. */
  cursor: string;
}

export const eventId = (orderId: string, version = 1): string => `${orderId}:${version === 1 ? 'created' : version}`;

/** The event of one change. `history`: all changes of the order, oldest first. */
export function orderEvent({ order }: StoredOrder, history: readonly OrderChange[], version: number): OrderEvent {
  const change = history.find((one) => one.version === version)!;
  if (change.kind === 'created') return orderCreated(orderAt(order, history, version));
  return changeEvent(order.orderId, change, isErased(order));
}

/** The event of a change that is no creation. `erased`: whether the order was deleted since, or its person erased. */
export function changeEvent(orderId: string, change: OrderChange, erased: boolean): OrderEvent {
  const type = eventTypeOf(change.kind);
  const data = erased || hasErased(change) ? erasedData(orderId, change) : changeData(orderId, change);
  return { type, orderId, json: envelope(type, orderId, change, data) };
}

/** Whether it tells of a person that the order had before, and who was erased. */
const hasErased = ({ fields }: OrderChange): boolean =>
  fields.some(({ field, from, to }) => isPersonal(field) && (from === '' || to === ''));

/** The event of an order as it was created, or taken again. That of a new row has the bytes of the first release, which knew no versions. */
export function orderCreated(order: Order): OrderEvent {
  const { orderId, version, createdAtMs, updatedAtMs } = order;
  const atMs = version === 1 ? createdAtMs : updatedAtMs;
  return {
    type: ORDER_CREATED,
    orderId,
    json: envelope(ORDER_CREATED, orderId, { version, atMs }, createdData(order)),
  };
}

function createdData(order: Order): object {
  if (isErased(order)) return erasedData(order.orderId, { version: order.version, toStatus: order.status });
  const { version, actor, ...former } = orderJson(order);
  return order.fileId === null || version > 1 ? { ...former, version, actor } : former;
}

const ENVELOPE = /^\{"specversion":"1\.0","id":"[^"\\]*(?:\\.[^"\\]*)*","source":"\/oms","type":"([a-z._]+)",/;

/** The type of an event by its JSON; null when this is not one of ours. */
export function typeOfEvent(json: string): EventType | null {
  const type = ENVELOPE.exec(json)?.[1];
  return EVENT_TYPES.find((known) => known === type) ?? null;
}

const changeData = (orderId: string, change: OrderChange) => ({
  order_id: orderId,
  version: change.version,
  status: change.toStatus,
  previous_status: change.fromStatus,
  reason: change.reason,
  actor: change.actor,
  at: new Date(change.atMs).toISOString(),
  changes: change.fields.map(fieldJson),
});

const erasedData = (orderId: string, { version, toStatus }: Pick<OrderChange, 'version' | 'toStatus'>) => ({
  order_id: orderId,
  version,
  status: toStatus,
  erased: true,
});

function envelope(
  type: EventType,
  orderId: string,
  { version, atMs }: Pick<OrderChange, 'version' | 'atMs'>,
  data: object,
): string {
  return JSON.stringify({
    specversion: '1.0',
    id: eventId(orderId, version),
    source: '/oms',
    type,
    subject: orderId,
    time: new Date(atMs).toISOString(),
    datacontenttype: 'application/json',
    ...(version > 1 && { sequence: String(version) }),
    data,
  });
}
