/** `oms ims`: runs the reference IMS alone, on `OMS_HOST` and `OMS_IMS_PORT`, until it is stopped. */
import { once } from 'node:events';
import { byAdminKeyFile } from '../access/by-admin-key-file.ts';
import { type Config, readConfig } from '../config.ts';
import { bearerOf } from '../http/access-guard.ts';
import { type MayChange, startReferenceIms } from '../ims/reference-ims.ts';
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
    ...(config.access.required && { mayChange: adminKeyIn(config) }),
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

/** It has no keys of its own. Without a file nobody changes it. */
function adminKeyIn({ access }: Config): MayChange {
  const way = access.adminKeyFile === null ? null : byAdminKeyFile(access.adminKeyFile);
  return (authorization) => way?.takes({ bearer: bearerOf(authorization), session: null, local: false }) ?? false;
}
