/** `/invalid-files`: the reports, to list and to download. */
import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { findReport } from '../pipeline/report.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { namesTag, readRange } from './conditional.ts';
import { notFound } from './errors.ts';
import { answerPage, pageShape, readPage, readQuery } from './parameters.ts';
import { problem } from './problem.ts';
import type { ReportResponse } from './responses.ts';
import { streamBytes } from './streams.ts';

export function invalidFileRoutes({ store, objects }: { store: Pick<OrderStore, 'files'>; objects: ObjectStore }) {
  const app = new Hono();
  const LIST = ['invalid-files'];

  app.get('/invalid-files', async (c) => {
    return answerPage(
      c,
      LIST,
      readPage(LIST, readQuery(c, pageShape)),
      (slice) => store.files.reports(slice),
      ({ fileId, report }): ReportResponse => ({
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
    const { key, sizeBytes, version } = await findReport(objects, found.report);
    const etag = `"${createHash('sha256').update(`${key} ${sizeBytes} ${version}`).digest('base64url').slice(0, 22)}"`;
    const headers = { etag, 'accept-ranges': 'bytes' };
    if (namesTag(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers);
    const isHead = c.req.method === 'HEAD';
    const range = isHead ? null : readRange(c.req.header('range'), c.req.header('if-range'), { etag, sizeBytes });
    if (range === 'unsatisfiable') {
      c.header('content-range', `bytes */${sizeBytes}`);
      return problem(c, 416, 'range_not_satisfiable', `the report has ${sizeBytes} bytes: ask for some of those`);
    }
    const { first, last } = range ?? { first: 0, last: sizeBytes - 1 };
    const length = last - first + 1;
    const bytes = isHead ? null : await objects.open(key, { offset: first, length });
    return c.newResponse(bytes && streamBytes(bytes), range ? 206 : 200, {
      ...headers,
      ...(range && { 'content-range': `bytes ${first}-${last}/${sizeBytes}` }),
      'content-length': String(length),
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}"`,
    });
  });
  return app;
}
