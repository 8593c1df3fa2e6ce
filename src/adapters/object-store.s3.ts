/**
 * Objects in a bucket of S3, or of anything that speaks its protocol. An object is uploaded in parts; after its commit it exists as a
 * whole, otherwise not at all. Its ETag is its version. A reader that loses its connection resumes at the byte it had, in the same
 * version or not at all.
 * Source: Amazon S3 User Guide, "Uploading and copying objects using multipart upload".
 */
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { OmsError } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { type Bounds, Bucket, type S3Options } from './object-store.s3/bucket.ts';
import { inspect } from './object-store.s3/inspect.ts';
import { openObject } from './object-store.s3/open-object.ts';
import { StagedUpload } from './object-store.s3/staged-upload.ts';
import { OWN_KEY } from './own-key.ts';

export type { S3Options } from './object-store.s3/bucket.ts';

/** `changedBounds`: so that a test need not wait for those of the system. */
export function createS3ObjectStore(
  options: S3Options,
  changedBounds: Partial<Bounds> = {},
): ObjectStore & { close(): void } {
  const bucket = new Bucket(options, changedBounds);
  return {
    async stage(key) {
      if (!OWN_KEY.test(key)) throw new OmsError('invalid_key', `"${key}" is no object key`);
      return new StagedUpload(bucket, key);
    },

    stat: (key) => bucket.stat(key),
    open: (key, range) => openObject(bucket, key, range),

    async delete(key) {
      if (!OWN_KEY.test(key))
        throw new OmsError('invalid_key', `"${key}" is no object of the server's: it is not deleted`);
      await bucket.delete(key);
    },

    async *list(prefix) {
      const request = { Bucket: bucket.name, Prefix: prefix };
      try {
        for await (const { Contents = [] } of paginateListObjectsV2({ client: bucket.client }, request))
          for (const { Key, LastModified } of Contents) yield { key: Key!, committedAtMs: LastModified!.getTime() };
      } catch (error) {
        throw bucket.unavailable(error, prefix);
      }
    },

    inspect: () => inspect(bucket.client, options),
    close: () => bucket.client.destroy(),
  };
}
