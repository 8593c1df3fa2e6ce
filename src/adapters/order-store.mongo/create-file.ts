/**
 * Creates the file of an upload: of two simultaneous uploads of the same bytes one wins. A file is inserted as `creating`, invisible; then
 * `completeCreation` claims the idempotency key, claims the bytes (`claim-bytes.ts`), and only then queues the file. Any process may
 * complete a creation, any number of times: one that finds a claim of a file that is still `creating` completes that file first.
 */
import { limits } from '../../limits.ts';
import { type CreateFileResult, fingerprintOf, type NewFile } from '../../ports/files.ts';
import { type CreationContext, claimBytes, contention, type Duplicate, queueFile } from './claim-bytes.ts';
import type { FileDocument, IdempotencyDocument } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { toFileRecord } from './file-document.ts';
import { uploadKeyId } from './idempotency.ts';
import { newFileDocument } from './new-file-document.ts';
import { pauseBetweenRounds } from './rounds.ts';
import { checkDryRuns } from './schema.ts';

type Refusal = Duplicate | { kind: 'repeated'; fileId: string } | { kind: 'key_reused' };
type Outcome = { kind: 'queued' } | Refusal;

export async function createFile(context: CreationContext, file: NewFile): Promise<CreateFileResult> {
  const { files } = context.database;
  if (file.dryRun) await checkDryRuns(context.database);
  const document = newFileDocument(file, new Date(context.now()));
  try {
    await files.insertOne(document);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const existing = (await files.findOne({ _id: file.fileId }))!;
    if (existing.status !== 'creating') return { kind: 'repeated', file: toFileRecord(existing) };
  }
  if (file.failure) return { kind: 'created', file: toFileRecord(document) };
  const outcome = await completeCreation(context, document);
  if (outcome.kind === 'queued') {
    const created = await files.findOne({ _id: file.fileId });
    if (!created) throw contention(file.fileId);
    return { kind: 'created', file: toFileRecord(created) };
  }
  await files.deleteOne({ _id: file.fileId, status: 'creating' });
  if (outcome.kind !== 'repeated') return outcome;
  const repeated = await files.findOne({ _id: outcome.fileId });
  if (!repeated) throw contention(file.fileId);
  return { kind: 'repeated', file: toFileRecord(repeated) };
}

/** Decides about a file in status `creating`. */
async function completeCreation(context: CreationContext, file: FileDocument): Promise<Outcome> {
  if (file.idempotency_key !== null) {
    const refused = await claimKey(context, file, file.idempotency_key);
    if (refused) return refused;
  }
  const duplicate = await claimBytes(context, file, 1);
  if (duplicate) {
    // A refused creation does not spend its key.
    if (file.idempotency_key !== null)
      await context.database.idempotencyKeys.deleteOne({ _id: uploadKeyId(file.idempotency_key), answer: file._id });
    return duplicate;
  }
  await queueFile(context, file._id, 1);
  return { kind: 'queued' };
}

const fingerprintOfDocument = ({ sha256, dry_run }: FileDocument) =>
  fingerprintOf({ sha256, dryRun: dry_run === true });

/** Returns why the file is refused; null when it has the key. */
async function claimKey(context: CreationContext, file: FileDocument, key: string): Promise<Refusal | null> {
  const { idempotencyKeys } = context.database;
  const _id = uploadKeyId(key);
  const claim = { _id, fingerprint: fingerprintOfDocument(file), answer: file._id, created_at: file.created_at };
  for (let round = 0; round < limits.mongoSwapRounds; round++) {
    if (round > 0) await pauseBetweenRounds(round);
    try {
      await idempotencyKeys.insertOne(claim);
      return null;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const known = await idempotencyKeys.findOne({ _id });
    if (!known) continue;
    if (known.answer === file._id) return null;
    const refused = await refusalBy(context, known, file);
    if (refused) return refused;
  }
  throw contention(file._id);
}

/** Returns null when the key is worth another try: it was freed, or the creation of its file was completed. */
async function refusalBy(
  context: CreationContext,
  known: IdempotencyDocument,
  file: FileDocument,
): Promise<Refusal | null> {
  const { files, idempotencyKeys } = context.database;
  const expired = known.created_at.getTime() <= context.now() - limits.idempotencyKeyMs;
  const holder = expired ? null : await files.findOne({ _id: known.answer! });
  if (!holder) {
    await idempotencyKeys.deleteOne({ _id: known._id, answer: known.answer });
    return null;
  }
  if (known.fingerprint !== fingerprintOfDocument(file)) return { kind: 'key_reused' };
  if (holder.status !== 'creating') return { kind: 'repeated', fileId: holder._id };
  const outcome = await completeCreation(context, holder);
  if (outcome.kind !== 'queued') await files.deleteOne({ _id: holder._id, status: 'creating' });
  return null;
}
