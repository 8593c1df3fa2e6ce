/** Orders as their rows have them, the first item within the row and the others in a table of their own. */
import { limits } from '../../limits.ts';
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
  created_at: number;
  updated_at: number;
  /** Its version, its actor, and the items behind the first; null for one of version 1 without an actor and with one item. */
  more: string | null;
}

export type StoredRow = OrderRow & {
  stock_taken: 0 | 1;
  untouched: 0 | 1;
  /** Of an undone order: what its history takes. */
  undone_bytes: number | null;
};

/**
 * One statement reads all of an order, so that it sees one version of it. What most orders lack is one column: each more makes lists slower.
 */
const COLUMNS = `o.seq, o.order_id, f.file_id, o.row, o.customer_name, o.customer_email, o.product_name, o.sku, o.hub_id, o.quantity,
    o.unit_price_minor, o.total_minor, o.order_date, o.shipping_address, o.status, o.created_at, o.updated_at,
    case when o.version > 1 or o.more_items > 0 or o.actor is not null then json_array(o.version, o.actor, (
      select json_group_array(json_array(i.sku, i.hub_id, i.product_name, i.quantity, i.unit_price_minor) order by i.n)
      from order_items i where i.order_no = o.seq)) end more`;

const FROM = 'from orders o left join files f on f.file_no = o.file_no';

export const SELECT = `select ${COLUMNS} ${FROM}`;
const STORED_COLUMNS = `o.stock_taken, o.version = o.created_as untouched, case when o.version = o.undone_as then (
      select sum(octet_length(c.fields)) from order_changes c where c.order_no = o.seq) end undone_bytes, ${COLUMNS}`;

/** With what `toStored` needs. */
export const SELECT_STORED = `select ${STORED_COLUMNS} ${FROM}`;

/** The orders with these ids, a JSON array. */
export const SELECT_BY_IDS = `
  select ${STORED_COLUMNS}
  from json_each(?) id cross join orders o on o.order_id = id.value left join files f on f.file_no = o.file_no`;

type MoreItem = [sku: string, hubId: string, productName: string, quantity: number, unitPriceMinor: number];
type More = readonly [version: number, actor: string | null, items: readonly MoreItem[]];

const NO_MORE: More = [1, null, []];

export function toOrder(row: OrderRow): Order {
  // By index: lists build thousands of orders, and taking an array apart would cost a tenth of it.
  const more = row.more === null ? NO_MORE : fromJson<More>(row.more);
  return {
    orderId: row.order_id,
    status: row.status,
    version: more[0],
    actor: more[1],
    customerName: row.customer_name,
    customerEmail: row.customer_email,
    items: itemsOf(row, more[2]),
    totalMinor: row.total_minor,
    orderDateMs: row.order_date,
    shippingAddress: row.shipping_address,
    fileId: row.file_id,
    row: row.row === 0 ? null : row.row,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

export const toStored = (row: StoredRow): StoredOrder => ({
  order: toOrder(row),
  holdsStock: row.stock_taken === 1,
  deleted: row.status === DELETED,
  untouched: row.untouched === 1,
  undone: row.undone_bytes !== null && row.undone_bytes <= limits.maxHistoryBytes,
});

function itemsOf(row: OrderRow, more: readonly MoreItem[]): OrderItem[] {
  const { sku, hub_id: hubId, product_name: productName, quantity, unit_price_minor: unitPriceMinor } = row;
  const first = { sku, hubId, productName, quantity, unitPriceMinor, lineTotalMinor: row.total_minor };
  if (more.length === 0) return row.status === DELETED ? [] : [first];
  first.lineTotalMinor = quantity * unitPriceMinor;
  return [first, ...more.map(toItem)];
}

const toItem = ([sku, hubId, productName, quantity, unitPriceMinor]: MoreItem): OrderItem => ({
  ...{ sku, hubId, productName, quantity, unitPriceMinor },
  lineTotalMinor: quantity * unitPriceMinor,
});

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
