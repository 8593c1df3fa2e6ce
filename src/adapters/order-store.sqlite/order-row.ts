/** Orders as their rows have them, the first item within the row and the others in a table of their own. */
import type { Order, OrderContent, OrderItem, StoredOrder } from '../../model/order.ts';
import { DELETED } from '../../model/order-change.ts';
import { fromJson } from '../sqlite/database.ts';

export interface OrderRow {
  seq: number;
  order_id: string;
  file_id: string | null;
  row: number;
  customer_name: string;
  customer_email: string;
  product_name: string;
  sku: string;
  hub_id: string;
  quantity: number;
  unit_price_minor: number;
  total_minor: number;
  order_date: number;
  shipping_address: string;
  status: string;
  stock_taken: 0 | 1;
  version: number;
  actor: string | null;
  created_at: number;
  updated_at: number;
  /** The items behind the first, as JSON; null when there are none. */
  more: string | null;
}

/** One statement reads all of an order, so that it sees one version of it. */
const COLUMNS = `o.seq, o.order_id, f.file_id, o.row, o.customer_name, o.customer_email, o.product_name, o.sku, o.hub_id, o.quantity,
    o.unit_price_minor, o.total_minor, o.order_date, o.shipping_address, o.status, o.stock_taken, o.version, o.actor, o.created_at,
    o.updated_at, case when o.more_items > 0 then (
      select json_group_array(json_array(i.sku, i.hub_id, i.product_name, i.quantity, i.unit_price_minor) order by i.n)
      from order_items i where i.order_no = o.seq) end more`;

export const SELECT = `
  select ${COLUMNS}
  from orders o left join files f on f.file_no = o.file_no`;

/** The orders with these ids, a JSON array. */
export const SELECT_BY_IDS = `
  select ${COLUMNS}
  from json_each(?) id cross join orders o on o.order_id = id.value left join files f on f.file_no = o.file_no`;

export function toOrder(row: OrderRow): Order {
  return {
    orderId: row.order_id,
    status: row.status,
    version: row.version,
    actor: row.actor,
    customerName: row.customer_name,
    customerEmail: row.customer_email,
    items: itemsOf(row),
    totalMinor: row.total_minor,
    orderDateMs: row.order_date,
    shippingAddress: row.shipping_address,
    fileId: row.file_id,
    row: row.row === 0 ? null : row.row,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

export const toStored = (row: OrderRow): StoredOrder => ({
  order: toOrder(row),
  holdsStock: row.stock_taken === 1,
  deleted: row.status === DELETED,
});

function itemsOf(row: OrderRow): OrderItem[] {
  const { sku, hub_id: hubId, product_name: productName, quantity, unit_price_minor: unitPriceMinor, more } = row;
  const first = { sku, hubId, productName, quantity, unitPriceMinor, lineTotalMinor: row.total_minor };
  if (more === null) return row.status === DELETED ? [] : [first];
  first.lineTotalMinor = quantity * unitPriceMinor;
  return [first, ...fromJson<[string, string, string, number, number][]>(more).map(toItem)];
}

const toItem = ([sku, hubId, productName, quantity, unitPriceMinor]: [
  string,
  string,
  string,
  number,
  number,
]): OrderItem => ({ sku, hubId, productName, quantity, unitPriceMinor, lineTotalMinor: quantity * unitPriceMinor });

/** The values of the columns that an edit may change, in the order of `CONTENT_COLUMNS`. */
export function contentValues({ items, ...content }: OrderContent): (string | number)[] {
  const [first] = items;
  return [
    content.customerName,
    content.customerEmail,
    content.totalMinor,
    content.orderDateMs,
    content.shippingAddress,
    first?.productName ?? '',
    first?.sku ?? '',
    first?.hubId ?? '',
    first?.quantity ?? 0,
    first?.unitPriceMinor ?? 0,
    Math.max(0, items.length - 1),
  ];
}

export const CONTENT_COLUMNS = [
  ...[
    'customer_name',
    'customer_email',
    'total_minor',
    'order_date',
    'shipping_address',
    'product_name',
    'sku',
    'hub_id',
  ],
  ...['quantity', 'unit_price_minor', 'more_items'],
];
