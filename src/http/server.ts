/** The HTTP server: one router of all resources behind the guards, and the socket's timeouts. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { rateLimited } from '../log.ts';
import { requestTurn } from '../ports/event-loop.ts';
import type { Ports } from '../ports/ports.ts';
import { portsOf, type Role } from '../roles.ts';
import { guardConnections } from './connections.ts';
import { lingerAfterEarlyAnswer } from './early-answer.ts';
import { answerError } from './errors.ts';
import { eventRoutes } from './events.ts';
import { fileRoutes } from './files.ts';
import { noForeignOrigin } from './foreign-origin.ts';
import { healthRoutes } from './health.ts';
import { heavyReads } from './heavy-reads.ts';
import { invalidFileRoutes } from './invalid-files.ts';
import { inventoryRoutes } from './inventory.ts';
import { isLoopback, localOnly } from './local-only.ts';
import { answerUnrouted } from './methods.ts';
import { metricsRoutes } from './metrics.ts';
import { orderRoutes } from './orders.ts';
import { Places } from './places.ts';
import { progressRoutes } from './progress.ts';
import { sampleRoutes } from './samples.ts';
import { settingsRoutes } from './settings.ts';
import { sampleRowsPerSecond, statsRoutes } from './stats.ts';
import { answerUnreadable, answerUnroutable } from './unreadable.ts';
import { uploadRoutes } from './upload.ts';
import { webPage } from './web.ts';

export interface HttpOptions {
  ports: Ports;
  config: Config;
  /** Without `api` among them only health and metrics are served. */
  roles: readonly Role[];
  logger: Logger;
}

export function createHttpApp(
  { ports, config, roles, logger: everyLine }: HttpOptions,
  stopping: AbortSignal,
  rowsPerSecond: () => number,
) {
  const logger = rateLimited(everyLine);
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.onError((error, c) => answerError(error, c, logger));
  const web = roles.includes('api') ? webPage() : null;
  app.notFound(async (c) => {
    const answer = answerUnrouted(app, c, await web?.has(c.req.path));
    return (answer.status === 404 && web?.nothingHere(c)) || answer;
  });
  app.use(lingerAfterEarlyAnswer);
  app.use(async (c, next) => {
    await next();
    c.header('x-content-type-options', 'nosniff');
    // HEAD runs the route of GET; nobody reads the body that it made, which may hold a file open.
    if (c.req.method === 'HEAD') await c.res.body?.cancel();
  });
  app.use(noForeignOrigin(config.allowedHosts));
  // Behind a published port of a container a page could ask as well.
  if (isLoopback(config.host) || config.allowedHosts.length > 0) app.use(localOnly(config.allowedHosts));
  if (web) app.use(web.serve);
  app.use(async (c, next) => {
    await next();
    // Customers' names and addresses are in most answers: none stays in a cache, on this machine or on the way.
    c.header('cache-control', 'no-store');
    // A proxy that collects an answer would keep events back for as long.
    if (c.res.headers.get('content-type')?.startsWith('text/event-stream')) c.header('x-accel-buffering', 'no');
  });
  const { objects, queue, store, ims, events } = ports;
  const all = { objects, queue, store, ims, events };
  const needed = portsOf(roles, 'readiness');
  app.route(
    '/',
    healthRoutes(Object.fromEntries(Object.entries(all).filter(([name]) => needed.has(name as keyof typeof all)))),
  );
  app.route('/', metricsRoutes(ports));
  if (!web) return app;
  // Health has been answered above, at once; each other request begins when it is its turn, however many came together. Those that
  // have to wait for others like them, or to come again, do so before.
  app.use(heavyReads());
  app.use(async (_, next) => {
    await requestTurn();
    await next();
  });
  const places = new Places({ all: limits.maxStreams, perAddress: limits.maxStreamsOfAddress });
  const streaming = { stopping, logger, places };
  app.route('/', uploadRoutes({ ...ports, logger }, { maxBytes: config.maxUploadBytes }));
  app.route('/', fileRoutes(ports, streaming));
  app.route('/', progressRoutes({ ...ports, logger }, streaming));
  app.route('/', statsRoutes(ports, rowsPerSecond, config.timeZone));
  app.route('/', invalidFileRoutes(ports));
  app.route('/', orderRoutes(ports, config));
  app.route('/', inventoryRoutes(ports));
  app.route('/', eventRoutes(ports, streaming));
  app.route('/', settingsRoutes(config));
  app.route('/', sampleRoutes());
  return app;
}

/** Listens. Throws `address_in_use`. */
export async function startHttpServer(options: HttpOptions) {
  const { config, ports } = options;
  const stopping = new AbortController();
  const rate = sampleRowsPerSecond(ports);
  const app = createHttpApp(options, stopping.signal, rate.rowsPerSecond);
  const server = createServer();
  // A total bound would cut slow uploads that are moving: only silence ends a connection.
  server.requestTimeout = 0;
  server.headersTimeout = limits.headersMs;
  server.timeout = limits.uploadIdleMs;
  server.maxHeadersCount = limits.maxHeaders;
  const guard = guardConnections(server, getRequestListener(app.fetch, { errorHandler: answerUnroutable }));
  server.on('clientError', answerUnreadable);
  const variable = options.roles.includes('api') ? 'OMS_PORT' : 'OMS_HEALTH_PORT';
  const wanted = variable === 'OMS_PORT' ? config.port : config.healthPort;
  server.listen(wanted, config.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    rate.stop();
    guard.stop();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new OmsError(
        'address_in_use',
        `${variable}: another program listens on ${config.host}, port ${wanted}: stop it, or set ${variable}`,
      );
    throw new OmsError(
      'address_unusable',
      `OMS_HOST: cannot listen on ${config.host}, port ${wanted}: ${(error as Error).message}`,
    );
  }
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `http://${host}:${port}`,
    /** Ends subscriptions, lets requests under way finish for a while, then drops them. */
    async stop(): Promise<void> {
      stopping.abort();
      rate.stop();
      guard.stop();
      const closed = once(server, 'close');
      server.close();
      // A connection becomes idle when the last answer on it has ended, which Node does not look at again by itself.
      const sweep = setInterval(() => server.closeIdleConnections(), limits.stopCheckMs);
      const timer = setTimeout(() => server.closeAllConnections(), limits.stopRequestsMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(timer);
    },
  };
}
