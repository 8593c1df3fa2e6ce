/**
 * Creates a file for an object that a user put into the bucket under `incoming/`, as if it had been uploaded: hashed, compared with
 * the files that are here, recorded. The same notification again finds the file that it made before. What cannot be taken is
 * recorded as failed, since no client waits for an answer.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { isOmsError } from '../errors.ts';
import { type FileFailure, type FileRecord, INCOMING, isEnded } from '../model/file.ts';
import { isFileFailure } from '../model/file-failure.ts';
import type { NewFile } from '../ports/files.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { Drop } from './message.ts';
import { declaredEncoding } from './read/encoding.ts';
import { cleanText } from './upload.ts';

export interface AdoptPorts {
  objects: ObjectStore;
  store: Pick<OrderStore, 'files'>;
}

/** The file to ingest now, or null when there is nothing to do. */
export async function adopt(
  { objects, store }: AdoptPorts,
  drop: Drop,
  { maxBytes }: { maxBytes: number },
  logger: Logger,
): Promise<FileRecord | null> {
  const { key } = drop;
  const log = logger.child({ key });
  if (!key.startsWith(INCOMING) || key.endsWith('/')) {
    log.debug('an object that is no file under incoming/ was left alone');
    return null;
  }
  const fileId = fileIdOf(drop);
  const known = await store.files.get(fileId);
  if (known) return open(known);
  try {
    const { sizeBytes, version, contentType } = await objects.stat(key);
    if (drop.etag !== '' && drop.etag !== version.replaceAll('"', '')) {
      log.info('an object was replaced before it was taken: its newer version has a notification of its own');
      return null;
    }
    const tooLarge = sizeBytes > maxBytes;
    const encoding = readDeclared(contentType);
    const file: NewFile = {
      fileId,
      name: cleanText(key.slice(INCOMING.length)),
      sizeBytes,
      // What is too large is not read.
      sha256: tooLarge ? '' : await hash(objects, key, version),
      objectKey: key,
      objectVersion: version,
      encodingOverride: encoding.label,
      parentFileId: null,
      // Bytes that are not known cannot be compared: a retry is not kept from them.
      force: tooLarge,
      idempotencyKey: null,
      failure: tooLarge
        ? failure(
            'too_large',
            `the object is larger than ${maxBytes} bytes: split the file, or raise OMS_MAX_UPLOAD_BYTES`,
          )
        : encoding.failure,
    };
    const created = await store.files.create(file);
    if (created.kind !== 'duplicate') return 'file' in created ? open(created.file) : null;
    const message = `the same bytes are here as file ${created.existingFileId} already`;
    await store.files.create({ ...file, failure: failure('duplicate_file', message) });
    return null;
  } catch (error) {
    if (!isOmsError(error, 'object_missing') && !isOmsError(error, 'object_changed')) throw error;
    log.info({ err: error }, 'an object was gone or replaced before it was taken');
    return null;
  }
}

const open = (file: FileRecord): FileRecord | null => (isEnded(file.status) ? null : file);

const failure = (code: FileFailure['code'], message: string): FileFailure => ({ code, message, row: null });

/** The encoding that the object's content type declares. */
function readDeclared(contentType: string | undefined): { label: string | null; failure: FileFailure | null } {
  try {
    return { label: declaredEncoding(contentType), failure: null };
  } catch (error) {
    if (!isFileFailure(error)) throw error;
    return { label: null, failure: failure(error.code, error.message) };
  }
}

/** The same for each notification of one put. */
function fileIdOf({ bucket, key, sequence, etag }: Drop): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([bucket, key, sequence, etag]))
    .digest('hex');
  return `f_${BigInt(`0x${digest}`).toString(36).padStart(21, '0').slice(-21)}`;
}

async function hash(objects: ObjectStore, key: string, version: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const block of await objects.open(key, { version })) digest.update(block as Uint8Array);
  return digest.digest('hex');
}
