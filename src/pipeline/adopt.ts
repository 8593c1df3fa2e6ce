/**
 * Creates a file for an object that a user put into the bucket under `incoming/`, as if it had been uploaded: the object is hashed,
 * compared with the known files, and recorded. A repeated notification finds the file of the first. An object that would be refused as an
 * upload is recorded as a failed file, since no client waits for a response.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { isOmsError } from '../errors.ts';
import { type FileFailure, type FileRecord, INCOMING, isEnded } from '../model/file.ts';
import { isFileFailure } from '../model/file-failure.ts';
import type { NewFile } from '../ports/files.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { ObjectCreated } from './message.ts';
import { declaredEncoding } from './read/encoding.ts';
import { cleanText } from './upload.ts';

export interface AdoptPorts {
  objects: ObjectStore;
  store: Pick<OrderStore, 'files'>;
}

/** The file to ingest now, or null when there is nothing to do. */
export async function adopt(
  { objects, store }: AdoptPorts,
  object: ObjectCreated,
  { maxBytes }: { maxBytes: number },
  logger: Logger,
): Promise<FileRecord | null> {
  const { key } = object;
  const log = logger.child({ key });
  if (!key.startsWith(INCOMING) || key.endsWith('/')) {
    log.debug('an object that is not a file under incoming/ was ignored');
    return null;
  }
  const fileId = fileIdOf(object);
  const known = await store.files.get(fileId);
  if (known) return open(known);
  try {
    const { sizeBytes, version, contentType } = await objects.stat(key);
    if (object.etag !== '' && object.etag !== version.replaceAll('"', '')) {
      log.info('an object was replaced before it was read: its newer version has a notification of its own');
      return null;
    }
    const tooLarge = sizeBytes > maxBytes;
    const encoding = readDeclared(contentType);
    const file: NewFile = {
      fileId,
      name: cleanText(key.slice(INCOMING.length)),
      sizeBytes,
      // An object that is too large is not read.
      sha256: tooLarge ? '' : await hash(objects, key, version),
      uploadedBy: null,
      objectKey: key,
      objectVersion: version,
      encodingOverride: encoding.label,
      parentFileId: null,
      hubs: null,
      dryRun: false,
      // Without a hash there is nothing to compare: a retry must not be refused as a duplicate.
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
    const message = `the same bytes are here already as file ${created.existingFileId}`;
    await store.files.create({ ...file, failure: failure('duplicate_file', message) });
    return null;
  } catch (error) {
    if (!isOmsError(error, 'object_missing') && !isOmsError(error, 'object_changed')) throw error;
    log.info({ err: error }, 'an object was deleted or replaced before it was read');
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
function fileIdOf({ bucket, key, sequence, etag }: ObjectCreated): string {
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
