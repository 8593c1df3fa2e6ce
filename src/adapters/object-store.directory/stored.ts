/** A file of the directory as an object. */
import type { StoredObject } from '../../ports/object-store.ts';

/** Its version has whole seconds, as archives of a backup keep no more. */
export function toStored(found: { size: bigint; mtimeNs: bigint }): StoredObject {
  return { sizeBytes: Number(found.size), version: `${found.size}-${found.mtimeNs / 1_000_000_000n}` };
}
