/** The entry of the worker thread: ingests files off the HTTP thread until it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { type PortsOptions, runWorker } from './app.ts';
import { createLogger } from './log.ts';

const options = workerData as PortsOptions;
const worker = await runWorker(options, createLogger(options.config.logLevel, 'worker'));
parentPort!.once('message', async () => {
  await worker.stop();
  process.exit(0);
});
