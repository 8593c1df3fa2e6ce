/** Products, by their SKU: the names and the last price that orders have for them. Which SKUs exist is for the inventory service to say. */
import { byKey, type Projection } from './projection.ts';

export const products: Projection = {
  kind: 'product',
  additions: (order) =>
    byKey(order, ({ sku, productName, unitPriceMinor }) => ({
      key: sku,
      name: productName,
      priceMinor: unitPriceMinor,
    })),
};
