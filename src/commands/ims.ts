/** `oms ims`: runs the reference IMS alone, on `OMS_HOST` and `OMS_IMS_PORT`, until it is stopped. */
import { once } from 'node:events';
import { readConfig } from '../config.ts';
import { startReferenceIms } from '../ims/reference-ims.ts';
import { openStoreForReading } from '../open-for-reading.ts';
import { openTo } from './open-to.ts';

export async function run(): Promise<number> {
  const config = readConfig();
  const { port } = config.ims;
  // Its own address, where all processes have the same settings.
  const catalogFile = config.ims.kind === 'reference' ? config.ims.catalogFile : null;
  const store = await openStoreForReading(config);
  const ims = await startReferenceIms({
    host: config.host,
    port,
    ...(catalogFile === null ? {} : { catalogFile }),
    // All names in the stock are known, so that users who import their own stock need no catalog.
    ...(store && { alsoKnown: (names) => store.stock.named(names) }),
  });
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  process.stdout.write(`reference IMS on ${ims.url}\n`);
  const open = openTo(config, 'change its catalog and make it fail');
  if (open !== null) process.stdout.write(`${open}\n`);
  await stopped;
  await ims.close();
  await store?.close();
  return 0;
}
