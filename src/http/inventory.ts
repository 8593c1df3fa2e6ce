/** `/inventory`: what is available, set and adjusted as JSON or as CSV. */
import { Readable } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { previewStock } from '../pipeline/preview-stock.ts';
import { readStockCsv, stockChangeSchemas } from '../pipeline/stock-csv.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { StockChange, StockLevel, StockResult } from '../ports/stock.ts';
import { CSV_TYPES, mediaType, UNTOLD_TYPES } from './media-types.ts';
import { answerPage, flag, key, oneOf, pageShape, readPage, readQuery } from './parameters.ts';
import { problem } from './problem.ts';
import type { StockResponse, StockResultResponse, StockResultsResponse } from './responses.ts';
import { readIdempotencyKey } from './upload.ts';

type Kind = keyof typeof stockChangeSchemas;

export function inventoryRoutes({ store }: { store: Pick<OrderStore, 'stock'> }) {
  const app = new Hono<{ Bindings: HttpBindings }>();

  app.get('/inventory', async (c) => {
    const query = readQuery(c, { ...pageShape, sku: key, hub_id: key, sort: oneOf(['key', 'available']) });
    const sort = query.sort ?? 'key';
    const list = ['inventory', query.sku, query.hub_id, sort];
    const filter = { sort, ...(query.sku && { sku: query.sku }), ...(query.hub_id && { hubId: query.hub_id }) };
    const stockJson = ({ sku, hubId, available }: StockLevel): StockResponse => ({ sku, hub_id: hubId, available });
    return answerPage(c, list, readPage(list, query), (slice) => store.stock.list(filter, slice), stockJson);
  });

  const limited = bodyLimit({
    maxSize: limits.maxInventoryBytes,
    onError: (c) =>
      problem(c, 413, 'too_large', `the body is larger than ${limits.maxInventoryBytes} bytes: send it in parts`),
  });

  app.put('/inventory', limited, (c) => change(c, 'available'));
  app.post('/inventory/adjust', limited, (c) => change(c, 'delta'));

  async function change(c: Context<{ Bindings: HttpBindings }>, kind: Kind): Promise<Response> {
    const idempotencyKey = readIdempotencyKey(c.req.header('idempotency-key'));
    const query = readQuery(c, { dry_run: flag, from: flag });
    const changes = await readChanges(c, kind);
    const results = query.dry_run
      ? await previewStock(store.stock, changes)
      : await store.stock.change(changes, idempotencyKey);
    const withFrom = query.dry_run || query.from;
    const answer = results.map((result) => ({ ...resultJson(result), ...(withFrom && { from: result.before }) }));
    return c.json({ results: answer } satisfies StockResultsResponse);
  }
  return app;
}

function resultJson(result: StockResult): StockResultResponse {
  const stock = { sku: result.sku, hub_id: result.hubId, available: result.available };
  return 'error' in result ? { ...stock, status: 'refused', code: result.error } : { ...stock, status: 'ok' };
}

async function readChanges(c: Context<{ Bindings: HttpBindings }>, kind: Kind): Promise<StockChange[]> {
  const type = mediaType(c.req.header('content-type'));
  const untold = UNTOLD_TYPES.has(type) ? Buffer.from(await c.req.arrayBuffer().catch(() => new ArrayBuffer())) : null;
  if (CSV_TYPES.has(type) || (untold !== null && !maybeJson(untold))) {
    const bytes = untold
      ? Readable.from([untold])
      : c.req.raw.body
        ? Readable.fromWeb(c.req.raw.body as never)
        : Readable.from([]);
    const changes: StockChange[] = [];
    try {
      for await (const batch of readStockCsv(bytes, kind, c.req.header('content-type'))) changes.push(...batch);
    } catch (error) {
      if (!c.env.incoming.errored) throw error;
      throw new OmsError('unfinished_upload', 'the body ended before all its bytes had come: send it again', {
        cause: error,
      });
    }
    return changes;
  }
  const body = await c.req.json().catch(() => {
    throw new OmsError(
      'invalid_body',
      `the body is neither JSON {"items":[{"sku","hub_id","${kind}"}]} nor, as text/csv, a CSV of sku,hub_id,${kind}`,
    );
  });
  const parsed = z.object({ items: z.array(stockChangeSchemas[kind]).max(limits.maxInventoryItems) }).safeParse(body);
  if (parsed.success) return parsed.data.items as StockChange[];
  const { path, message } = parsed.error.issues[0]!;
  throw new OmsError('invalid_body', `${path.join('.') || 'the body'}: ${message}`);
}

const maybeJson = (bytes: Buffer): boolean => /^\s*([[{]|$)/.test(bytes.toString('latin1', 0, 100));
