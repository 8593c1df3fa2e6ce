/** The order store alone, for a command that changes something in it while no service runs, or beside services that share it. */
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { startEmbedded } from './embedded.ts';
import { portOpener } from './open-ports.ts';
import type { OrderStore } from './ports/order-store.ts';

/** Everything that must be closed at the end is added to `opened`. Throws as the start does, `data_directory_held` among others. */
export async function openStoreForWriting(
  config: Config,
  command: string,
  opened: AsyncDisposableStack,
  logger: Logger,
): Promise<OrderStore> {
  const embedded = config.orderStore.kind === 'sqlite' ? await startEmbedded(config, command, opened) : null;
  const { open, close } = portOpener({ config, embedded: embedded?.connect() ?? null }, logger);
  opened.defer(close);
  const store = await open.store();
  await store.prepare();
  return store;
}
