/** An order as it is typed into a form: its values as text, what of it is sent, its sums, and the errors at its fields. */
import type { OrderResponse } from '../../http/responses.ts';
import { formatMinor, parseMinor } from '../../model/money.ts';
import type { Problem } from '../api/client.ts';
import type { ItemBody, OrderBody } from '../api/order-changes.ts';

export interface ItemDraft {
  /** Of this item as long as the form is open, wherever it stands in the list. */
  key: number;
  product_name: string;
  sku: string;
  hub_id: string;
  quantity: string;
  unit_price: string;
}

export interface OrderDraft {
  order_id: string;
  name: string;
  email: string;
  shipping_address: string;
  order_date: string;
  items: ItemDraft[];
}

let keys = 0;

export const emptyItem = (): ItemDraft => ({
  ...{ key: ++keys, product_name: '', sku: '', hub_id: '', quantity: '', unit_price: '' },
});

export const emptyDraft = (): OrderDraft => ({
  ...{ order_id: '', name: '', email: '', shipping_address: '', order_date: '' },
  items: [emptyItem()],
});

export const draftOf = (order: OrderResponse, dateText: (iso: string) => string): OrderDraft => ({
  order_id: order.order_id,
  // Hidden from those who may not edit either.
  name: order.customer.name ?? '',
  email: order.customer.email ?? '',
  shipping_address: order.shipping_address ?? '',
  order_date: dateText(order.order_date),
  items: order.items.map(({ line_total: _, quantity, ...item }) => ({
    ...{ ...item, key: ++keys },
    quantity: String(quantity),
  })),
});

type Part = 'customer' | 'shipping_address' | 'order_date' | 'items';

const PARTS: Record<Part, (draft: OrderDraft) => unknown> = {
  customer: ({ name, email }) => [name, email],
  shipping_address: ({ shipping_address }) => shipping_address,
  order_date: ({ order_date }) => order_date,
  items: ({ items }) => items.map(itemBody),
};

/** The parts in which two drafts differ. */
export const differingParts = (a: OrderDraft, b: OrderDraft): Part[] =>
  (Object.keys(PARTS) as Part[]).filter((part) => JSON.stringify(PARTS[part](a)) !== JSON.stringify(PARTS[part](b)));

export const isSameDraft = (a: OrderDraft, b: OrderDraft): boolean =>
  a.order_id === b.order_id && differingParts(a, b).length === 0;

/** The newest version with what was typed over the one before. */
export function onto(newest: OrderDraft, typed: OrderDraft, before: OrderDraft): OrderDraft {
  const kept = differingParts(typed, before);
  return {
    ...newest,
    ...(kept.includes('customer') && { name: typed.name, email: typed.email }),
    ...(kept.includes('shipping_address') && { shipping_address: typed.shipping_address }),
    ...(kept.includes('order_date') && { order_date: typed.order_date }),
    ...(kept.includes('items') && { items: typed.items }),
  };
}

/** Digits are sent as a number; anything else as it is, so that the service says what is wrong with it. */
function itemBody({ key: _, quantity, ...item }: ItemDraft): ItemBody {
  const text = quantity.trim();
  return {
    ...item,
    quantity: /^\d+$/.test(text) ? Number(text) : text || undefined,
    unit_price: item.unit_price.trim(),
  };
}

export const newOrderBody = (draft: OrderDraft): OrderBody => ({
  order_id: draft.order_id || undefined,
  order_date: draft.order_date || undefined,
  customer: { name: draft.name, email: draft.email },
  shipping_address: draft.shipping_address,
  items: draft.items.map(itemBody),
});

/** Only what was typed. */
export function editBody(typed: OrderDraft, before: OrderDraft): OrderBody {
  const { customer, shipping_address, order_date, items } = newOrderBody(typed);
  const parts = { customer, shipping_address, order_date, items };
  return Object.fromEntries(differingParts(typed, before).map((part) => [part, parts[part]]));
}

/** In minor units; null until it has a quantity and a price. */
function lineMinor({ quantity, unit_price }: ItemDraft): bigint | null {
  const price = parseMinor(unit_price.trim());
  return price === null || !/^\d{1,7}$/.test(quantity.trim()) ? null : BigInt(price) * BigInt(quantity.trim());
}

const shown = (minor: bigint | null): string | null => (minor === null ? null : formatMinor(minor));

export const lineTotal = (item: ItemDraft): string | null => shown(lineMinor(item));

export const totalOf = ({ items }: OrderDraft): string | null =>
  shown(
    items
      .map(lineMinor)
      .reduce((sum, minor) => (sum === null || minor === null ? null : sum + minor), 0n as bigint | null),
  );

export interface FieldError {
  detail: string;
  /** Of stock that does not suffice. */
  available: number | undefined;
}

/** By field: `customer/name`, or `items/7/quantity` where 7 is the item's key. */
export type FieldErrors = ReadonlyMap<string, FieldError>;

export const NO_ERRORS: FieldErrors = new Map();

export const itemField = (key: number, name: string): string => `items/${key}/${name}`;

/** The errors of a refusal at the fields of the form that was sent; of several at one field the first. */
export function errorsOf({ document }: Problem, { items }: OrderDraft): FieldErrors {
  const errors = new Map<string, FieldError>();
  for (const { pointer = '', detail, available } of document.errors ?? []) {
    const [first, place, ...rest] = pointer.split('/').slice(1);
    const item = first === 'items' ? items[Number(place)] : undefined;
    const field = item && rest.length > 0 ? itemField(item.key, rest.join('/')) : pointer.slice(1);
    if (!errors.has(field)) errors.set(field, { detail, available });
  }
  return errors;
}
