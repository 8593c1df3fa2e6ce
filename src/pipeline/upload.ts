/**
 * Accepts one upload: streams its bytes into the object store while hashing them, then records the file, then queues its job. It is
 * confirmed once object and record are durable; after a failure before that nothing is left (INV-5).
 */
import { createHash } from 'node:crypto';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { RequestLog } from '../log.ts';
import { newFileId, uploadKey } from '../model/file.ts';
import type { FormatRef } from '../model/format.ts';
import type { Clock } from '../ports/clock.ts';
import type { CreateFileResult, NewFile } from '../ports/files.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { isWorkbook, SNIFFED_BYTES, sniffBinary } from './read/sniff-binary.ts';

export interface UploadPorts {
  objects: ObjectStore;
  queue: JobQueue;
  store: Pick<OrderStore, 'files'>;
  clock: Clock;
  logger: RequestLog;
}

export interface UploadOptions {
  name: string;
  /** Who uploads it; by default nobody in particular. */
  uploadedBy?: string | null;
  /** As the uploader typed it, or as `declaredEncoding` returns it. */
  encoding: string | null;
  /** The sheet of a workbook, by its name; by default the first one. */
  sheet?: string | null;
  parentFileId: string | null;
  /** See `stop-rule.ts`; by default none. */
  stopAtInvalid?: string | null;
  /** The version of the format that it is read by; null: it is found by its header. */
  format?: FormatRef | null;
  /** The only hubs that its rows may name, sorted; null: all. */
  hubs: readonly string[] | null;
  /** See `FileRecord`; by default not. */
  dryRun?: boolean;
  force: boolean;
  idempotencyKey: string | null;
  maxBytes: number;
}

/**
 * Throws `empty_upload`, `too_large`, `not_csv`, and what the ports throw. The source's own errors pass through.
 */
export async function upload(
  ports: UploadPorts,
  bytes: AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<CreateFileResult> {
  const fileId = newFileId(ports.clock.now());
  const key = uploadKey(fileId);
  const stored = await store(ports, key, bytes, options);
  if ('refused' in stored) return stored.refused;
  return record(ports, {
    fileId,
    name: cleanName(options.name),
    sizeBytes: stored.sizeBytes,
    sha256: stored.sha256,
    uploadedBy: options.uploadedBy ?? null,
    objectKey: key,
    objectVersion: stored.version,
    encodingOverride: options.encoding,
    sheet: options.sheet ?? null,
    parentFileId: options.parentFileId,
    stopAtInvalid: options.stopAtInvalid ?? null,
    format: options.format ?? null,
    hubs: options.hubs,
    dryRun: options.dryRun ?? false,
    force: options.force,
    idempotencyKey: options.idempotencyKey,
    failure: null,
  });
}

/** Streams the bytes into the object store; leaves nothing there when they are refused or the stream breaks off. */
async function store(
  ports: UploadPorts,
  key: string,
  bytes: AsyncIterable<Uint8Array>,
  { maxBytes, hubs, dryRun = false, force, idempotencyKey }: UploadOptions,
): Promise<{ sizeBytes: number; sha256: string; version: string } | { refused: CreateFileResult }> {
  const staged = await ports.objects.stage(key);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let head: Uint8Array | null = new Uint8Array(0);
  try {
    for await (const block of bytes) {
      sizeBytes += block.length;
      if (sizeBytes > maxBytes)
        throw new OmsError(
          'too_large',
          `the upload is larger than ${maxBytes} bytes: split the file, or raise OMS_MAX_UPLOAD_BYTES`,
        );
      if (head) {
        head = Buffer.concat([head, block.subarray(0, SNIFFED_BYTES)]);
        if (head.length >= SNIFFED_BYTES) {
          refuseBinary(head);
          head = null;
        }
      }
      hash.update(block);
      await staged.write(block);
    }
    if (head) refuseBinary(head);
    if (sizeBytes === 0) throw new OmsError('empty_upload', 'the upload has no bytes: send the content of a CSV file');

    const sha256 = hash.digest('hex');
    const refused = await ports.store.files.wouldRefuse({ sha256, hubs, dryRun, force, idempotencyKey });
    if (!refused) return { sizeBytes, sha256, version: (await staged.commit()).version };
    await staged.abort();
    return { refused };
  } catch (error) {
    await staged.abort();
    throw error;
  }
}

/** Records the file of a stored object and queues its job; deletes the object when no file was created for it. */
async function record({ objects, store, queue, logger }: UploadPorts, file: NewFile): Promise<CreateFileResult> {
  const key = file.objectKey;
  let created: CreateFileResult;
  try {
    created = await store.files.create(file);
  } catch (error) {
    // Perhaps only the response was lost, not the file. When that cannot be decided now, the sweeper decides later.
    const recorded = await store.files.withdraw(file.fileId).catch(() => undefined);
    if (recorded === null) await objects.delete(key);
    if (!recorded) throw error;
    created = { kind: 'created', file: recorded };
  }
  if (created.kind !== 'created') {
    await objects.delete(key);
    return created;
  }
  try {
    await queue.send({ version: 1, fileId: file.fileId });
  } catch (error) {
    // The file is durable as queued, and the sweeper queues a file without a message: the upload is not lost.
    logger.warn({ err: error, file_id: file.fileId }, 'the job could not be queued now: the sweeper will queue it');
  }
  return created;
}

function refuseBinary(head: Uint8Array): void {
  const what = isWorkbook(head) ? null : sniffBinary(head);
  if (what)
    throw new OmsError('not_csv', `the upload is ${what}: send CSV text, perhaps gzipped, or a workbook (.xlsx)`);
}

/** A name to show: the last part of a path, without control characters, of bounded length. Never used as a path. */
export function cleanName(name: string): string {
  return cleanText(name.split(/[/\\]/).at(-1)!);
}

/** Without control characters, of bounded length, never empty. */
export function cleanText(text: string): string {
  const clean = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim();
  return [...clean].slice(0, limits.maxNameChars).join('') || 'orders.csv';
}
