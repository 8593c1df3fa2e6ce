/** The words of an order's history. */
import { formatNumber } from '../components/number.tsx';

export const history = {
  title: 'History',
  actions: {
    created: 'Created',
    status_changed: 'Moved',
    edited: 'Edited',
    deleted: 'Deleted',
    undone: 'Undone with its file',
  } as Record<string, string>,
  by: (actor: string | null) => `by ${actor ?? 'somebody'}`,
  version: (version: number) => `version ${formatNumber(version)}`,
  reason: (reason: string) => `“${reason}”`,
  before: 'before:',
  after: 'now:',
  showAll: (count: number) => `Show all ${formatNumber(count)} changes`,
  item: (quantity: number, product: string, sku: string, hub: string, price: string) =>
    `${formatNumber(quantity)} × ${product} (${sku}, ${hub}) at ${price}`,
  fields: {
    customer_name: 'Customer',
    customer_email: 'E-mail',
    items: 'Items',
    total_amount: 'Total',
    order_date: 'Order date',
    shipping_address: 'Shipping address',
    product_name: 'Product',
    sku: 'SKU',
    hub_id: 'Hub',
    quantity: 'Quantity',
    unit_price: 'Unit price',
  } as Record<string, string>,
};
