/**
 * Claims the bytes of an upload for a file: of files with the same bytes only one is open or completed, without a unique index beside
 * `_id`, which a sharded cluster does not have. The claim is a document named by the hash of the bytes.
 */
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Database } from './database.ts';
import type { FileDocument } from './documents.ts';
import { isDuplicateKey } from './errors.ts';
import { pauseBetweenRounds } from './rounds.ts';

export interface CreationContext {
  database: Database;
  now: () => number;
}

export interface Duplicate {
  kind: 'duplicate';
  existingFileId: string;
}

const LIVE = ['queued', 'processing', 'paused', 'completed'] as const;
const isLive = ({ status, undo }: FileDocument): boolean =>
  (LIVE as readonly string[]).includes(status) && undo?.state !== 'done';
/** Else nobody can queue it again, whatever its claim says. */
const mayBeQueued = ({ undo, upload_deleted_at, report_deleted_at }: FileDocument): boolean =>
  !undo && !upload_deleted_at && !report_deleted_at;

type Bytes = Pick<FileDocument, 'sha256' | 'hubs'>;

/** The oldest file with these bytes, for the same hubs, that is open or completed, and neither undone nor a dry run. */
export const findLive = ({ files }: Pick<Database, 'files'>, { sha256, hubs }: Bytes, exceptFileId = '') =>
  files.findOne(
    {
      ...{ sha256, hubs: hubs ?? { $exists: false }, dry_run: { $exists: false } },
      ...{ status: { $in: [...LIVE] }, 'undo.state': { $ne: 'done' }, _id: { $ne: exceptFileId } },
    },
    { sort: { created_at: 1 } },
  );

/** Of files for other hubs the same bytes are others. */
const bytesId = ({ sha256, hubs }: Bytes): string => (hubs ? `${sha256} ${JSON.stringify(hubs)}` : sha256);

/**
 * Claims the bytes for a file that is to be queued as this generation. Returns the file that has them already; null when they are claimed,
 * or need not be: the upload was forced, or is a dry run. Of simultaneous uploads the claim decides.
 */
export async function claimBytes(
  context: CreationContext,
  file: FileDocument,
  generation: number,
): Promise<Duplicate | null> {
  if (file.forced || file.dry_run) return null;
  const { database } = context;
  for (let round = 0; round < limits.mongoSwapRounds; round++) {
    if (round > 0) await pauseBetweenRounds(round);
    const existing = await findLive(database, file, file._id);
    if (existing) return { kind: 'duplicate', existingFileId: existing._id };
    if (await tryToClaim(context, file, generation)) return null;
  }
  throw contention(file._id);
}

async function tryToClaim(context: CreationContext, file: FileDocument, generation: number): Promise<boolean> {
  const { bytes, files } = context.database;
  const claim = { file: file._id, generation };
  const known = await bytes.findOne({ _id: bytesId(file) });
  if (!known) {
    try {
      await bytes.insertOne({ _id: bytesId(file), ...claim });
      return true;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return false;
    }
  }
  if (known.file === file._id && known.generation === generation) return true;
  const holder = known.file === file._id ? file : await files.findOne({ _id: known.file });
  if (holder && holder.generation < known.generation && mayBeQueued(holder)) {
    // Its creator has not queued it yet, and may be dead: queue it, so that the next round finds it.
    await queueFile(context, holder._id, known.generation);
    return false;
  }
  if (holder && isLive(holder)) return false;
  const swapped = await bytes.updateOne({ ...known }, { $set: claim });
  return swapped.matchedCount === 1;
}

/** Once per generation: a second call changes nothing. */
export async function queueFile({ database, now }: CreationContext, fileId: string, generation: number): Promise<void> {
  await database.files.updateOne(
    {
      _id: fileId,
      generation: generation - 1,
      status: { $in: ['creating', 'failed', 'cancelled'] },
      // A part of it may be deleted by now, or it is undone.
      ...{ upload_deleted_at: { $exists: false }, report_deleted_at: { $exists: false }, undo: { $exists: false } },
    },
    {
      $set: {
        status: 'queued',
        failure: null,
        finished_at: null,
        waiting_for: null,
        cancel_requested: false,
        strikes: 0,
        resumed: false,
        lease_until: new Date(0),
        changed_at: new Date(now()),
        pruned: false,
      },
      $inc: { generation: 1 },
    },
  );
}

export const contention = (fileId: string) =>
  new OmsError(
    'store_unavailable',
    `file ${fileId} could not be recorded: there are many uploads of the same bytes now`,
    {
      retryable: true,
    },
  );
