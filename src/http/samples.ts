/** The samples that the first start loads, for people who have no files of their own yet: orders, and the stock for them. */
import { readFile } from 'node:fs/promises';
import { Hono } from 'hono';

export function sampleRoutes() {
  const app = new Hono();
  for (const name of ['sample_orders.csv', 'sample_stock.csv'])
    app.get(`/${name}`, async (c) =>
      c.body(new Uint8Array(await readFile(new URL(`../../${name}`, import.meta.url))), 200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${name}"`,
      }),
    );
  return app;
}
