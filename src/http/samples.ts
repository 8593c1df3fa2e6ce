/** `GET /sample_orders.csv`: the sample that the first start loads, for people who have no file of their own yet. */
import { readFile } from 'node:fs/promises';
import { Hono } from 'hono';

const SAMPLE = new URL('../../sample_orders.csv', import.meta.url);

export function sampleRoutes() {
  const app = new Hono();
  app.get('/sample_orders.csv', async (c) =>
    c.body(new Uint8Array(await readFile(SAMPLE)), 200, {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="sample_orders.csv"',
    }),
  );
  return app;
}
