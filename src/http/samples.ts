/** The samples that the first start loads, orders and their stock, as downloads for users without files of their own. */
import { readFile } from 'node:fs/promises';
import { Hono } from 'hono';
import { type HttpEnv, route } from './route.ts';

const SAMPLES = [
  { name: 'sample_orders.csv', id: 'getSampleOrders', what: 'order file' },
  { name: 'sample_stock.csv', id: 'getSampleStock', what: 'CSV of stock' },
];

export function sampleRoutes() {
  const app = new Hono<HttpEnv>();
  for (const { name, id, what } of SAMPLES)
    app.get(
      `/${name}`,
      route(
        {
          id,
          tag: 'Service',
          summary: `Download a sample ${what}`,
          responses: {
            200: { description: `The ${what}.`, content: { 'text/csv': null }, headers: ['content-disposition'] },
          },
        },
        async (c) =>
          c.body(new Uint8Array(await readFile(new URL(`../../${name}`, import.meta.url))), 200, {
            'content-type': 'text/csv; charset=utf-8',
            'content-disposition': `attachment; filename="${name}"`,
          }),
      ),
    );
  return app;
}
