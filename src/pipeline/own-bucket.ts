/**
 * Each bucket belongs to one installation: another one, with an order store of its own, would take the uploads in it for orphans and
 * delete them. The first to start leaves its name there.
 */
import { isOmsError, OmsError } from '../errors.ts';
import { UPLOADS } from '../model/file.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';

const KEY = `${UPLOADS}installation`;

/** Throws `bucket_taken`. */
export async function ownBucket({
  objects,
  store,
}: {
  objects: ObjectStore;
  store: Pick<OrderStore, 'installation'>;
}): Promise<void> {
  const installation = await store.installation();
  if ((await readName(objects)) === null) {
    const staged = await objects.stage(KEY);
    try {
      await staged.write(Buffer.from(installation));
      await staged.commit();
    } catch (error) {
      await staged.abort();
      throw error;
    }
  }
  // Of two that start at the same moment the name that stays decides.
  const owner = await readName(objects);
  if (owner !== installation)
    throw new OmsError(
      'bucket_taken',
      `OMS_OBJECT_STORE: the bucket belongs to another installation (${owner}; that of OMS_ORDER_STORE is ${installation}): give each a bucket of its own. If this order store replaces that one, delete the object ${KEY}`,
    );
}

async function readName(objects: ObjectStore): Promise<string | null> {
  try {
    const blocks: Uint8Array[] = [];
    for await (const block of await objects.open(KEY)) blocks.push(block as Uint8Array);
    return Buffer.concat(blocks).toString();
  } catch (error) {
    if (isOmsError(error, 'object_missing')) return null;
    throw error;
  }
}
