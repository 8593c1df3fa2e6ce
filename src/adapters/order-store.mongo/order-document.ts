/** An order and its changes as the model has them, from its document and back. */
import { limits } from '../../limits.ts';
import { ERASED, type Order, type OrderContent, type OrderItem, type StoredOrder } from '../../model/order.ts';
import { DELETED, type FieldChange, type OrderChange } from '../../model/order-change.ts';
import type { OrderHistory } from '../../ports/order-changes.ts';
import {
  type ChangeEntry,
  chunkId,
  type ItemDocument,
  type OrderDocument,
  type SetField,
  type SourceDocument,
  versionOf,
} from './documents.ts';

const toItem = (item: ItemDocument): OrderItem => ({
  sku: item.sku,
  hubId: item.hub_id,
  productName: item.product_name,
  quantity: item.quantity,
  unitPriceMinor: item.unit_price_minor,
  lineTotalMinor: item.line_total_minor,
});

const itemDocument = (item: OrderItem): ItemDocument => ({
  sku: item.sku,
  hub_id: item.hubId,
  product_name: item.productName,
  quantity: item.quantity,
  unit_price_minor: item.unitPriceMinor,
  line_total_minor: item.lineTotalMinor,
});

/** Of an order that is not void. */
export function toOrder(document: OrderDocument): Order {
  return {
    orderId: document._id,
    status: document.status,
    version: versionOf(document),
    actor: document.actor ?? null,
    ...(document.status === DELETED ? ERASED : toContent(document)),
    fileId: document.file,
    row: document.row,
    createdAtMs: document.created_at.getTime(),
    updatedAtMs: document.updated_at.getTime(),
  };
}

const toContent = (document: OrderDocument): OrderContent => ({
  customerName: document.customer.name,
  customerEmail: document.customer.email,
  items: document.items.map(toItem),
  totalMinor: document.total_minor,
  orderDateMs: document.order_date.getTime(),
  shippingAddress: document.shipping_address,
});

/** The fields of the content. A deleted order has none of them. */
export const contentFields = (content: OrderContent) => ({
  customer: { name: content.customerName, email: content.customerEmail },
  items: content.items.map(itemDocument),
  total_minor: content.totalMinor,
  order_date: new Date(content.orderDateMs),
  shipping_address: content.shippingAddress,
});

export const toStoredOrder = (document: OrderDocument): StoredOrder => ({
  order: toOrder(document),
  holdsStock: document.stock_taken,
  deleted: document.status === DELETED,
  untouched: versionOf(document) === (document.created_as ?? 1),
  undone: document.undone_as === versionOf(document) && (document.log_bytes ?? 0) <= limits.maxHistoryBytes,
});

/** Where an order comes from, and came from before it was taken again, oldest first. Needs its log. */
export const sourcesOf = ({ file, row, chunk, log = [] }: OrderDocument): SourceDocument[] => [
  ...log.flatMap(({ former }) => former ?? []),
  { file, row, ...(chunk !== undefined && { chunk }) },
];

/** The row of an order in a chunk that it names as `erased_from`. */
export function rowIn(chunk: string, order: OrderDocument): number {
  const sources = sourcesOf(order);
  const source =
    sources.length === 1 ? sources[0] : sources.find(({ file, chunk: n }) => file && chunkId(file, n!) === chunk);
  return source!.row!;
}

export const toHistory = (document: OrderDocument): OrderHistory => ({
  stored: toStoredOrder(document),
  changes: changesOf(document),
});

/** All changes, oldest first. That of a row is not in the log: its chunk has it. */
export function changesOf({ status, created_at, log = [] }: OrderDocument): OrderChange[] {
  const changes = log.map(toChange);
  if (log[0]?.m === 1) return changes;
  const toStatus = log[0]?.from ?? status;
  return [
    {
      ...{ version: 1, kind: 'created', fromStatus: null, toStatus, fields: [] },
      ...{ reason: null, actor: null, atMs: created_at.getTime() },
    },
    ...changes,
  ];
}

const toChange = (entry: ChangeEntry): OrderChange => ({
  version: entry.m,
  kind: entry.kind,
  fromStatus: entry.from,
  toStatus: entry.to,
  // A first creation has no fields before it.
  fields: entry.m === 1 ? [] : entry.set.map(toFieldChange),
  reason: entry.reason,
  actor: entry.actor,
  atMs: entry.at.getTime(),
  ...(entry.former && { former: { fileId: entry.former.file, row: entry.former.row } }),
});

export function toFieldChange({ field, from, to }: SetField): FieldChange {
  return Array.isArray(from)
    ? { field, from: from.map(toItem), to: (to as ItemDocument[]).map(toItem) }
    : { field, from, to: to as string | number };
}

export function setField({ field, from, to }: FieldChange): SetField {
  return Array.isArray(from)
    ? { field, from: from.map(itemDocument), to: (to as OrderItem[]).map(itemDocument) }
    : { field, from, to: to as string | number };
}
