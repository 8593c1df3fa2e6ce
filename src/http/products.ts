/** `/products`: what was ordered, by SKU. Which SKUs exist is for the inventory service to say. */
import { Hono } from 'hono';
import * as z from 'zod';
import { limits } from '../limits.ts';
import { trimKey } from '../model/characters.ts';
import { formatMinor } from '../model/money.ts';
import type { Ports } from '../ports/ports.ts';
import type { Subject } from '../ports/read-models.ts';
import { notFound } from './errors.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { key } from './parameters.ts';
import { daysJson, sumsJson, VIEW_PROBLEMS, viewsOf } from './read-models.ts';
import { type OneProductResponse, oneProductResponse, type ProductResponse, productsResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

type ProductPorts = Pick<Ports, 'store' | 'views'>;

export function productRoutes(ports: ProductPorts) {
  const app = new Hono<HttpEnv>();
  app.get('/products', listProducts(ports));
  app.get('/products/:sku', getProduct(ports));
  return app;
}

const listProducts = (ports: ProductPorts) =>
  route(
    {
      id: 'listProducts',
      tag: 'Orders',
      summary: 'List products by SKU',
      query: { ...pageShape, q: key.describe('How the SKU begins.') },
      responses: { 200: json(productsResponse, 'A page of products.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads', ...VIEW_PROBLEMS],
      engines: ['store'],
    },
    (c, readQuery) => {
      const views = viewsOf(ports);
      const query = readQuery(c);
      const startingWith = query.q ?? '';
      const list = ['products', startingWith];
      const read = (slice: Parameters<typeof views.list>[2]) => views.list('product', startingWith, slice);
      return respondWithPage(c, list, readPage(list, query), read, productJson);
    },
  );

const getProduct = (ports: ProductPorts) =>
  route(
    {
      id: 'getProduct',
      tag: 'Orders',
      summary: 'Get a product with what is available',
      params: { sku: z.string().describe('The SKU.') },
      responses: { 200: json(oneProductResponse, 'The product.') },
      problems: ['not_found', ...VIEW_PROBLEMS],
      engines: ['store'],
    },
    async (c) => {
      const views = viewsOf(ports);
      const sku = trimKey(c.req.param('sku'));
      const product = await views.get('product', sku);
      if (!product) throw notFound('product', sku);
      const stock = await ports.store.stock.list({ sku, sort: 'key' }, { limit: limits.maxPageItems, after: null });
      const response: OneProductResponse = {
        ...productJson(product),
        names: await views.names('product', sku),
        available: stock.items.map(({ hubId, available }) => ({ hub_id: hubId, available })),
      };
      return c.json(response);
    },
  );

export const productJson = (product: Subject): ProductResponse => ({
  ...{ sku: product.key, name: product.name ?? '', last_price: formatMinor(product.priceMinor ?? 0) },
  ...sumsJson(product),
  cancelled_units: product.cancelledUnits,
  ...daysJson(product),
});
