/** The router of all resources, and the guards that each request passes first. */
import { Hono, type MiddlewareHandler } from 'hono';
import type { Logger } from 'pino';
import type { Access } from '../access/access.ts';
import type { AuditLog } from '../access/audit-log.ts';
import type { Oidc } from '../access/open-oidc.ts';
import type { UserAccess } from '../access/user-access.ts';
import type { Config } from '../config.ts';
import { limits } from '../limits.ts';
import { type RequestLog, rateLimited } from '../log.ts';
import { isLoopback } from '../model/loopback.ts';
import { type FinalizerLag, finalizerLag } from '../pipeline/finalizer/lag.ts';
import type { Ports } from '../ports/ports.ts';
import { portsOf, type Role } from '../roles.ts';
import { AccessGuard } from './access-guard.ts';
import { auditRoutes } from './audit.ts';
import { auditTrail } from './audit-trail.ts';
import { authRoutes } from './auth.ts';
import { basePath, routedPath } from './base-path.ts';
import { Proxies } from './client-address.ts';
import { customerRoutes } from './customers.ts';
import { lingerAfterEarlyResponse } from './early-response.ts';
import { erasureRoutes } from './erasures.ts';
import { errorResponse } from './errors.ts';
import { eventRoutes } from './events.ts';
import { fileRoutes } from './files.ts';
import { finalizerRoutes } from './finalizer.ts';
import { noForeignOrigin } from './foreign-origin.ts';
import { formatRoutes } from './formats.ts';
import { healthRoutes } from './health.ts';
import { heavyReads } from './heavy-reads.ts';
import { invalidFileRoutes } from './invalid-files.ts';
import { inventoryRoutes } from './inventory.ts';
import { keyRoutes } from './keys.ts';
import { limitRequests } from './limit-requests.ts';
import { localOnly } from './local-only.ts';
import { meRoutes } from './me.ts';
import { respondToUnrouted } from './methods.ts';
import { metricsRoutes } from './metrics.ts';
import { oidcRoutes } from './oidc.ts';
import { openApiRoutes } from './openapi.ts';
import { orderChangeRoutes } from './order-changes.ts';
import { orderHistoryRoutes } from './order-history.ts';
import { orderRoutes } from './orders.ts';
import { orderCsvRoutes } from './orders-csv.ts';
import { Places } from './places.ts';
import { previewRoutes } from './preview.ts';
import { productRoutes } from './products.ts';
import { progressRoutes } from './progress.ts';
import { projectorRoutes } from './read-models.ts';
import { rejectionRoutes } from './rejections.ts';
import { reportRoutes } from './reports.ts';
import type { HttpEnv } from './route.ts';
import { runFileRoutes } from './run-file.ts';
import { sampleRoutes } from './samples.ts';
import { searchRoutes } from './search.ts';
import { settingsRoutes } from './settings.ts';
import { statsRoutes } from './stats.ts';
import { undoRoutes } from './undo.ts';
import { uploadRoutes } from './upload.ts';
import { userRoutes } from './users.ts';
import { WebPage } from './web.ts';
import { workflowRoutes } from './workflow.ts';
import { webSocketRoutes } from './ws.ts';

export interface HttpOptions {
  ports: Ports;
  config: Config;
  /** Without `api` among them only health and metrics are served. */
  roles: readonly Role[];
  /** Null where access is off. */
  access: Access | null;
  /** Null where access is off, and nobody can be told apart. */
  audit: AuditLog | null;
  users: UserAccess;
  /** Null without an issuer, and where access is off. */
  oidc: Oidc | null;
  logger: Logger;
}

export function createHttpApp(options: HttpOptions, stopping: AbortSignal, rowsPerSecond: () => number) {
  const { ports, config, roles, oidc } = options;
  const logger = rateLimited(options.logger);
  const app = new Hono<HttpEnv>({ getPath: routedPath });
  app.onError((error, c) => errorResponse(error, c, logger));
  const web = roles.includes('api') ? new WebPage() : null;
  app.notFound(async (c) => {
    const response = respondToUnrouted(app, c, basePath(c) === '' && (await web?.has(c.req.path)));
    return (response.status === 404 && web?.notFound(c)) || response;
  });
  guard(app, options, web);
  const { objects, queue, store, ims, events } = ports;
  const all = { objects, queue, store, ims, events };
  const needed = portsOf(roles, 'readiness');
  const isNeeded = (name: string) => needed.has(name as keyof typeof all);
  const lag = config.finalizer.kind === 'off' ? null : () => finalizerLag(ports);
  const dependencies = Object.fromEntries(Object.entries(all).filter(([name]) => isNeeded(name)));
  app.route('/', healthRoutes(dependencies, roles.includes('finalizer') ? lag : null, oidc?.issuer ?? null, config));
  // Health checks were served above, without a limit.
  if (options.access && config.rateLimit !== null) {
    const records = config.orderStore.kind === 'mongodb' ? store.smallRecords : null;
    app.use(limitRequests(config.rateLimit, { clock: ports.clock, records }));
  }
  app.route('/', metricsRoutes(ports, lag));
  if (web) addApi(app, { ports, config, users: options.users, oidc, logger }, stopping, rowsPerSecond, lag);
  return app;
}

