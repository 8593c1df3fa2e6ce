/**
 * The composition root: opens all ports, starts the roles of the process, and stops them. `open-ports.ts` decides which engine is behind
 * each port, `roles.ts` what a role needs.
 */
import { setFlagsFromString } from 'node:v8';
import type { Logger } from 'pino';
import { AuditLog } from './access/audit-log.ts';
import { openAccess } from './access/open-access.ts';
import { openOidc } from './access/open-oidc.ts';
import { UserAccess } from './access/user-access.ts';
import { objectsPath } from './adapters/data-directory.ts';
import { unprepareDirectory } from './adapters/object-store.directory/prepare.ts';
import { checkEngines } from './check-engines.ts';
import { checkStoredStatuses } from './check-stored-statuses.ts';
import type { Config } from './config.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { localSocketPlace } from './local-socket.ts';
import { ALL_TYPES } from './model/event.ts';
import { isEmbedded, openPorts } from './open-ports.ts';
import { startBackfills } from './pipeline/backfill.ts';
import { startEraser } from './pipeline/erase.ts';
import { beginReading } from './pipeline/finalizer/follow.ts';
import { ownBucket } from './pipeline/own-bucket.ts';
import { startWhenBehind } from './pipeline/projector/start-when-behind.ts';
import { queueStrandedFiles, startSweeper } from './pipeline/sweep.ts';
import { startUndoer } from './pipeline/undo.ts';
import type { OrderStore } from './ports/order-store.ts';
import type { Ports } from './ports/ports.ts';
import { startRoleThread } from './role-threads.ts';
import { anyOf, type Role, rolesFor, type ThreadRole, traitsOf } from './roles.ts';
import { serveIms } from './serve-ims.ts';

export interface Engine {
  ports: Ports;
  imsUrl: string;
  /** Resolves with the error when a thread ends by itself: then the process must end. */
  died: Promise<Error>;
  startRole(role: ThreadRole): void;
  stop(): Promise<void>;
  /** Where it listens, in the data directory where this process has one. */
  announce: Embedded['announce'];
  /** Null where no engine is in it. */
  dataDirectory: string | null;
  /** A new store was begun in the data directory. */
  begun: boolean;
}

export interface EngineOptions {
  command: string;
  roles: readonly Role[];
}

/**
 * Takes the data directory where an engine is in it, opens all ports and checks what the roles need. Throws
 * `data_directory_held`, `data_directory_unusable`, `data_directory_incomplete`, `schema_too_new`, `store_damaged`, `store_unusable`,
 * `store_unavailable`, `disk_full`, `address_in_use`, `invalid_catalog`, `invalid_configuration`, `engine_unusable`.
 */
