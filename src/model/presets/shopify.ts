/**
 * The orders that Shopify exports: a row for each item, where the rows behind the first of an order leave its cells empty.
 * Source: Shopify Help Center, "Exporting orders", "Information in the order export CSV file".
 */
import { formatSchema } from '../format.ts';

export const SHOPIFY = formatSchema.parse({
  name: 'shopify',
  columns: {
    order_id: { from: 'Name' },
    customer_name: { from: ['Shipping Name', 'Billing Name'] },
    customer_email: { from: 'Email' },
    product_name: { from: 'Lineitem name' },
    sku: { from: 'Lineitem sku' },
    hub_id: { value: 'HUB-1' },
    quantity: { from: 'Lineitem quantity' },
    unit_price: { from: 'Lineitem price' },
    order_date: { from: 'Created at' },
    shipping_address: {
      join: [
        ...['Shipping Address1', 'Shipping Address2', 'Shipping Company'],
        ...['Shipping Zip', 'Shipping City', 'Shipping Province', 'Shipping Country'],
      ],
      with: ', ',
    },
  },
  lines: 'adjacent',
  only: { column: 'Financial Status', in: ['paid'] },
});
