/** What all operations on the bucket share: the client with its bounds, the errors, and the small requests about one object. */
import { DeleteObjectCommand, HeadBucketCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { isOmsError, OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { StoredObject } from '../../ports/object-store.ts';
import type { Backoff } from '../../ports/retry.ts';
import { type AwsAddress, clientOptions, engineError, statusOf, within } from '../aws.ts';

export interface S3Options extends AwsAddress {
  bucket: string;
  /** Whether the bucket is in the path of a URL, as most services but AWS need it, or in its host. */
  pathStyle: boolean;
  /** The largest object that will be written; parts are made large enough for it. */
  maxObjectBytes?: number;
}

export type Bounds = Record<'s3SilenceMs' | 's3AnswerMs' | 's3ReadTries', number> & { s3ReadBackoff: Backoff };

/** A portal or a proxy that answers everything with a page, for example. */
export const notS3 = () => new Error('whatever answers at that address does not speak the protocol of S3');

export class Bucket {
  readonly name: string;
  readonly client: S3Client;
  readonly bounds: Bounds;
  readonly partBytes: number;
  /** Bytes that all uploads have taken and that are not yet in S3. */
  heldBytes = 0;

  constructor(options: S3Options, changedBounds: Partial<Bounds>) {
    this.name = options.bucket;
    this.bounds = { ...limits, ...changedBounds };
    this.partBytes = Math.max(limits.s3PartBytes, Math.ceil((options.maxObjectBytes ?? 0) / limits.s3MaxParts));
    this.client = new S3Client({
      ...clientOptions(options, {
        silenceMs: this.bounds.s3SilenceMs,
        configured: () => new S3Client().config.region(),
      }),
      forcePathStyle: options.pathStyle,
      // The client makes a connection for each request that asks before it sends.
      expectContinueHeader: false,
      // A checksum is of the whole object: a range has none.
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  async stat(key: string): Promise<StoredObject> {
    if (key === '') throw new OmsError('object_missing', 'an object without a key cannot be');
    try {
      const command = new HeadObjectCommand({ Bucket: this.name, Key: key });
      const head = await within(this.bounds.s3AnswerMs, (bound) => this.client.send(command, bound));
      if (head.ContentLength === undefined || head.ETag === undefined) throw notS3();
      const contentType = head.ContentType === undefined ? {} : { contentType: head.ContentType };
      return { sizeBytes: head.ContentLength, version: head.ETag, ...contentType };
    } catch (error) {
      if (statusOf(error) !== 404) throw this.unavailable(error, key);
      // The answer to HEAD has no body: a missing bucket looks the same, and is no reason to give a file up.
      const command = new HeadBucketCommand({ Bucket: this.name });
      await within(this.bounds.s3AnswerMs, (bound) => this.client.send(command, bound)).catch((bucketError) => {
        throw this.unavailable(bucketError, key);
      });
      throw this.missing(key, error);
    }
  }

  async delete(key: string, withinMs = this.bounds.s3AnswerMs): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.name, Key: key });
    await within(withinMs, (bound) => this.client.send(command, bound)).catch((error) => {
      throw this.unavailable(error, key);
    });
  }

  unavailable(error: unknown, key: string): OmsError {
    if (isOmsError(error)) return error;
    return engineError('object_store_unavailable', error, { what: `the object ${this.#urlOf(key)}`, waits: true });
  }

  missing(key: string, cause: unknown): OmsError {
    return new OmsError('object_missing', `there is no object ${this.#urlOf(key)} any more`, { cause });
  }

  changed(key: string, cause?: unknown): OmsError {
    return new OmsError(
      'object_changed',
      `the object ${this.#urlOf(key)} was changed after it was uploaded: upload the file again`,
      { cause },
    );
  }

  #urlOf(key: string): string {
    return `s3://${this.name}/${key}`;
  }
}
