/** An object being written: a multipart upload that is fed from a stream, or a single request where the object is small. */
import { PassThrough } from 'node:stream';
import { AbortMultipartUploadCommand, type CompleteMultipartUploadCommandOutput } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { StagedObject, StoredObject } from '../../ports/object-store.ts';
import { within } from '../aws.ts';
import { type Bucket, notS3 } from './bucket.ts';

const ignore = () => {};

export class StagedUpload implements StagedObject {
  readonly #bucket: Bucket;
  readonly #key: string;
  /** Holds next to nothing: a write resolves when the upload has taken its bytes. */
  readonly #body = new PassThrough({ highWaterMark: 1 });
  readonly #upload: Upload;
  readonly #uploaded: Promise<CompleteMultipartUploadCommandOutput>;
  /** Settled when no more parts are under way. Never rejects. */
  readonly #ended: Promise<void>;
  #sizeBytes = 0;
  #heldBytes = 0;
  #committing = false;
  #discarded: Promise<void> | null = null;

  constructor(bucket: Bucket, key: string) {
    this.#bucket = bucket;
    this.#key = key;
    // A destroyed body reports its error here, too; the upload's own error says what happened.
    this.#body.on('error', ignore);
    this.#upload = new Upload({
      client: bucket.client,
      params: { Bucket: bucket.name, Key: key, Body: this.#body, ChecksumAlgorithm: 'CRC32' },
      partSize: bucket.partBytes,
      queueSize: limits.s3PartsInFlight,
      // Its own removal has no time limit: see `#discard`.
      leavePartsOnError: true,
    });
    this.#upload.on('httpUploadProgress', ({ loaded = 0 }) => this.#hold(this.#sizeBytes - loaded));
    this.#uploaded = this.#upload.done();
    this.#ended = this.#uploaded.then(ignore, (error) => void this.#body.destroy(error)).finally(() => this.#hold(0));
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#bucket.heldBytes + bytes.length > limits.s3HeldBytes)
      throw new OmsError(
        'too_many_uploads',
        `the uploads under way hold ${limits.s3HeldBytes / 1024 / 1024} MiB that are on their way to S3: try again in a moment`,
        { retryable: true },
      );
    this.#sizeBytes += bytes.length;
    this.#hold(this.#heldBytes + bytes.length);
    const written = new Promise<void>((resolve, reject) =>
      this.#body.write(bytes, (error) => (error ? reject(error) : resolve())),
    );
    // The upload's own error says more than that of the stream it left. Where it left the stream in the middle of a write, the callback
    // of that write is never called.
    await Promise.race([written, this.#uploaded]).catch(async (error) => {
      const cause = await this.#uploaded.then(
        () => error,
        (failure) => failure,
      );
      throw this.#bucket.unavailable(cause, this.#key);
    });
  }

  async commit(): Promise<StoredObject> {
    this.#committing = true;
    this.#body.end();
    try {
      const { ETag: version } = await this.#uploaded;
      if (version === undefined) throw notS3();
      return { sizeBytes: this.#sizeBytes, version };
    } catch (error) {
      await this.abort();
      throw this.#bucket.unavailable(error, this.#key);
    }
  }

  abort(): Promise<void> {
    this.#discarded ??= this.#discard();
    return this.#discarded;
  }

  async #discard(): Promise<void> {
    this.#body.destroy(new Error('the upload was given up'));
    // A part that is still under way could arrive after the abort.
    await this.#ended;
    await this.#removeParts().catch(ignore);
    // The object may exist: the answer to the commit may be what was lost. A report may have replaced an older one, and is written again
    // anyway.
    if (this.#committing && this.#key.startsWith('uploads/'))
      await this.#bucket.delete(this.#key, limits.s3CleanUpMs).catch(ignore);
  }

  async #removeParts(): Promise<void> {
    const { name, client } = this.#bucket;
    const { uploadId } = this.#upload;
    if (uploadId === undefined) return;
    const command = new AbortMultipartUploadCommand({ Bucket: name, Key: this.#key, UploadId: uploadId });
    const send = (bound: { abortSignal: AbortSignal }) => client.send(command, bound);
    // A second try where the first fails soon: parts that stay are paid for until a rule of the bucket removes them.
    await within(limits.s3CleanUpMs, (bound) => send(bound).catch(() => send(bound)));
  }

  /** What this upload has taken and is not yet in S3. */
  #hold(bytes: number): void {
    this.#bucket.heldBytes += bytes - this.#heldBytes;
    this.#heldBytes = bytes;
  }
}
