/** The order store, and its objects, for a command that changes something in it while no service runs, or beside services that share it. */
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { startEmbedded } from './embedded.ts';
import { portOpener } from './open-ports.ts';
import type { ObjectStore } from './ports/object-store.ts';
import type { OrderStore } from './ports/order-store.ts';

/**
 * Everything that must be closed at the end is added to `opened`. Objects are only for whoever holds the data directory, where they are in
 * it. Throws as the start does, `data_directory_held` among others.
 */
export async function openStoreForWriting(
  config: Config,
  command: string,
  opened: AsyncDisposableStack,
  logger: Logger,
): Promise<{ store: OrderStore; openObjects(): Promise<ObjectStore> }> {
  const embedded = config.orderStore.kind === 'sqlite' ? await startEmbedded(config, command, opened) : null;
  const { open, close } = portOpener({ config, embedded: embedded?.connect() ?? null }, logger);
  opened.defer(close);
  const store = await open.store();
  await store.prepare();
  return { store, openObjects: () => open.objects() };
}
