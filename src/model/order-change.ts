/** The changes of an order, which are its history, the source of its events, and the way back to each of its versions. */
import { isSameText } from './characters.ts';
import { formatMinor } from './money.ts';
import {
  isErased,
  itemJson,
  type Order,
  type OrderContent,
  type OrderItem,
  type OrderSource,
  personalText,
} from './order.ts';

/** What an order says by the names of the order file; its items are one field. */
export const CONTENT_FIELDS = {
  customer_name: 'customerName',
  customer_email: 'customerEmail',
  items: 'items',
  total_amount: 'totalMinor',
  order_date: 'orderDateMs',
  shipping_address: 'shippingAddress',
} as const satisfies Record<string, keyof OrderContent>;
export type ContentField = keyof typeof CONTENT_FIELDS;

/** Those that are about a person. */
const PERSONAL_FIELDS: readonly string[] = [
  'customer_name',
  'customer_email',
  'shipping_address',
] satisfies ContentField[];
export const isPersonal = (field: string): boolean => PERSONAL_FIELDS.includes(field);

/** A field before and after a change, as the store holds it: text, milliseconds, minor units, items. */
export interface FieldChange {
  field: ContentField;
  from: string | number | OrderItem[];
  to: string | number | OrderItem[];
}

/** `created` comes again where an undone order was taken again. */
export const CHANGE_KINDS = ['created', 'status_changed', 'edited', 'deleted', 'undone'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export interface OrderChange {
  /** Of the order after the change; the first is 1. */
  version: number;
  kind: ChangeKind;
  /** Null for the first. */
  fromStatus: string | null;
  toStatus: string;
  /** Empty once the order was deleted. Texts about a person are empty once that person was erased. */
  fields: FieldChange[];
  /** Null when none was given, or once the order was deleted, or its person erased. */
  reason: string | null;
  actor: string | null;
  atMs: number;
  /** Only of an order that was taken again: where it came from before. */
  former?: OrderSource;
}

/** The status of a deleted order in its history. No workflow has such a state. */
export const DELETED = 'deleted';

/** The fields in which the second content is another. */
export function fieldChanges(before: OrderContent, after: OrderContent): FieldChange[] {
  const changes: FieldChange[] = [];
  for (const [field, name] of Object.entries(CONTENT_FIELDS) as [ContentField, keyof OrderContent][]) {
    const from = before[name];
    const to = after[name];
    if (!isSame(from, to)) changes.push({ field, from, to });
  }
  return changes;
}

/** The content with these changes. */
export function withChanges<Content extends OrderContent>(content: Content, changes: readonly FieldChange[]): Content {
  const changed = { ...content };
  for (const { field, to } of changes) Object.assign(changed, { [CONTENT_FIELDS[field]]: to });
  return changed;
}

/** An order as it was at a version. `history`: all its changes, oldest first. */
export function orderAt(order: Order, history: readonly OrderChange[], version: number): Order {
  const at: Order = { ...order };
  for (let n = history.length - 1; n >= 0 && history[n]!.version > version; n--) {
    for (const { field, from } of history[n]!.fields) Object.assign(at, { [CONTENT_FIELDS[field]]: from });
    Object.assign(at, history[n]!.former);
  }
  const change = history.find((one) => one.version === version);
  if (!change) throw new RangeError(`order ${order.orderId} has no version ${version}`);
  return { ...at, status: change.toStatus, version, actor: change.actor, updatedAtMs: change.atMs };
}

/** The public shape of a change. */
export const changeJson = (change: OrderChange) => ({
  version: change.version,
  at: new Date(change.atMs).toISOString(),
  actor: change.actor,
  action: change.kind,
  from: change.fromStatus,
  to: change.toStatus,
  reason: change.reason,
  changes: change.fields.map(fieldJson),
});

export const fieldJson = ({ field, from, to }: FieldChange) => ({
  field,
  from: shown(field, from),
  to: shown(field, to),
});

function shown(field: ContentField, value: FieldChange['from']) {
  if (field === 'items') return (value as OrderItem[]).map(itemJson);
  if (field === 'total_amount') return formatMinor(value as number);
  if (field === 'order_date') return new Date(value as number).toISOString();
  return isPersonal(field) ? personalText(value as string) : (value as string);
}

const ITEM_FIELDS = {
  product_name: 'productName',
  sku: 'sku',
  hub_id: 'hubId',
  quantity: 'quantity',
  unit_price: 'unitPriceMinor',
} as const satisfies Record<string, keyof OrderItem>;

/**
 * The fields in which what somebody sends differs from a stored order, by the names of the order file; none when they are the same order.
 * A field that is not sent is not compared, nor is what was erased. Items that are not one on both sides are compared as a whole.
 */
export function differingFields(stored: OrderContent, sent: Partial<OrderContent>): string[] {
  const differing: string[] = [];
  const erased = isErased(stored);
  for (const [field, name] of Object.entries(CONTENT_FIELDS)) {
    const value = sent[name];
    if (value === undefined || isSame(stored[name], value) || (erased && isPersonal(field))) continue;
    if (name === 'items' && stored.items.length === 1 && sent.items!.length === 1)
      differing.push(...differingFieldsOfItem(stored.items[0]!, sent.items![0]!));
    else differing.push(field);
  }
  return differing;
}

/**
 * Whether a field is the same: however accents are composed, but SKUs and hubs exactly, as stock is counted by them. The order of items
 * counts.
 */
function isSame(a: FieldChange['from'], b: FieldChange['from']): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, n) => differingFieldsOfItem(item, b[n]!).length === 0);
  return a === b || (typeof a === 'string' && typeof b === 'string' && isSameText(a, b));
}

const differingFieldsOfItem = (a: OrderItem, b: OrderItem): string[] =>
  Object.entries(ITEM_FIELDS)
    .filter(([, name]) => a[name] !== b[name] && !(name === 'productName' && isSameText(a[name], b[name])))
    .map(([field]) => field);
