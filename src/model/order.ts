/** An order as the store holds it and as the API and events show it. Money is in minor units inside, text outside. */
import { formatMinor } from './money.ts';

export interface OrderItem {
  sku: string;
  hubId: string;
  productName: string;
  quantity: number;
  unitPriceMinor: number;
  lineTotalMinor: number;
}

/** What an order says: an edit may change it. */
export interface OrderContent {
  customerName: string;
  customerEmail: string;
  /** At least one; a pair of SKU and hub may repeat. */
  items: OrderItem[];
  totalMinor: number;
  orderDateMs: number;
  shippingAddress: string;
}

/** Where an order came from: the file and its row, both null for one that was created through the API. */
export interface OrderSource {
  fileId: string | null;
  row: number | null;
}

export interface Order extends OrderContent, OrderSource {
  orderId: string;
  /** A state of the workflow. */
  status: string;
  /** The number of its changes; 1 = as created. */
  version: number;
  /** Who made its last change; null when that is not known. */
  actor: string | null;
  createdAtMs: number;
  updatedAtMs: number;
}

/** An order with what only the store needs to know. */
export interface StoredOrder {
  /** Without content when deleted. */
  order: Order;
  /** Whether its items have taken stock that was not given back. */
  holdsStock: boolean;
  /** Its id stays taken. */
  deleted: boolean;
  /** Nobody has changed it since it was created, or taken again: an undo of its file takes it back. */
  untouched: boolean;
  /** Its file was undone, and it can be taken again, by a row or a request: see `undo.ts`. */
  undone: boolean;
}

/** The content of a deleted order. */
export const ERASED: OrderContent = {
  customerName: '',
  customerEmail: '',
  items: [],
  totalMinor: 0,
  orderDateMs: 0,
  shippingAddress: '',
};

/** Whether its name, e-mail and address were erased, see `erasure.ts`: no other order is without an e-mail. Deleted ones are, too. */
export const isErased = ({ customerEmail }: Pick<OrderContent, 'customerEmail'>): boolean => customerEmail === '';

/** A text about a person, outside: null once it was erased. */
export const personalText = (text: string): string | null => (text === '' ? null : text);

/** The public shape. Field order is fixed: events are built from it and must be the same bytes each time (INV-3). */
export function orderJson(order: Order) {
  const createdAt = new Date(order.createdAtMs).toISOString();
  return {
    order_id: order.orderId,
    status: order.status,
    version: order.version,
    actor: order.actor,
    customer: { name: personalText(order.customerName), email: personalText(order.customerEmail) },
    items: order.items.map(itemJson),
    total_amount: formatMinor(order.totalMinor),
    order_date: new Date(order.orderDateMs).toISOString(),
    shipping_address: personalText(order.shippingAddress),
    source: { file_id: order.fileId, row: order.row },
    created_at: createdAt,
    updated_at: order.updatedAtMs === order.createdAtMs ? createdAt : new Date(order.updatedAtMs).toISOString(),
  };
}

export const itemJson = (item: OrderItem) => ({
  sku: item.sku,
  hub_id: item.hubId,
  product_name: item.productName,
  quantity: item.quantity,
  unit_price: formatMinor(item.unitPriceMinor),
  line_total: formatMinor(item.lineTotalMinor),
});
