/**
 * What a view shows. Of orders and files it shows all or nothing; of what it shows it may hide names, e-mails and addresses, which are null
 * then. Pure rules, which routes, streams and stores share.
 */
import type { View } from './access.ts';
import type { FileRecord } from './file.ts';
import { type Order, type OrderContent, type OrderItem, orderJson } from './order.ts';
import { changeJson, isPersonal, type OrderChange } from './order-change.ts';

/** What of a view decides which orders it shows. */
export type OrderView = Pick<View, 'hubs' | 'email'>;

type SeenOrder = { order: Pick<OrderContent, 'items' | 'customerEmail'>; deleted: boolean };

/** E-mails of orders are ASCII. Other letters must not become one of these. */
export const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** One of its items is in the hubs, and it is of the customer. A deleted order has neither items nor a customer. */
export function seesOrder({ hubs, email }: OrderView, { order, deleted }: SeenOrder): boolean {
  if (hubs === null && email === null) return true;
  if (deleted) return false;
  return (
    (hubs === null || order.items.some(({ hubId }) => hubs.includes(hubId))) &&
    (email === null || lowerAscii(order.customerEmail) === email)
  );
}

/** Whether all items are in the hubs: then whoever is limited to these may change the order. */
export const areWithin = (hubs: readonly string[] | null, items: readonly Pick<OrderItem, 'hubId'>[]): boolean =>
  hubs === null || items.every(({ hubId }) => hubs.includes(hubId));

/** A file is seen by those who see all the hubs that its rows may name. */
export const seesFile = ({ hubs }: Pick<View, 'hubs'>, file: Pick<FileRecord, 'hubs'>): boolean =>
  hubs === null || (!!file.hubs?.length && file.hubs.every((hub) => hubs.includes(hub)));

const HIDDEN = { customer: { name: null, email: null }, shipping_address: null } as const;

export const shownOrder = ({ personal }: Pick<View, 'personal'>, order: Order) =>
  personal ? orderJson(order) : { ...orderJson(order), ...HIDDEN };

/** An order may have been another person's, so customers do not see either what such a field was before a change. */
const hidesFields = ({ personal, email }: View): boolean => !personal || email !== null;

const hideFields = <Change extends { field: string }>(changes: readonly Change[]) =>
  changes.map((change) => (isPersonal(change.field) ? { ...change, from: null, to: null } : change));

export function shownChange(view: View, change: OrderChange) {
  const json = changeJson(change);
  return hidesFields(view) ? { ...json, changes: hideFields(json.changes) } : json;
}

interface EventData {
  customer?: { email: string };
  changes?: { field: string }[];
}

/** The JSON of an event of an order that the view shows: its bytes (INV-3) are for those from whom nothing is hidden. */
export function shownEvent(view: View, json: string): string {
  if (!hidesFields(view)) return json;
  const event = JSON.parse(json) as { data: EventData };
  const { customer, changes } = event.data;
  if (customer && (!view.personal || lowerAscii(customer.email) !== view.email)) Object.assign(event.data, HIDDEN);
  if (changes) event.data.changes = hideFields(changes);
  return JSON.stringify(event);
}
