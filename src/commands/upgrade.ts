/** `oms upgrade finish`: says that no process of an earlier release is left on the order store, so that orders can be changed there. */
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import { createLogger } from '../log.ts';
import { systemClock } from '../ports/clock.ts';

const NOTHING_LEFT = 'there is nothing to finish: orders can be changed\n';

export async function run(args: string[]): Promise<number> {
  if (args.length !== 1 || args[0] !== 'finish')
    throw new OmsError('invalid_parameter', 'the only step of an upgrade is: oms upgrade finish');
  const { orderStore, trackStock, workflow } = readConfig();
  // A data directory has one process, and it upgrades the store at its start.
  if (orderStore.kind === 'sqlite') {
    process.stdout.write(NOTHING_LEFT);
    return 0;
  }
  const { createMongoOrderStore } = await import('../adapters/order-store.mongo/order-store.ts');
  const logger = createLogger('silent', 'upgrade');
  const store = createMongoOrderStore({ url: orderStore.url, trackStock, workflow, now: systemClock.now, logger });
  try {
    const finished = await store.finishUpgrade();
    process.stdout.write(
      finished ? 'finished: earlier releases are refused from now on, and orders can be changed\n' : NOTHING_LEFT,
    );
    return 0;
  } finally {
    await store.close();
  }
}
