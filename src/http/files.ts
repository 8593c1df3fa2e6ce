/** `/files`: what became of each upload, live progress, the rejected rows, cancel and retry. */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { limits } from '../limits.ts';
import { FILE_STATUSES, type FileRecord, isEnded } from '../model/file.ts';
import { REASON_CODES } from '../model/rejection.ts';
import { retryFile } from '../pipeline/retry-file.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { PageRequest } from '../ports/page.ts';
import { notFound } from './errors.ts';
import { filesJson } from './file-json.ts';
import { answerPage, oneOf, pageShape, readPage, readQuery, rowNumber, text } from './parameters.ts';
import type { RejectionResponse } from './responses.ts';
import { type EventStreaming, streamEvents } from './streams.ts';

export function fileRoutes(
  { store, queue, clock }: { store: Pick<OrderStore, 'files' | 'rejections'>; queue: JobQueue; clock: Clock },
  streaming: EventStreaming,
) {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const find = async (fileId: string) => {
    const file = await store.files.get(fileId);
    if (!file) throw notFound('file', fileId);
    return file;
  };
  const json = async (file: FileRecord) => (await filesJson(store, [file]))[0]!;

  app.get('/files', async (c) => {
    const query = readQuery(c, { ...pageShape, status: oneOf(FILE_STATUSES), parent_file_id: text });
    const list = ['files', query.status, query.parent_file_id];
    const filter = {
      ...(query.status && { status: query.status }),
      ...(query.parent_file_id && { parentFileId: query.parent_file_id }),
    };
    const read = async (slice: PageRequest) => {
      const page = await store.files.list(filter, slice);
      return { ...page, items: await filesJson(store, page.items) };
    };
    return answerPage(c, list, readPage(list, query), read, (file) => file);
  });

  app.get('/files/:id', async (c) => c.json(await json(await find(c.req.param('id')))));

  app.get('/files/:id/progress', async (c) => {
    const { fileId } = await find(c.req.param('id'));
    return streamEvents(c, streaming, async function* (stop) {
      for (let shown = ''; ; ) {
        const file = await find(fileId);
        const shownNow = JSON.stringify(await json(file));
        yield shownNow === shown ? '' : `event: file\ndata: ${shownNow}\n\n`;
        shown = shownNow;
        if (isEnded(file.status)) return;
        await clock.sleep(limits.progressMs, stop);
      }
    });
  });

  app.get('/files/:id/rejections', async (c) => {
    const query = readQuery(c, { ...pageShape, code: oneOf(REASON_CODES), from_row: rowNumber });
    const file = await find(c.req.param('id'));
    const list = ['rejections', file.fileId, query.code, ...(query.from_row ? [query.from_row] : [])];
    const filter = { ...(query.code && { code: query.code }), ...(query.from_row && { fromRow: query.from_row }) };
    const columns = (file.columns ?? []).filter((column) => !column.startsWith('_'));
    return answerPage(
      c,
      list,
      readPage(list, query),
      (slice) => store.rejections.list(file.fileId, filter, slice),
      ({ row, reasons, values, record }): RejectionResponse => ({
        row,
        codes: [...new Set(reasons.map((reason) => reason.code))],
        reasons,
        values: Object.fromEntries(columns.map((column, i) => [column, values[i] ?? ''])),
        ...(record !== undefined && { record }),
      }),
    );
  });

  app.post('/files/:id/cancel', async (c) => {
    const fileId = c.req.param('id');
    const file = await store.files.requestCancel(fileId);
    if (!file) throw notFound('file', fileId);
    return c.json(await json(file), 202);
  });

  app.post('/files/:id/retry', async (c) => {
    const fileId = c.req.param('id');
    const file = await retryFile({ store, queue }, fileId);
    if (!file) throw notFound('file', fileId);
    return c.json(await json(file), 202);
  });
  return app;
}
