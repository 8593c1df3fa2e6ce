/**
 * The sold order items that Etsy exports: a row for each item, with days as month/day/year. It has no e-mail addresses; all orders get the
 * same one, of a domain that never exists (RFC 2606).
 * Source: Etsy Help Center, "How to Download Your Shop's Sold Order Items CSV", columns of the file.
 */
import { formatSchema } from '../format.ts';

export const ETSY = formatSchema.parse({
  name: 'etsy',
  columns: {
    order_id: { from: 'Order ID' },
    customer_name: { from: ['Ship Name', 'Buyer'] },
    customer_email: { value: 'buyer@etsy.invalid' },
    product_name: { from: 'Item Name' },
    sku: { from: 'SKU' },
    hub_id: { value: 'HUB-1' },
    quantity: { from: 'Quantity' },
    unit_price: { from: 'Price' },
    order_date: { from: 'Sale Date' },
    shipping_address: {
      join: [...['Ship Address1', 'Ship Address2', 'Ship Zipcode'], ...['Ship City', 'Ship State', 'Ship Country']],
      with: ', ',
    },
  },
  dates: ['MM/dd/yy'],
  lines: 'adjacent',
});
