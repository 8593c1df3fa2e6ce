/** `/invalid-files`: the reports of rejected rows, as a list and as downloads: as CSV, or made into a workbook. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { ReportRecord } from '../model/file.ts';
import { seesFile } from '../model/views.ts';
import { BOM, findReport } from '../pipeline/report.ts';
import { reportWorkbook } from '../pipeline/report-workbook/report-workbook.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { viewFor } from './access-guard.ts';
import { basePath } from './base-path.ts';
import { namesTag, readRange } from './conditional.ts';
import { notFound } from './errors.ts';
import { seenBy } from './files.ts';
import { XLSX_TYPE } from './media-types.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { flag } from './parameters.ts';
import { problem } from './problem.ts';
import { type ReportResponse, reportsResponse } from './responses.ts';
import { type HttpEnv, json, type ResponseDescription, route } from './route.ts';
import { streamBytes } from './streams.ts';

interface ReportPorts {
  store: Pick<OrderStore, 'files'>;
  objects: ObjectStore;
}

export function invalidFileRoutes(ports: ReportPorts) {
  const app = new Hono<HttpEnv>();
  app.get('/invalid-files', listReports(ports));
  app.get('/invalid-files/:name', downloadReport(ports));
  return app;
}

const LIST = ['invalid-files'];

const listReports = ({ store }: ReportPorts) =>
  route(
    {
      id: 'listReports',
      tag: 'Files',
      summary: 'List the reports of rejected rows, newest first',
      query: pageShape,
      responses: { 200: json(reportsResponse, 'A page of reports.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
      engines: ['store'],
    },
    async (c, readQuery) =>
      respondWithPage(
        c,
        LIST,
        readPage(LIST, readQuery(c)),
        (slice) => store.files.reports(seenBy(viewFor(c)), slice),
        ({ fileId, report }): ReportResponse => ({
          name: report.name,
          file_id: fileId,
          rows: report.rows,
          size_bytes: report.sizeBytes,
          created_at: new Date(report.createdAtMs).toISOString(),
          url: `${basePath(c)}/invalid-files/${report.name}`,
        }),
      ),
  );

const MARK = Buffer.from(BOM);

async function beginsWithMark(objects: ObjectStore, key: string): Promise<boolean> {
  const begin: Uint8Array[] = [];
  for await (const block of await objects.open(key, { offset: 0, length: MARK.length }))
    begin.push(block as Uint8Array);
  return MARK.equals(Buffer.concat(begin));
}

/** The bytes of `mark` and the object behind each other, from `first` on. */
async function openMarked(
  objects: ObjectStore,
  key: string,
  mark: Buffer,
  { first, length }: { first: number; length: number },
): Promise<Readable> {
  const begin = mark.subarray(first, first + length);
  const offset = Math.max(0, first - mark.length);
  const rest = length > begin.length ? await objects.open(key, { offset, length: length - begin.length }) : null;
  if (begin.length === 0 && rest) return rest;
  return Readable.from(concatenated(begin, rest), { objectMode: false });
}

async function* concatenated(begin: Uint8Array, rest: Readable | null): AsyncGenerator<Uint8Array> {
  yield begin;
  if (rest) yield* rest;
}

const csv = (description: string, ...headers: string[]): ResponseDescription => ({
  description,
  content: { 'text/csv': null },
  headers: ['etag', 'accept-ranges', 'content-disposition', ...headers],
});

/** It is made as it is sent, so its size is not known, and there are no ranges of it. */
async function respondWithWorkbook(
  c: Context<HttpEnv>,
  objects: ObjectStore,
  { name, createdAtMs }: ReportRecord,
  { key, sizeBytes, version }: Awaited<ReturnType<typeof findReport>>,
): Promise<Response> {
  const etag = tagOf('xlsx', key, sizeBytes, version);
  const headers = { etag, 'accept-ranges': 'none' };
  if (namesTag(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers);
  const isHead = c.req.method === 'HEAD';
  const bytes = isHead ? null : reportWorkbook(await objects.open(key, { version }), createdAtMs);
  return c.newResponse(bytes && streamBytes(bytes), 200, {
    ...headers,
    'content-type': XLSX_TYPE,
    'content-disposition': `attachment; filename="${name.replace(/\.csv$/, '')}.xlsx"`,
  });
}

const tagOf = (...parts: (string | number)[]): string =>
  `"${createHash('sha256').update(parts.join(' ')).digest('base64url').slice(0, 22)}"`;

const downloadReport = ({ store, objects }: ReportPorts) =>
  route(
    {
      id: 'downloadReport',
      tag: 'Files',
      summary: 'Download a report of rejected rows',
      params: { name: z.string().describe('`invalid_file` of a file.') },
      query: {
        as: z
          .enum(['csv', 'xlsx'])
          .optional()
          .describe('`xlsx`: a workbook, with the reasons as notes on coloured cells.'),
        bom: flag.describe('Begin the CSV with a byte order mark in any case, for spreadsheets.'),
      },
      headers: {
        Range: z.string().describe('One range of bytes; several are answered with the whole report.'),
        'If-Range': z.string().describe('An entity tag: without a match the whole report is sent.'),
        'If-None-Match': z.string().describe('Entity tags: 304 when one matches.'),
      },
      responses: {
        200: {
          ...csv('The report.'),
          content: { 'text/csv': null, [XLSX_TYPE]: null },
        },
        206: csv('The requested bytes of it.', 'content-range'),
        304: { description: 'The client has this report.', headers: ['etag', 'accept-ranges'] },
      },
      problems: ['invalid_parameter', 'not_found', 'object_missing', 'range_not_satisfiable'],
      engines: ['store', 'objects'],
    },
    async (c, readQuery) => {
      const { as, bom } = readQuery(c);
      const found = await store.files.findReport(c.req.param('name'));
      if (!found || !seesFile(viewFor(c), found)) throw notFound('report', c.req.param('name'));
      // From here on the name comes from the store, not from the request.
      const { name } = found.report;
      const report = await findReport(objects, found.report);
      const { key, version } = report;
      if (as === 'xlsx') return respondWithWorkbook(c, objects, found.report, report);
      const mark = bom && !(await beginsWithMark(objects, key)) ? MARK : MARK.subarray(0, 0);
      const sizeBytes = mark.length + report.sizeBytes;
      const etag = tagOf(key, sizeBytes, version);
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
      const bytes = isHead ? null : await openMarked(objects, key, mark, { first, length });
      return c.newResponse(bytes && streamBytes(bytes), range ? 206 : 200, {
        ...headers,
        ...(range && { 'content-range': `bytes ${first}-${last}/${sizeBytes}` }),
        'content-length': String(length),
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${name}"`,
      });
    },
  );