export async function startEngine(config: Config, options: EngineOptions, logger: Logger): Promise<Engine> {
  // A heap bound that this thread was started with would override the bounds of the threads that it starts.
  setFlagsFromString('--max-semi-space-size=0');
  // Closed in reverse order at the end, and when the start fails halfway.
  const opened = new AsyncDisposableStack();
  try {
    return await openEngine(config, options, opened, logger);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function openEngine(
  config: Config,
  { command, roles }: EngineOptions,
  opened: AsyncDisposableStack,
  logger: Logger,
): Promise<Engine> {
  const embedding = isEmbedded(config) ? startEmbedded(config, command, opened) : null;
  // Loaded while the writer thread starts, as it is needed next.
  if (config.ims.kind === 'reference') void import('./ims/reference-ims.ts');
  const embedded = await embedding;
  if (embedded) opened.defer(embedded.watch(logger));
  const portsOptions = () => ({ config, embedded: embedded?.connect() ?? null });
  const died = Promise.withResolvers<Error>();
  embedded?.died.then(died.resolve);

  let imsUrl = '';
  const steps = {
    check: (opening: Parameters<typeof checkEngines>[0]) => checkEngines(opening, roles, logger),
    async serveIms(store: OrderStore) {
      imsUrl = await serveIms(config, store, roles.length === rolesFor(config).length, opened);
      return imsUrl;
    },
  };
  const { ports, close } = await openPorts(portsOptions(), steps, logger);
  opened.defer(close);
  await prepare(config, ports, embedded, roles);
  // This process owns the queue, so no other one has queued them.
  if (embedded) await queueStrandedFiles(ports, 0, logger, embedded.queued);

  return {
    ports,
    imsUrl,
    died: died.promise,
    announce: (at) => embedded?.announce(at),
    dataDirectory: embedded ? config.dataDirectory : null,
    begun: embedded?.begun ?? false,
    startRole(role) {
      if (role === 'publisher' && ports.events.publish === null) return;
      const start = () => {
        const thread = startRoleThread({ ...portsOptions(), imsUrl, role }, died.resolve);
        opened.defer(() => thread.stop());
      };
      if (role === 'projector') {
        const waiting = startWhenBehind(ports, start, logger);
        return opened.defer(() => waiting.stop());
      }
      start();
      if (!traitsOf(role).sweeps) return;
      const { keep, workflow } = config;
      const sweeper = startSweeper(ports, { exclusive: embedded !== null, keep, workflow }, logger);
      opened.defer(() => sweeper.stop());
      const eraser = startEraser(ports, logger);
      opened.defer(() => eraser.stop());
      const undoer = startUndoer(ports, logger);
      opened.defer(() => undoer.stop());
      const backfills = startBackfills(ports, logger);
      opened.defer(() => backfills.stop());
    },
    stop: () => opened.disposeAsync(),
  };
}

/** Prepares the engines before the roles use them. */
async function prepare(config: Config, ports: Ports, embedded: Embedded | null, roles: readonly Role[]): Promise<void> {
  await ports.store.prepare();
  await checkStoredStatuses(ports.store, config.workflow);
  // Whether the objects that oms.db knows are there was checked when the directory was opened.
  if (embedded?.objectsBegun && config.orderStore.kind !== 'sqlite' && (await hasFiles(ports.store)))
    throw await unprepareDirectory(objectsPath(config.dataDirectory));
  if (config.objectStore.kind === 's3' && anyOf(roles, 'usesBucket')) await ownBucket(ports);
  if (anyOf(roles, 'createsTopic')) await ports.events.end(ALL_TYPES);
  // Before the first request is taken, so that all orders made by this process are decided on.
  if (roles.includes('finalizer'))
    await beginReading({ events: ports.events, finalizing: ports.store.finalizing }, config.finalizer.from);
}

const hasFiles = async (store: Pick<OrderStore, 'files'>) =>
  (await store.files.list({}, { limit: 1, after: null })).items.length > 0;

export async function startServer(config: Config, roles: readonly Role[], logger: Logger) {
  const starting = startEngine(config, { command: 'oms start', roles }, logger);
  // Loaded only here, as no other thread needs it, and while the writer thread starts.
  const [engine, { startHttpServer }] = await Promise.all([starting, import('./http/server.ts')]);
  try {
    const { store, clock } = engine.ports;
    const oidc = openOidc(config, clock, logger);
    const users = new UserAccess({ store, clock, logger, people: oidc?.people ?? null });
    const access = await openAccess(config, { store, clock, users, oidc }, roles.includes('api'));
    // Where everybody may do everything nobody can be told apart.
    const audit = access && new AuditLog({ audit: store.audit, clock, logger });
    const place = access && roles.includes('api') ? localSocketPlace(engine.dataDirectory) : null;
    const socket = place?.path ?? null;
    const options = { ports: engine.ports, config, roles, access, users, oidc, audit, logger };
    const server = await startHttpServer(options, socket).catch((error) => {
      place?.remove();
      throw error;
    });
    engine.announce({ url: server.url, socket });
    // Expected at a first start; later a sign that a disk was not mounted.
    if (engine.begun)
      logger.info({ path: config.dataDirectory }, 'the data directory was empty: a new store was begun');
    for (const role of roles) if (role !== 'api') engine.startRole(role);
    return {
      url: server.url,
      /** The path of the owner's socket, where access is required. */
      socket,
      imsUrl: engine.imsUrl,
      ports: engine.ports,
      died: engine.died,
      async stop(): Promise<void> {
        await server.stop();
        await audit?.close();
        place?.remove();
        await engine.stop();
      },
    };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}
