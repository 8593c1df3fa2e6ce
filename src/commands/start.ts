/** `oms start`: runs the service until it is told to stop. */
import { parseArgs } from 'node:util';
import { startServer } from '../app.ts';
import { readConfig } from '../config.ts';
import { limits } from '../limits.ts';
import { createLogger } from '../log.ts';
import { loadSample } from './sample.ts';

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { sample: { type: 'boolean', default: false } } });
  const config = readConfig();
  const logger = createLogger(config.logLevel, 'server');
  // Before anything runs: a stop that comes during the start is carried out after it.
  const stopAsked = stopSignal();
  const server = await startServer(config, logger);
  process.stdout.write(`listening on ${server.url}\n`);
  if (config.ims.kind === 'reference') process.stdout.write(`reference IMS on ${server.imsUrl}\n`);

  const sample = values.sample ? loadSample(server.url, server.ports.store, stopAsked.signal) : Promise.resolve();
  sample.catch((error) => {
    if (!stopAsked.signal.aborted) logger.error({ err: error }, 'the sample could not be loaded');
  });

  const died = await Promise.race([stopAsked.promise, server.died]);
  if (died instanceof Error) {
    logger.fatal({ err: died }, 'a thread died: the process ends, start it again');
    // What was answered is on disk, and the rest is done again from the checkpoints.
    process.exit(1);
  }
  process.stdout.write('\nstopping: files in work go on from their checkpoints at the next start\n');
  const late = setTimeout(() => {
    logger.warn('the stop took too long: the process ends now, nothing is lost by it');
    process.exit(1);
  }, limits.stopMs);
  await server.stop();
  clearTimeout(late);
  process.stdout.write('stopped\n');
  return 0;
}

function stopSignal(): { promise: Promise<'stop'>; signal: AbortSignal } {
  const { promise, resolve } = Promise.withResolvers<'stop'>();
  const controller = new AbortController();
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // A second Ctrl-C means now.
      if (asked && signal === 'SIGINT') process.exit(130);
      asked = true;
      controller.abort();
      resolve('stop');
    });
  return { promise, signal: controller.signal };
}
