/** `/inventory`: lists the available stock, and sets or adjusts it with JSON or CSV. */
import { Readable } from 'node:stream';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { areWithin } from '../model/views.ts';
import { previewStock } from '../pipeline/preview-stock.ts';
import { readStockCsv, stockChangeSchemas } from '../pipeline/stock-csv.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { StockChange, StockLevel, StockResult } from '../ports/stock.ts';
import { outsideHubs, principalOf, viewFor } from './access-guard.ts';
import { auditTarget } from './audit-trail.ts';
import { seenBy } from './files.ts';
import { idempotencyKey, readIdempotencyKey, scopedKey } from './idempotency-key.ts';
import { CSV_TYPES, mediaType, UNNAMED_TYPES } from './media-types.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { flag, key, oneOf } from './parameters.ts';
import { problem } from './problem.ts';
import {
  inventoryResponse,
  type StockResponse,
  type StockResultResponse,
  type StockResultsResponse,
  stockResultsResponse,
} from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

type Kind = keyof typeof stockChangeSchemas;
type StockPorts = { store: Pick<OrderStore, 'stock'> };

export function inventoryRoutes(ports: StockPorts) {
  const app = new Hono<HttpEnv>();
  const limited = bodyLimit({
    maxSize: limits.maxInventoryBytes,
    onError: (c) =>
      problem(c, 413, 'too_large', `the body is larger than ${limits.maxInventoryBytes} bytes: send it in parts`),
  });
  app.get('/inventory', listStock(ports));
  app.put('/inventory', limited, changeStock(ports, 'available'));
  app.post('/inventory/adjust', limited, changeStock(ports, 'delta'));
  return app;
}

const listStock = ({ store }: StockPorts) =>
  route(
    {
      id: 'listStock',
      tag: 'Inventory',
      summary: 'List what is available',
      query: { ...pageShape, sku: key, hub_id: key, sort: oneOf(['key', 'available']) },
      responses: { 200: json(inventoryResponse, 'A page of stock.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
      engines: ['store'],
    },
    async (c, readQuery) => {
      const query = readQuery(c);
      const sort = query.sort ?? 'key';
      const list = ['inventory', query.sku, query.hub_id, sort];
      const filter = {
        ...{ sort, ...seenBy(viewFor(c)) },
        ...(query.sku && { sku: query.sku }),
        ...(query.hub_id && { hubId: query.hub_id }),
      };
      const stockJson = ({ sku, hubId, available }: StockLevel): StockResponse => ({ sku, hub_id: hubId, available });
      return respondWithPage(c, list, readPage(list, query), (slice) => store.stock.list(filter, slice), stockJson);
    },
  );

const DESCRIPTIONS = {
  available: { id: 'setStock', summary: 'Set what is available' },
  delta: { id: 'adjustStock', summary: 'Add to what is available, or take away' },
} as const;

const changeStock = ({ store }: StockPorts, kind: Kind) =>
  route(
    {
      ...DESCRIPTIONS[kind],
      tag: 'Inventory',
      description: 'Changes are carried out one by one, in order; one that is refused does not stop the others.',
      query: {
        dry_run: flag.describe('Change nothing, and report what the result would be.'),
        from: flag.describe('Report what was available before, too.'),
      },
      headers: { 'Idempotency-Key': idempotencyKey },
      body: {
        required: true,
        description: `JSON, or a CSV with the columns sku, hub_id and ${kind}. At most ${limits.maxInventoryBytes} bytes.`,
        content: { 'application/json': changeBodies[kind], 'text/csv': null },
      },
      responses: { 200: json(stockResultsResponse, 'The result of each change.') },
      problems: [
        ...(['invalid_parameter', 'invalid_body', 'unsupported_encoding', 'unfinished_upload'] as const),
        ...(['too_large', 'key_reused'] as const),
      ],
      engines: ['store'],
    },
    async (c, readQuery) => {
      const principal = principalOf(c);
      const key = scopedKey(principal, readIdempotencyKey(c.req.header('idempotency-key')));
      const query = readQuery(c);
      const changes = await readChanges(c, kind);
      auditTarget(c, `${changes.length} stock rows${query.dry_run ? ', dry run' : ''}`);
      const foreign = changes.find((change) => !areWithin(principal.hubs, [change]));
      if (foreign) throw outsideHubs(foreign.hubId);
      const results = query.dry_run ? await previewStock(store.stock, changes) : await store.stock.change(changes, key);
      const withFrom = query.dry_run || query.from;
      const reported = results.map((result) => ({ ...resultJson(result), ...(withFrom && { from: result.before }) }));
      return c.json({ results: reported } satisfies StockResultsResponse);
    },
  );

const bodyOf = <Change extends z.ZodType>(change: Change) =>
  z.object({ items: z.array(change).max(limits.maxInventoryItems) });
export const changeBodies = {
  available: bodyOf(stockChangeSchemas.available),
  delta: bodyOf(stockChangeSchemas.delta),
};

function resultJson(result: StockResult): StockResultResponse {
  const stock = { sku: result.sku, hub_id: result.hubId, available: result.available };
  return 'error' in result ? { ...stock, status: 'refused', code: result.error } : { ...stock, status: 'ok' };
}

async function readChanges(c: Context<HttpEnv>, kind: Kind): Promise<StockChange[]> {
  const type = mediaType(c.req.header('content-type'));
  const unnamed = UNNAMED_TYPES.has(type)
    ? Buffer.from(await c.req.arrayBuffer().catch(() => new ArrayBuffer()))
    : null;
  if (unnamed !== null && !maybeJson(unnamed)) return readCsv(c, Readable.from([unnamed]), kind);
  if (CSV_TYPES.has(type))
    return readCsv(c, c.req.raw.body ? Readable.fromWeb(c.req.raw.body as never) : Readable.from([]), kind);
  const body = await c.req.json().catch(() => {
    throw new OmsError(
      'invalid_body',
      `the body is neither JSON {"items":[{"sku","hub_id","${kind}"}]} nor, as text/csv, a CSV of sku,hub_id,${kind}`,
    );
  });
  const parsed = changeBodies[kind].safeParse(body);
  if (parsed.success) return parsed.data.items;
  const { path, message } = parsed.error.issues[0]!;
  throw new OmsError('invalid_body', `${path.join('.') || 'the body'}: ${message}`);
}

async function readCsv(c: Context<HttpEnv>, bytes: Readable, kind: Kind): Promise<StockChange[]> {
  const changes: StockChange[] = [];
  try {
    for await (const batch of readStockCsv(bytes, kind, c.req.header('content-type'))) changes.push(...batch);
  } catch (error) {
    if (!c.env.incoming.errored) throw error;
    throw new OmsError('unfinished_upload', 'the body ended before all its bytes had arrived: send it again', {
      cause: error,
    });
  }
  return changes;
}

const maybeJson = (bytes: Buffer): boolean => /^\s*([[{]|$)/.test(bytes.toString('latin1', 0, 100));
