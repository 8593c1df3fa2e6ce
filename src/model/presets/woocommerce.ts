/**
 * The orders that the Customer / Order / Coupon Export of WooCommerce writes in its format "Default - One row per line item": each row has
 * the order and one item, whose subtotal is that of all pieces, before discounts and taxes.
 * Source: WooCommerce documentation, "Customer / Order / Coupon Export", column names of the CSV formats.
 */
import { formatSchema } from '../format.ts';

export const WOOCOMMERCE = formatSchema.parse({
  name: 'woocommerce',
  columns: {
    order_id: { from: ['order_number', 'order_id'] },
    customer_name: { join: ['billing_first_name', 'billing_last_name'] },
    customer_email: { from: 'billing_email' },
    product_name: { from: 'item_name' },
    sku: { from: 'item_sku' },
    hub_id: { value: 'HUB-1' },
    quantity: { from: 'item_quantity' },
    unit_price: { from: 'item_subtotal', divide_by: 'quantity' },
    order_date: { from: ['date', 'order_date'] },
    shipping_address: {
      join: [
        ...['shipping_address_1', 'shipping_address_2', 'shipping_postcode'],
        ...['shipping_city', 'shipping_state', 'shipping_country'],
      ],
      with: ', ',
    },
  },
  lines: 'adjacent',
  only: { column: 'status', in: ['processing', 'completed', 'wc-processing', 'wc-completed'] },
});
