/** `oms ims`: runs the reference IMS alone, on `OMS_HOST` and `OMS_IMS_PORT`, until it is told to stop. */
import { once } from 'node:events';
import { openStoreForReading } from '../app.ts';
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import { startReferenceIms } from '../ims/reference-ims.ts';
import { openTo } from './open-to.ts';

export async function run(): Promise<number> {
  const config = readConfig();
  if (config.ims.kind === 'http')
    throw new OmsError(
      'invalid_configuration',
      `OMS_IMS="${config.ims.baseUrl}" is another IMS: for the reference IMS leave it out, or set reference:<catalog file>`,
    );
  const { port, catalogFile } = config.ims;
  const store = await openStoreForReading(config);
  const ims = await startReferenceIms({
    host: config.host,
    port,
    ...(catalogFile === null ? {} : { catalogFile }),
    // What there is stock of is known, so that people who bring their own stock need no catalog.
    ...(store && { alsoKnown: (names) => store.stock.named(names) }),
  });
  process.stdout.write(`reference IMS on ${ims.url}\n`);
  const open = openTo({ host: config.host, allowedHosts: [] }, 'change its catalog and make it fail');
  if (open !== null) process.stdout.write(`${open}\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await ims.close();
  await store?.close();
  return 0;
}
