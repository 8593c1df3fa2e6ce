/**
 * Makes a file of an upload: of two with the same bytes at one moment one wins, without a unique index beside `_id`, which a sharded
 * cluster has not. A file is inserted as `creating`, invisible; then `settle` decides what becomes of it, and may be carried out by
 * anybody, any number of times: it claims the idempotency key, claims the bytes, and only then makes the file `queued`. Whoever finds
 * a claim of a file that is still on its way settles that file first.
 */
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { CreateFileResult, NewFile } from '../../ports/files.ts';
import type { Database } from './database.ts';
import { type FileDocument, NO_AMOUNT } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { toFileRecord } from './file-document.ts';
import { uploadKeyId } from './idempotency.ts';
import { pauseBetweenRounds } from './rounds.ts';

type Outcome =
  | { kind: 'queued' }
  | { kind: 'duplicate'; existingFileId: string }
  | { kind: 'repeated'; fileId: string }
  | { kind: 'key_reused' };

export function fileCreation(database: Database, now: () => number) {
  const { files, bytes, idempotencyKeys } = database;
  async function create(file: NewFile): Promise<CreateFileResult> {
    const document = newDocument(file, new Date(now()));
    try {
      await files.insertOne(document);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const existing = (await files.findOne({ _id: file.fileId }))!;
      if (existing.status !== 'creating') return { kind: 'repeated', file: toFileRecord(existing) };
    }
    if (file.failure) return { kind: 'created', file: toFileRecord(document) };
    const outcome = await settle(document);
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
  async function settle(file: FileDocument): Promise<Outcome> {
    if (file.idempotency_key !== null) {
      const refused = await claimKey(file, file.idempotency_key);
      if (refused) return refused;
    }
    const duplicate = await claimBytes(file, 1);
    if (duplicate) {
      // A refused creation does not spend its key.
      if (file.idempotency_key !== null)
        await idempotencyKeys.deleteOne({ _id: uploadKeyId(file.idempotency_key), answer: file._id });
      return duplicate;
    }
    await queue(file._id, 1);
    return { kind: 'queued' };
  }

  async function claimKey(file: FileDocument, key: string): Promise<Outcome | null> {
    const _id = uploadKeyId(key);
    const claim = { _id, fingerprint: file.sha256, answer: file._id, created_at: file.created_at };
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
      const expired = known.created_at.getTime() <= now() - limits.idempotencyKeyMs;
      const holder = expired ? null : await files.findOne({ _id: known.answer! });
      if (!holder) {
        // Its file is gone, or its day is over: the key is free.
        await idempotencyKeys.deleteOne({ _id, answer: known.answer });
        continue;
      }
      if (known.fingerprint !== file.sha256) return { kind: 'key_reused' };
      if (holder.status === 'creating') {
        if ((await settle(holder)).kind !== 'queued') await files.deleteOne({ _id: holder._id, status: 'creating' });
        continue;
      }
      return { kind: 'repeated', fileId: holder._id };
    }
    throw contention(file._id);
  }

  /**
   * Claims the bytes for a file that is to be queued as this generation. Answers the file that has them already; null when they
   * are claimed, or the file goes on regardless. The claim decides between those that come at one moment.
   */
  async function claimBytes(file: FileDocument, generation: number): Promise<Outcome | null> {
    if (file.forced) return null;
    const claim = { file: file._id, generation };
    for (let round = 0; round < limits.mongoSwapRounds; round++) {
      if (round > 0) await pauseBetweenRounds(round);
      const existing = await findLive(database, file.sha256, file._id);
      if (existing) return { kind: 'duplicate', existingFileId: existing._id };
      const known = await bytes.findOne({ _id: file.sha256 });
      if (!known) {
        try {
          await bytes.insertOne({ _id: file.sha256, ...claim });
          return null;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          continue;
        }
      }
      if (known.file === file._id && known.generation === generation) return null;
      const holder = known.file === file._id ? file : await files.findOne({ _id: known.file });
      if (holder && holder.generation < known.generation) {
        // It is on its way: help it, then it is there.
        await queue(holder._id, known.generation);
        continue;
      }
      if (holder && isLive(holder)) continue;
      const swapped = await bytes.updateOne({ ...known }, { $set: claim });
      if (swapped.matchedCount === 1) return null;
    }
    throw contention(file._id);
  }

  /** Once per generation: nothing happens when somebody else has done it. */
  async function queue(fileId: string, generation: number): Promise<void> {
    await files.updateOne(
      { _id: fileId, generation: generation - 1, status: { $in: ['creating', 'failed', 'cancelled'] } },
      {
        $set: {
          status: 'queued',
          failure: null,
          finished_at: null,
          waiting_for: null,
          cancel_requested: false,
          strikes: 0,
          lease_until: new Date(0),
          changed_at: new Date(now()),
          pruned: false,
        },
        $inc: { generation: 1 },
      },
    );
  }

  return { create, claimBytes, queue };
}

const LIVE = ['queued', 'processing', 'completed'] as const;
const isLive = ({ status }: FileDocument): boolean => (LIVE as readonly string[]).includes(status);

/** The oldest file with these bytes that is open or completed. */
export const findLive = ({ files }: Pick<Database, 'files'>, sha256: string, exceptFileId = '') =>
  files.findOne({ sha256, status: { $in: [...LIVE] }, _id: { $ne: exceptFileId } }, { sort: { created_at: 1 } });

const contention = (fileId: string) =>
  new OmsError('store_unavailable', `file ${fileId} could not be recorded: the same bytes come from many sides`, {
    retryable: true,
  });

function newDocument(file: NewFile, at: Date): FileDocument {
  return {
    _id: file.fileId,
    name: file.name,
    size_bytes: file.sizeBytes,
    sha256: file.sha256,
    object_key: file.objectKey,
    object_version: file.objectVersion,
    encoding_override: file.encodingOverride,
    parent_file_id: file.parentFileId,
    forced: file.force,
    idempotency_key: file.idempotencyKey,
    status: file.failure ? 'failed' : 'creating',
    generation: 0,
    waiting_for: null,
    epoch: 0,
    lease_until: new Date(0),
    attempts: 0,
    strikes: 0,
    cancel_requested: false,
    intake: null,
    columns: null,
    next_chunk: 0,
    offset: 0,
    row: 0,
    bytes_read: 0,
    rows: 0,
    accepted: 0,
    invalid: 0,
    invalid_by_code: {},
    accepted_by_hub: {},
    amount_minor: NO_AMOUNT,
    claimed_at: null,
    rows_at_claim: 0,
    committed_at: null,
    failure: file.failure,
    report: null,
    created_at: at,
    started_at: null,
    finished_at: file.failure ? at : null,
    changed_at: at,
    pruned: false,
  };
}