function guard(app: Hono<HttpEnv>, { config, access, audit }: HttpOptions, web: WebPage | null): void {
  const accessGuard = new AccessGuard(access);
  const proxies = new Proxies(config.trustedProxies);
  const isLocal = isLoopback(config.host);
  app.use(async (c, next) => {
    c.set('guard', accessGuard);
    c.set('proxies', proxies);
    await next();
    // HEAD runs the route of GET. Its body is not sent, but may hold a file open.
    if (c.req.method === 'HEAD') await c.res.body?.cancel();
    else await lingerAfterEarlyResponse(c);
  });
  if (audit) app.use(auditTrail(audit));
  app.use(
    inOne(
      noForeignOrigin(config.allowedHosts, config.tls !== null),
      // Pages can also reach the published port of a container, which does not listen on loopback.
      ...(isLocal || config.allowedHosts.length > 0 ? [localOnly(config.allowedHosts)] : []),
      ...(web ? [web.serve] : []),
    ),
  );
}

/** Several guards as one: those that Hono runs by itself take memory of each request until it is answered. */
function inOne(...guards: MiddlewareHandler<HttpEnv>[]): MiddlewareHandler<HttpEnv> {
  return (c, next) => {
    // biome-ignore lint/suspicious/noConfusingVoidType: as in Hono's type of what a guard returns.
    const pass = (n: number): Promise<Response | void> => guards[n]?.(c, () => pass(n + 1) as Promise<void>) ?? next();
    return pass(0);
  };
}

const identified: MiddlewareHandler<HttpEnv> = (c, next) => {
  const identity = c.get('guard').identify(c);
  return identity instanceof Promise ? identity.then(next) : next();
};

function addApi(
  app: Hono<HttpEnv>,
  {
    ports,
    config,
    users,
    oidc,
    logger,
  }: Pick<HttpOptions, 'ports' | 'config' | 'users' | 'oidc'> & { logger: RequestLog },
  stopping: AbortSignal,
  rowsPerSecond: () => number,
  lag: (() => Promise<FinalizerLag>) | null,
): void {
  // Heavy reads wait for a place, which who is nobody must not take from others.
  app.use(inOne(identified, heavyReads()));
  const places = new Places(limits.maxStreams);
  const streaming = { stopping, logger, places };
  app.route('/', uploadRoutes({ ...ports, logger }, { maxBytes: config.maxUploadBytes }));
  app.route('/', previewRoutes(ports, config));
  app.route('/', fileRoutes(ports, streaming));
  app.route('/', runFileRoutes(ports));
  app.route('/', undoRoutes(ports));
  app.route('/', formatRoutes(ports));
  app.route('/', rejectionRoutes(ports));
  app.route('/', progressRoutes({ ...ports, logger }, streaming));
  app.route('/', statsRoutes(ports, rowsPerSecond, config.timeZone, lag));
  app.route('/', invalidFileRoutes(ports));
  app.route('/', orderRoutes(ports, config));
  app.route('/', orderCsvRoutes(ports, config));
  app.route('/', orderHistoryRoutes(ports));
  app.route('/', orderChangeRoutes(ports, config));
  app.route('/', searchRoutes(ports));
  app.route('/', customerRoutes(ports));
  app.route('/', productRoutes(ports));
  app.route('/', reportRoutes(ports, config));
  app.route('/', projectorRoutes(ports));
  app.route('/', workflowRoutes(config));
  app.route('/', finalizerRoutes(ports));
  app.route('/', inventoryRoutes(ports));
  app.route('/', eventRoutes(ports, streaming));
  app.route('/', webSocketRoutes(ports, streaming));
  app.route('/', meRoutes());
  app.route('/', authRoutes(users));
  app.route('/', oidcRoutes(oidc, users));
  app.route('/', userRoutes(users));
  app.route('/', keyRoutes(ports, config));
  app.route('/', auditRoutes(ports, config));
  app.route('/', erasureRoutes(ports));
  app.route('/', settingsRoutes(config));
  app.route('/', sampleRoutes());
  app.route('/', openApiRoutes(app));
}
