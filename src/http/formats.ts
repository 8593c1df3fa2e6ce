/** `/formats`: how the files of senders are read, by name; and `/template.csv`, a file that a format reads. */
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { View } from '../model/access.ts';
import { formatName, formatSchema } from '../model/format.ts';
import { Formats, type SavedFormat } from '../pipeline/formats.ts';
import { templateOf } from '../pipeline/template.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { principalOf, viewFor } from './access-guard.ts';
import { auditTarget } from './audit-trail.ts';
import { readIfMatch } from './conditional.ts';
import { notFound } from './errors.ts';
import { formatJson, readFormat } from './format-json.ts';
import { JsonBodies } from './json-body.ts';
import { jsonBody } from './order-routing.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { text } from './parameters.ts';
import { formatResponse, formatsResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

interface FormatPorts {
  store: Pick<OrderStore, 'smallRecords'>;
  clock: Clock;
}

export function formatRoutes(ports: FormatPorts) {
  const formats = new Formats(ports);
  const app = new Hono<HttpEnv>();
  app.get('/formats', listFormats(formats));
  app.get('/formats/:name', getFormat(formats));
  app.put('/formats/:name', putFormat(formats, new JsonBodies()));
  app.delete('/formats/:name', deleteFormat(formats));
  app.get('/template.csv', getTemplate(formats));
  return app;
}

const params = { name: formatName.describe('The name of the format.') };

/** For requests that name it beside their own subject. Throws `unknown_format` with the names that there are. */
export async function namedFormat(formats: Formats, name: string, view: Pick<View, 'hubs'>): Promise<SavedFormat> {
  const found = await formats.find(name, view);
  if (found) return found;
  const { items, next } = await formats.list(view, { limit: limits.pageItems, after: null });
  const names = items.map(({ format }) => format.name).join(', ');
  throw new OmsError(
    'unknown_format',
    `there is no format ${JSON.stringify(name.slice(0, 100))}, but ${names}${next === null ? '' : ' and more'}`,
  );
}

const listFormats = (formats: Formats) =>
  route(
    {
      id: 'listFormats',
      tag: 'Files',
      summary: 'List the formats',
      query: pageShape,
      responses: {
        200: json(formatsResponse, 'A page of formats: those that come with the service, then the others by name.'),
      },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
      engines: ['store'],
    },
    (c, readQuery) => {
      const list = ['formats'];
      const view = viewFor(c);
      return respondWithPage(c, list, readPage(list, readQuery(c)), (slice) => formats.list(view, slice), formatJson);
    },
  );

const respond = (c: Context, saved: SavedFormat, status: 200 | 201 = 200) => {
  c.header('etag', `"${saved.version}"`);
  return c.json(formatJson(saved), status);
};

const getFormat = (formats: Formats) =>
  route(
    {
      id: 'getFormat',
      tag: 'Files',
      summary: 'Show a format',
      params,
      responses: { 200: json(formatResponse, 'The format.', ['etag']) },
      problems: ['not_found'],
      engines: ['store'],
    },
    async (c) => {
      const name = c.req.param('name');
      const found = await formats.find(name, viewFor(c));
      if (!found) throw notFound('format', name);
      return respond(c, found);
    },
  );

const putFormat = (formats: Formats, bodies: JsonBodies) =>
  route(
    {
      id: 'putFormat',
      tag: 'Files',
      summary: 'Save a format',
      description:
        'A format that says what it said before stays as it is. Files that were uploaded before keep the version that they had.',
      params,
      headers: { 'If-Match': z.string().optional().describe('Only over this version: its `ETag`.') },
      body: jsonBody(formatSchema, `At most ${limits.maxFormatBytes} bytes. \`name\` may be left out.`),
      responses: {
        200: json(formatResponse, 'The format was there before.', ['etag']),
        201: json(formatResponse, 'The format is new.', ['etag']),
      },
      problems: [
        ...(['invalid_parameter', 'invalid_body', 'unfinished_upload', 'too_large', 'too_many_bodies'] as const),
        ...(['format_exists', 'version_mismatch'] as const),
      ],
      engines: ['store'],
    },
    (c) => {
      const name = nameIn(c);
      const versions = readIfMatch(c.req.header('if-match'));
      return bodies.read(c, { maxBytes: 2 * limits.maxFormatBytes, isBatch: false }, async (body) => {
        const saved = await formats.save(readFormat(name, body), principalOf(c), versions);
        auditTarget(c, `format ${name}`);
        return respond(c, saved, saved.isNew ? 201 : 200);
      });
    },
  );

function nameIn(c: Context<HttpEnv, '/:name'>): string {
  const name = formatName.safeParse(c.req.param('name'));
  if (name.success) return name.data;
  throw new OmsError('invalid_parameter', `name: ${name.error.issues[0]!.message}`);
}

const deleteFormat = (formats: Formats) =>
  route(
    {
      id: 'deleteFormat',
      tag: 'Files',
      summary: 'Delete a format',
      description: 'Files that were read by it keep what it said. A repeat changes nothing.',
      params,
      responses: { 204: { description: 'There is no such format any more.' } },
      problems: ['format_exists'],
      engines: ['store'],
    },
    async (c) => {
      const name = c.req.param('name');
      await formats.delete(name, viewFor(c));
      auditTarget(c, `format ${name.slice(0, limits.maxFormatTextChars)}`);
      return c.body(null, 204);
    },
  );

const getTemplate = (formats: Formats) =>
  route(
    {
      id: 'getTemplate',
      tag: 'Files',
      summary: 'Download an example of a file',
      query: { format: text.describe('The format that reads it; without it, a standard file.') },
      responses: { 200: { description: 'A header and two orders.', content: { 'text/csv': null } } },
      problems: ['invalid_parameter', 'unknown_format'],
      engines: ['store'],
    },
    async (c, readQuery) => {
      const { format: name } = readQuery(c);
      const format = name === undefined ? null : (await namedFormat(formats, name, viewFor(c))).format;
      c.header('content-disposition', `attachment; filename="${format?.name ?? 'orders'}.csv"`);
      return c.body(templateOf(format), 200, { 'content-type': 'text/csv; charset=utf-8' });
    },
  );
