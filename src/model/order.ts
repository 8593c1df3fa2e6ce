/** An order as the store holds it and as the API and events show it. Money is in minor units inside, text outside. */
import { formatMinor } from './money.ts';

export const ORDER_STATUSES = ['on_hold'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export interface OrderItem {
  sku: string;
  hubId: string;
  productName: string;
  quantity: number;
  unitPriceMinor: number;
  lineTotalMinor: number;
}

export interface Order {
  orderId: string;
  status: OrderStatus;
  customerName: string;
  customerEmail: string;
  items: OrderItem[];
  totalMinor: number;
  orderDateMs: number;
  shippingAddress: string;
  fileId: string;
  row: number;
  createdAtMs: number;
  updatedAtMs: number;
}

/** The public shape. Field order is fixed: events are built from it and must be the same bytes each time (INV-3). */
export function orderJson(order: Order) {
  const createdAt = new Date(order.createdAtMs).toISOString();
  return {
    order_id: order.orderId,
    status: order.status,
    customer: { name: order.customerName, email: order.customerEmail },
    items: order.items.map((item) => ({
      sku: item.sku,
      hub_id: item.hubId,
      product_name: item.productName,
      quantity: item.quantity,
      unit_price: formatMinor(item.unitPriceMinor),
      line_total: formatMinor(item.lineTotalMinor),
    })),
    total_amount: formatMinor(order.totalMinor),
    order_date: new Date(order.orderDateMs).toISOString(),
    shipping_address: order.shippingAddress,
    source: { file_id: order.fileId, row: order.row },
    created_at: createdAt,
    updated_at: order.updatedAtMs === order.createdAtMs ? createdAt : new Date(order.updatedAtMs).toISOString(),
  };
}
