/** `GET /files/{file_id}/rejections`: the rejected rows of a file, with their reasons. */
import { Hono } from 'hono';
import { OmsError } from '../errors.ts';
import { REASON_CODES } from '../model/rejection.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { viewFor } from './access-guard.ts';
import { fileParams, findFile } from './files.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { oneOf, rowNumber } from './parameters.ts';
import { type RejectionResponse, rejectionsResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

export function rejectionRoutes({ store }: { store: Pick<OrderStore, 'files' | 'rejections'> }) {
  return new Hono<HttpEnv>().get(
    '/files/:file_id/rejections',
    route(
      {
        id: 'listRejections',
        tag: 'Files',
        summary: 'List the rejected rows of a file',
        params: fileParams,
        query: { ...pageShape, code: oneOf(REASON_CODES), from_row: rowNumber },
        responses: { 200: json(rejectionsResponse, 'A page of rejected rows, in the order of the file.') },
        problems: ['invalid_parameter', 'invalid_cursor', 'not_found', 'report_deleted', 'too_many_reads'],
        engines: ['store'],
      },
      async (c, readQuery) => {
        const query = readQuery(c);
        const file = await findFile(store, viewFor(c), c.req.param('file_id'));
        if (file.reportDeletedAtMs !== null && file.invalid > 0)
          throw new OmsError(
            'report_deleted',
            `the rejected rows of file ${file.fileId} were deleted on ${new Date(file.reportDeletedAtMs).toISOString()}, as they are not kept for longer`,
          );
        const list = ['rejections', file.fileId, query.code, ...(query.from_row ? [query.from_row] : [])];
        const filter = { ...(query.code && { code: query.code }), ...(query.from_row && { fromRow: query.from_row }) };
        const columns = (file.columns ?? []).filter((column) => !column.startsWith('_'));
        return respondWithPage(
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
      },
    ),
  );
}
