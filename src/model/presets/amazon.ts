/**
 * The order report of Amazon: tab-separated, a row for each item; the price of an item is that of all its pieces.
 * Source: Amazon Seller Central, "Order report", fields of the report.
 */
import { formatSchema } from '../format.ts';

export const AMAZON = formatSchema.parse({
  name: 'amazon',
  columns: {
    order_id: { from: 'order-id' },
    customer_name: { from: ['recipient-name', 'buyer-name'] },
    customer_email: { from: 'buyer-email' },
    product_name: { from: ['product-name', 'item-name'] },
    sku: { from: 'sku' },
    hub_id: { value: 'HUB-1' },
    quantity: { from: 'quantity-purchased' },
    unit_price: { from: 'item-price', divide_by: 'quantity' },
    order_date: { from: 'purchase-date' },
    shipping_address: {
      join: [
        ...['ship-address-1', 'ship-address-2', 'ship-address-3'],
        ...['ship-postal-code', 'ship-city', 'ship-state', 'ship-country'],
      ],
      with: ', ',
    },
  },
  lines: 'adjacent',
  delimiter: '\t',
});
