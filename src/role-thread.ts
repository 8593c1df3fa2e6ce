/** The entry of a thread that carries out a background role, off the HTTP thread, until it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { type RoleOptions, runRole } from './app.ts';
import { createLogger } from './log.ts';

const options = workerData as RoleOptions;
const running = await runRole(options, createLogger(options.config.logLevel, options.role));
parentPort!.once('message', async () => {
  await running.stop();
  process.exit(0);
});
