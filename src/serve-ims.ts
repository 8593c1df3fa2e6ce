/** The address of the inventory service. A process without a configured one serves the reference IMS itself. */
import type { Config } from './config.ts';
import { isOmsError } from './errors.ts';
import type { OrderStore } from './ports/order-store.ts';

export async function serveIms(
  { ims: settings }: Config,
  store: Pick<OrderStore, 'stock'>,
  onlyProcess: boolean,
  opened: AsyncDisposableStack,
): Promise<string> {
  if (settings.kind === 'http') return settings.baseUrl;
  const { port, catalogFile } = settings;
  const { startReferenceIms } = await import('./ims/reference-ims.ts');
  const start = (on: number) =>
    startReferenceIms({
      port: on,
      ...(catalogFile === null ? {} : { catalogFile }),
      // All names in the stock are known, so that users who import their own stock need no catalog.
      alsoKnown: (names) => store.stock.named(names),
    });
  const ims = await start(port).catch((error) => {
    // The first of several processes gets the port. No client needs those of the others.
    if (onlyProcess || !isOmsError(error, 'address_in_use')) throw error;
    return start(0);
  });
  opened.defer(() => ims.close());
  return ims.url;
}
