/**
 * Objects in a bucket of S3, or of anything that speaks its protocol. An object is uploaded in parts and is there as a whole
 * after its commit, or not at all; its ETag is its version. A reader that loses its connection goes on from the byte it had, in
 * the same version or not at all.
 * Source: Amazon S3 User Guide, "Uploading and copying objects using multipart upload"; Amazon S3 API Reference, "GetObject";
 * RFC 9110, sections 13 (If-Match) and 14 (ranges).
 */
import { PassThrough, Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { isOmsError, OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { systemClock } from '../ports/clock.ts';
import type { Inspection, Missing } from '../ports/inspection.ts';
import type { ObjectStore, StoredObject } from '../ports/object-store.ts';
import { type Backoff, retryPauseMs } from '../ports/retry.ts';
import {
  type AwsAddress,
  clientOptions,
  endpointOption,
  engineError,
  headerOf,
  isForbidden,
  isNamed,
  placeOf,
  statusOf,
  within,
} from './aws.ts';
import { OWN_KEY } from './own-key.ts';

export interface S3Options extends AwsAddress {
  bucket: string;
  /** Whether the bucket is in the path of a URL, as most services but AWS need it, or in its host. */
  pathStyle: boolean;
  /** The largest object that will be written; parts are made large enough for it. */
  maxObjectBytes?: number;
}

/** Bounds of reading, so that a test need not wait for them. */
type Bounds = Record<'s3SilenceMs' | 's3AnswerMs' | 's3ReadTries', number> & { s3ReadBackoff: Backoff };

export function createS3ObjectStore(
  options: S3Options,
  changedBounds: Partial<Bounds> = {},
): ObjectStore & { close(): void } {
  const { bucket } = options;
  const bounds: Bounds = { ...limits, ...changedBounds };
  const s3 = new S3Client({
    ...clientOptions(options, { silenceMs: bounds.s3SilenceMs, configured: () => new S3Client().config.region() }),
    forcePathStyle: options.pathStyle,
    // The client makes a connection for each request that asks before it sends.
    expectContinueHeader: false,
    // A checksum is of the whole object: a range has none.
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  /** Taken from uploads and not yet in S3. */
  let allHeldBytes = 0;
  const partBytes = Math.max(limits.s3PartBytes, Math.ceil((options.maxObjectBytes ?? 0) / limits.s3MaxParts));

  const unavailable = (error: unknown, key: string, waits = true) =>
    isOmsError(error)
      ? error
      : engineError('object_store_unavailable', error, { what: `the object s3://${bucket}/${key}`, waits });
  const missing = (key: string, cause: unknown) =>
    new OmsError('object_missing', `there is no object s3://${bucket}/${key} any more`, { cause });
  const changed = (key: string, cause?: unknown) =>
    new OmsError(
      'object_changed',
      `the object s3://${bucket}/${key} was changed after it was uploaded: upload the file again`,
      { cause },
    );

  async function stat(key: string): Promise<StoredObject> {
    if (key === '') throw new OmsError('object_missing', 'an object without a key cannot be');
    try {
      const look = new HeadObjectCommand({ Bucket: bucket, Key: key });
      const head = await within(bounds.s3AnswerMs, (bound) => s3.send(look, bound));
      if (head.ContentLength === undefined || head.ETag === undefined) throw notS3();
      const contentType = head.ContentType === undefined ? {} : { contentType: head.ContentType };
      return { sizeBytes: head.ContentLength, version: head.ETag, ...contentType };
    } catch (error) {
      if (statusOf(error) !== 404) throw unavailable(error, key);
      // The answer to HEAD has no body: a missing bucket looks the same, and is no reason to give a file up.
      const lookAtBucket = new HeadBucketCommand({ Bucket: bucket });
      await within(bounds.s3AnswerMs, (bound) => s3.send(lookAtBucket, bound)).catch((bucketError) => {
        throw unavailable(bucketError, key);
      });
      throw missing(key, error);
    }
  }

  async function remove(key: string, withinMs: number = bounds.s3AnswerMs): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: bucket, Key: key });
    await within(withinMs, (bound) => s3.send(command, bound)).catch((error) => {
      throw unavailable(error, key);
    });
  }

  /** The blocks of one version of an object from `from` to before `end`. */
  async function* blocks(key: string, from: number, end: number, version: string, stop: AbortSignal) {
    let at = from;
    let tries = 0;
    let untilMs = Date.now() + bounds.s3AnswerMs;
    while (at < end) {
      const before = at;
      let failure: unknown = new Error(`the connection ended at byte ${at}, before ${end}`);
      try {
        for await (const block of await get(key, at, end, version, untilMs - Date.now(), stop)) {
          at += block.length;
          yield block;
          // Only now: whoever reads may have taken its time.
          untilMs = Date.now() + bounds.s3AnswerMs;
        }
      } catch (error) {
        if (isOmsError(error)) throw error;
        failure = error;
      }
      if (stop.aborted || at >= end) return;
      tries = at > before ? 1 : tries + 1;
      if (tries >= bounds.s3ReadTries || Date.now() >= untilMs) throw unavailable(failure, key);
      await systemClock.sleep(retryPauseMs(systemClock, bounds.s3ReadBackoff, tries - 1), stop);
    }
  }

  async function get(
    key: string,
    at: number,
    end: number,
    version: string,
    withinMs: number,
    stop: AbortSignal,
  ): Promise<AsyncIterable<Buffer>> {
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: `bytes=${at}-${end - 1}`,
      IfMatch: version,
    });
    const answer = await within(withinMs, (bound) => s3.send(command, bound), stop).catch((error) => {
      if (statusOf(error) === 412) throw changed(key, error);
      if (isNamed(error, 'NoSuchKey')) throw missing(key, error);
      throw error;
    });
    const body = answer.Body as Readable;
    if (answer.ContentRange?.startsWith(`bytes ${at}-`)) return body;
    body.destroy();
    throw new Error(`asked for the bytes from ${at} to ${end - 1}, got ${answer.ContentRange ?? 'all of them'}`);
  }

  return {
    async stage(key) {
      if (!OWN_KEY.test(key)) throw new OmsError('invalid_key', `"${key}" is no object key`);
      // Holds next to nothing: a write resolves when the upload has taken its bytes.
      const body = new PassThrough({ highWaterMark: 1 });
      // A destroyed body says so here, too; the upload's own error is the one that tells.
      body.on('error', () => {});
      const upload = new Upload({
        client: s3,
        params: { Bucket: bucket, Key: key, Body: body, ChecksumAlgorithm: 'CRC32' },
        partSize: partBytes,
        queueSize: limits.s3PartsInFlight,
        // What it does then has no bound: see `discard`.
        leavePartsOnError: true,
      });
      const uploaded = upload.done();
      const failed = uploaded.then(
        () => {},
        (error) => body.destroy(error),
      );
      let sizeBytes = 0;
      let heldBytes = 0;
      let committing = false;
      const hold = (bytes: number) => {
        allHeldBytes += bytes - heldBytes;
        heldBytes = bytes;
      };
      upload.on('httpUploadProgress', ({ loaded = 0 }) => hold(sizeBytes - loaded));
      void failed.then(() => hold(0));

      let discarded: Promise<void> | null = null;
      const abort = () => (discarded ??= discard());
      const discard = async () => {
        body.destroy(new Error('the upload was given up'));
        // Only then are no more parts under way, which could come after the abort.
        await failed;
        const leave = () => {};
        if (upload.uploadId !== undefined) {
          const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: upload.uploadId });
          // Once more where it fails soon: parts that stay are paid for until a rule of the bucket removes them.
          const send = (bound: { abortSignal: AbortSignal }) => s3.send(command, bound);
          await within(limits.s3CleanUpMs, (bound) => send(bound).catch(() => send(bound))).catch(leave);
        }
        // The commit's answer may be what was lost. A report may have replaced an older one, and is written again anyway.
        if (committing && key.startsWith('uploads/')) await remove(key, limits.s3CleanUpMs).catch(leave);
      };

      return {
        async write(bytes) {
          if (allHeldBytes + bytes.length > limits.s3HeldBytes)
            throw new OmsError(
              'too_many_uploads',
              `the uploads under way hold ${limits.s3HeldBytes / 1024 / 1024} MiB that are on their way to S3: try again in a moment`,
              { retryable: true },
            );
          sizeBytes += bytes.length;
          hold(heldBytes + bytes.length);
          const written = new Promise<void>((resolve, reject) =>
            body.write(bytes, (error) => (error ? reject(error) : resolve())),
          );
          // The upload's own error tells more than that of the stream it left; and where it left the stream in the middle of
          // a write, that one's callback is never called.
          await Promise.race([written, uploaded]).catch(async (error) => {
            throw unavailable(
              await uploaded.then(
                () => error,
                (cause) => cause,
              ),
              key,
            );
          });
        },
        async commit() {
          committing = true;
          body.end();
          try {
            const { ETag: version } = await uploaded;
            if (version === undefined) throw notS3();
            return { sizeBytes, version };
          } catch (error) {
            await abort();
            throw unavailable(error, key);
          }
        },
        abort,
      };
    },

    stat,

    async open(key, { offset = 0, length = Infinity, version } = {}) {
      const found = await stat(key);
      if (version !== undefined && version !== found.version) throw changed(key);
      const stop = new AbortController();
      const end = Math.min(found.sizeBytes, offset + length);
      const from = blocks(key, offset, end, found.version, stop.signal);
      return new Readable({
        highWaterMark: limits.readBytes,
        read() {
          from.next().then(
            ({ value }) => this.push(value ?? null),
            (error) => this.destroy(error),
          );
        },
        destroy(error, callback) {
          stop.abort();
          callback(error);
        },
      });
    },

    async delete(key) {
      if (!OWN_KEY.test(key))
        throw new OmsError('invalid_key', `"${key}" is no object of the server's: it is not deleted`);
      await remove(key);
    },

    async *list(prefix) {
      try {
        for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix }))
          for (const { Key, LastModified } of Contents) yield { key: Key!, committedAtMs: LastModified!.getTime() };
      } catch (error) {
        throw unavailable(error, prefix);
      }
    },

    inspect: () => inspect(s3, options),
    close: () => s3.destroy(),
  };
}

