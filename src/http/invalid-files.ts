/** `/invalid-files`: the reports, to list and to download. */
import { Hono } from 'hono';
import { findReport } from '../pipeline/report.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { ReportAnswer } from './answers.ts';
import { notFound } from './errors.ts';
import { answerPage, pageShape, readPage, readQuery } from './parameters.ts';
import { streamBytes } from './streams.ts';

export function invalidFileRoutes({ store, objects }: { store: OrderStore; objects: ObjectStore }) {
  const app = new Hono();
  const LIST = ['invalid-files'];

  app.get('/invalid-files', async (c) => {
    return answerPage(
      c,
      LIST,
      readPage(LIST, readQuery(c, pageShape)),
      (slice) => store.files.reports(slice),
      ({ fileId, report }): ReportAnswer => ({
        name: report.name,
        file_id: fileId,
        rows: report.rows,
        size_bytes: report.sizeBytes,
        created_at: new Date(report.createdAtMs).toISOString(),
        url: `/invalid-files/${report.name}`,
      }),
    );
  });

  app.get('/invalid-files/:name', async (c) => {
    const found = await store.files.findReport(c.req.param('name'));
    if (!found) throw notFound('report', c.req.param('name'));
    // The name from here on is the server's own, not the request's.
    const { name } = found.report;
    const { key, sizeBytes } = await findReport(objects, found.report);
    const bytes = await objects.open(key);
    return c.body(streamBytes(bytes), 200, {
      'content-type': 'text/csv; charset=utf-8',
      'content-length': String(sizeBytes),
      'content-disposition': `attachment; filename="${name}"`,
      'x-content-type-options': 'nosniff',
    });
  });
  return app;
}
