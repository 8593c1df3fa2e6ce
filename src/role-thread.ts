/** The entry of a thread that carries out a background role, off the HTTP thread, until the main thread asks it to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Logger } from 'pino';
import { viewsPath } from './adapters/data-directory.ts';
import { createHttpDecider } from './adapters/decider.http.ts';
import { folderAt } from './adapters/read-models.sqlite/folder.ts';
import { createScratches } from './adapters/scratches.sqlite.ts';
import type { Config } from './config.ts';
import { createLogger } from './log.ts';
import { openPorts } from './open-ports.ts';
import { startFinalizer } from './pipeline/finalizer.ts';
import { startProjector } from './pipeline/projector.ts';
import { startPublisher } from './pipeline/publish.ts';
import { startWorker } from './pipeline/worker.ts';
import type { Ports } from './ports/ports.ts';
import type { RoleOptions } from './role-threads.ts';
import type { ThreadRole } from './roles.ts';

const START: Record<ThreadRole, (ports: Ports, config: Config, logger: Logger) => { stop(): Promise<void> }> = {
  worker(ports, { timeZone, maxUploadBytes, objectStore }, logger) {
    const bucket = objectStore.kind === 's3' ? objectStore.bucket : null;
    return startWorker(
      { ...ports, scratches: createScratches() },
      { bucket, timeZone, maxInflatedBytes: maxUploadBytes },
      logger,
    );
  },
  publisher: (ports, _, logger) => startPublisher(ports, logger),
  projector({ store, clock }, { dataDirectory, timeZone }, logger) {
    const { journal, smallRecords } = store;
    const open = folderAt(viewsPath(dataDirectory), timeZone);
    return startProjector({ store: { journal: journal!, smallRecords }, clock }, open, logger);
  },
  finalizer(ports, { workflow, finalizer }, logger) {
    const decider = finalizer.kind === 'http' ? createHttpDecider({ url: finalizer.url }) : null;
    return startFinalizer(ports, { workflow, from: finalizer.from, decider }, logger);
  },
};

const options = workerData as RoleOptions;
const logger = createLogger(options.config.logLevel, options.role);
const { ports, close } = await openPorts(options, { serveIms: async () => options.imsUrl }, logger);
const running = START[options.role](ports, options.config, logger);
parentPort!.once('message', async () => {
  await running.stop();
  await close();
  process.exit(0);
});
