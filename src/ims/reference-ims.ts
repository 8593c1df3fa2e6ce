/**
 * The reference IMS: a small service with the interface that OMS expects of any IMS. It answers from a catalog. OMS starts it when no other
 * IMS is configured. Its switches simulate a slow, failing or absent IMS.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { isOmsError, OmsError } from '../errors.ts';
import { noForeignOrigin } from '../http/foreign-origin.ts';
import { localOnly } from '../http/local-only.ts';
import { respondToUnrouted } from '../http/methods.ts';
import { problem } from '../http/problem.ts';
import { limits } from '../limits.ts';
import { isLoopback } from '../model/loopback.ts';
import type { SkusAndHubs } from '../ports/stock.ts';
import { Catalog, readCatalog, readCatalogFile } from './catalog.ts';

export interface ReferenceImsKnowledge {
  catalog: Catalog;
  /** Which of the SKUs and hubs are known besides those of the catalog. */
  alsoKnown?: (names: SkusAndHubs) => Promise<SkusAndHubs>;
}

export interface ReferenceImsOptions extends Omit<ReferenceImsKnowledge, 'catalog'> {
  /** The address to listen on; only this machine by default. */
  host?: string;
  /** 0 takes a free port. */
  port: number;
  /** A CSV `sku,hub_id`; without one the catalog starts empty. */
  catalogFile?: string;
  /** Who may change its catalog and switches; everybody by default. */
  mayChange?: MayChange;
}

export interface ReferenceIms {
  url: string;
  port: number;
  /** Drops requests under way. */
  close(): Promise<void>;
}

const validateSchema = z.object({ items: z.array(z.object({ sku: z.string(), hub_id: z.string() })) });

const switchesSchema = z.strictObject({
  /** How long every validate request waits. */
  latency_ms: z.int().min(0).max(limits.referenceImsMaxLatencyMs),
  /** The share of validate requests answered 503. */
  error_rate: z.number().min(0).max(1),
  /** Everything but the switches, the statistics and the catalog is answered 503. */
  outage: z.boolean(),
});

/** Listens. Throws OmsError `address_in_use`, `invalid_catalog` or `catalog_too_large`. */
export async function startReferenceIms(options: ReferenceImsOptions): Promise<ReferenceIms> {
  const { host = '127.0.0.1', port, catalogFile, mayChange, ...knowledge } = options;
  const catalog = catalogFile === undefined ? new Catalog() : await readCatalogFile(catalogFile);
  const app = referenceIms({ catalog, ...knowledge }, [
    noForeignOrigin([]),
    ...(isLoopback(host) ? [localOnly([])] : []),
    ...(mayChange ? [onlyAdmins(mayChange)] : []),
  ]);

  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new OmsError(
      'address_in_use',
      `The reference IMS cannot listen on ${host}, port ${port}: another program does. Stop it, or set OMS_IMS_PORT to a free port.`,
      { cause: error },
    );
  }
  const address = server.address() as AddressInfo;
  return {
    url: `http://${reachableHost(address)}:${address.port}`,
    port: address.port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  };
}

/** Whether the header `Authorization` is that of an admin. */
export type MayChange = (authorization: string | undefined) => boolean;

const onlyAdmins =
  (mayChange: MayChange): MiddlewareHandler =>
  (c, next) => {
    if (c.req.method !== 'PUT' || mayChange(c.req.header('authorization'))) return next();
    c.header('www-authenticate', 'Bearer realm="oms"');
    const detail = 'this needs the secret of OMS_ADMIN_KEY_FILE: send it as "Authorization: Bearer …"';
    return Promise.resolve(problem(c, 401, 'unauthenticated', detail));
  };

/** The service as an app, without a socket; each request passes the guards first. */
export function referenceIms(knowledge: ReferenceImsKnowledge, guards: MiddlewareHandler[] = []): Hono {
  const { catalog, alsoKnown = async () => ({ skus: [], hubIds: [] }) } = knowledge;
  const app = new Hono();
  for (const guard of guards) app.use(guard);
  const switches: z.infer<typeof switchesSchema> = { latency_ms: 0, error_rate: 0, outage: false };
  const stats = { requests: 0, items: 0 };

  app.post('/api/v1/validate', limited(limits.referenceImsRequestBytes), async (c) => {
    stats.requests += 1;
    // A long latency must not keep the process alive after the server is closed.
    if (switches.latency_ms > 0) await delay(switches.latency_ms, undefined, { ref: false });
    if (switches.outage) return problem(c, 503, 'outage', 'The outage switch is on.');
    if (Math.random() < switches.error_rate) return problem(c, 503, 'error_rate', 'The error_rate switch struck.');

    const body = validateSchema.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success) {
      return problem(c, 400, 'invalid_body', 'Expected {"items":[{"sku":"…","hub_id":"…"}]}.');
    }
    const { items } = body.data;
    if (items.length > limits.imsBatchItems) {
      return problem(c, 413, 'too_many_items', `At most ${limits.imsBatchItems} items fit in one request.`);
    }
    stats.items += items.length;
    const also = await alsoKnown({
      skus: distinct(items.map(({ sku }) => sku)).filter((sku) => !catalog.hasSku(sku)),
      hubIds: distinct(items.map(({ hub_id }) => hub_id)).filter((hubId) => !catalog.hasHub(hubId)),
    });
    const [skus, hubIds] = [new Set(also.skus), new Set(also.hubIds)];
    const results = items.map(({ sku, hub_id }) => ({
      sku,
      hub_id,
      sku_valid: catalog.hasSku(sku) || skus.has(sku),
      hub_valid: catalog.hasHub(hub_id) || hubIds.has(hub_id),
    }));
    return c.json({ results });
  });

  app.put('/catalog', limited(limits.referenceImsCatalogBodyBytes), async (c) => {
    // Merged only when it was read completely, so that a catalog that breaks off adds nothing.
    const added = await readCatalog(c.req.raw.body ? Readable.fromWeb(c.req.raw.body) : Readable.from([]));
    catalog.merge(added);
    return c.json({ skus: catalog.skuCount, hubs: catalog.hubCount });
  });

  app.get('/switches', (c) => c.json(switches));

  app.put('/switches', limited(limits.referenceImsRequestBytes), async (c) => {
    const body = switchesSchema.partial().safeParse(await c.req.json().catch(() => undefined));
    if (!body.success) return problem(c, 400, 'invalid_switches', z.prettifyError(body.error));
    Object.assign(switches, body.data);
    return c.json(switches);
  });

  app.get('/stats', (c) => c.json(stats));

  app.get('/healthz', (c) =>
    switches.outage ? problem(c, 503, 'outage', 'The outage switch is on.') : c.json({ status: 'ok' }),
  );

  app.notFound((c) => respondToUnrouted(app, c));
  app.onError((error, c) => {
    if (isOmsError(error, 'invalid_catalog')) return problem(c, 400, error.code, error.message);
    if (isOmsError(error, 'catalog_too_large')) return problem(c, 413, error.code, error.message);
    return problem(c, 500, 'internal', error.message);
  });
  return app;
}

function limited(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: (c) => problem(c, 413, 'body_too_large', `The body may have at most ${maxSize} bytes.`),
  });
}

/** The host by which a listening address is reached: loopback for a wildcard, and an IPv6 address in brackets. */
function reachableHost({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return family === 'IPv6' ? `[${address}]` : address;
}

const distinct = (names: string[]): string[] => [...new Set(names)];
