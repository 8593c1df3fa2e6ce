/** `oms start`: runs the service, or some of its roles, until it is stopped. */
import { parseArgs } from 'node:util';
import { startServer } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { createLogger } from '../log.ts';
import { isEmbedded } from '../open-ports.ts';
import { ROLES, type Role, rolesFor } from '../roles.ts';
import { openTo } from './open-to.ts';
import { loadSample } from './sample.ts';

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { sample: { type: 'boolean', default: false }, role: { type: 'string', multiple: true } },
  });
  const config = readConfig();
  const roles = readRoles(values.role, config);
  const logger = createLogger(config.logLevel, 'server');
  // Before anything runs: a stop signal that arrives during the start is carried out after it.
  const stopAsked = stopSignal();
  const server = await startServer(config, roles, logger);
  const whole = roles.length === rolesFor(config).length;
  process.stdout.write(`listening on ${server.url}\n`);
  if (!whole) process.stdout.write(`role ${roles.join(', ')}\n`);
  if (config.ims.kind === 'reference') process.stdout.write(`reference IMS on ${server.imsUrl}\n`);
  const open = openTo(
    config,
    roles.includes('api') ? 'read all orders and customers, upload files and change stock' : 'read health and metrics',
  );
  if (open !== null) {
    process.stdout.write(`${open}\n`);
    logger.warn({ host: config.host, allowed_hosts: config.allowedHosts }, open);
  }

  const sample =
    values.sample && roles.includes('api')
      ? loadSample(server, server.ports.store, stopAsked.signal)
      : Promise.resolve();
  sample.catch((error) => {
    if (!stopAsked.signal.aborted) logger.error({ err: error }, 'the sample could not be loaded');
  });

  const died = await Promise.race([stopAsked.promise, server.died]);
  if (died instanceof Error) {
    logger.fatal({ err: died }, 'a thread died: the process ends, start it again');
    // Everything that was confirmed is on disk. The rest is repeated from the checkpoints.
    process.exit(1);
  }
  process.stdout.write(
    roles.includes('worker') ? '\nstopping: files in work resume at their checkpoints\n' : '\nstopping\n',
  );
  const late = setTimeout(() => {
    logger.warn('the stop took too long: the process ends now, nothing is lost by it');
    process.exit(1);
  }, limits.stopMs);
  await server.stop();
  clearTimeout(late);
  process.stdout.write('stopped\n');
  return 0;
}

/** `--role worker`, `--role api,publisher`; all without it. */
function readRoles(given: string[] | undefined, config: Config): Role[] {
  const all = rolesFor(config);
  if (given === undefined) return all;
  const names = given.flatMap((value) => value.split(',')).map((name) => name.trim());
  const unknown = names.find((name) => !ROLES.includes(name as Role));
  if (unknown !== undefined) throw new OmsError('invalid_option', `--role "${unknown}" is none of ${ROLES.join(', ')}`);
  const roles = ROLES.filter((role) => names.includes(role));
  if (roles.includes('finalizer') && !all.includes('finalizer'))
    throw new OmsError(
      'invalid_option',
      '--role finalizer: OMS_FINALIZER is off: set it to confirm, or to the address of a decision service',
    );
  if (roles.includes('projector') && !all.includes('projector'))
    throw new OmsError(
      'invalid_option',
      '--role projector: customers, products and reports are made where orders are in SQLite: leave it out',
    );
  if (roles.length < all.length && isEmbedded(config))
    throw new OmsError(
      'invalid_option',
      '--role: file: and sqlite: lie in the data directory, which one process owns with all roles: leave --role out, or set OMS_OBJECT_STORE to s3://…, OMS_JOB_QUEUE to sqs://… and OMS_ORDER_STORE to mongodb://…',
    );
  return roles;
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