/** A portal or a proxy that answers everything with a page, for example. */
const notS3 = () => new Error('whatever answers at that address does not speak the protocol of S3');

async function inspect(s3: S3Client, options: S3Options): Promise<Inspection> {
  const { bucket } = options;
  const place = await placeOf(options, () => s3.config.region());
  let engine = 'S3';
  const missing: Missing[] = [];
  // Unlike HEAD, it is answered with words.
  const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: 'uploads/', MaxKeys: 1 });
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { server } = (result.response as { headers: Record<string, string> }).headers;
      if (server && server !== 'AmazonS3') engine = `S3 (${server})`;
      return result;
    },
    { step: 'deserialize' },
  );
  try {
    // Bounded, so that a start that was given up for it can end.
    const answer = await s3.send(command, { abortSignal: AbortSignal.timeout(limits.startCheckMs) });
    if (answer.Name === undefined) throw notS3();
  } catch (error) {
    const region = bucketRegionOf(error);
    if (isNamed(error, 'NoSuchBucket'))
      missing.push({
        what: `the bucket "${bucket}" does not exist`,
        cure: `aws s3 mb s3://${bucket}${endpointOption(options)}`,
        required: true,
      });
    else if (region !== undefined)
      missing.push({
        what: `the bucket "${bucket}" is in the region ${region}, not in ${await s3.config.region()}`,
        cure: `name the region ${region} in the URL of the bucket, or set AWS_REGION=${region}`,
        required: true,
      });
    else if (isForbidden(error))
      missing.push({
        what: `no right to list the bucket "${bucket}"`,
        cure:
          `allow s3:ListBucket on arn:aws:s3:::${bucket}, and s3:GetObject, s3:PutObject, s3:DeleteObject and ` +
          `s3:AbortMultipartUpload on arn:aws:s3:::${bucket}/*`,
        required: true,
      });
    else
      throw engineError('object_store_unavailable', error, {
        what: `the bucket s3://${bucket} at ${place}`,
        waits: false,
      });
  }
  return { engine, address: `s3://${bucket} at ${place}`, missing };
}

/** Where the bucket is, when S3 says that it is not in our region. */
function bucketRegionOf(error: unknown): string | undefined {
  if (!isNamed(error, 'PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'))
    return undefined;
  return headerOf(error, 'x-amz-bucket-region') ?? (error as { Region?: string }).Region;
}
