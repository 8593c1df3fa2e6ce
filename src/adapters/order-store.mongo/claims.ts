/** Claims on a file, and what their worker records. Every change is one conditional write of the file's document. */
import { limits } from '../../limits.ts';
import { isEnded } from '../../model/file.ts';
import { type ClaimResult, claimLost, type FileEnd, type Files } from '../../ports/files.ts';
import type { Database } from './database.ts';
import { askedOf, toFileRecord } from './file-document.ts';
import { findFile, swap } from './file-swap.ts';

type Claims = Pick<Files, 'claim' | 'renew' | 'release' | 'expire'>;
type Notes = Pick<Files, 'recordIntake' | 'setWaiting' | 'recordReported' | 'touch'>;

export function fileClaims(database: Database, now: () => number): Claims {
  const { files } = database;
  const find = (fileId: string) => findFile(database, fileId);
  const at = () => new Date(now());
  return {
    claim: (fileId, leaseMs) => swap(fileId, () => tryToClaim(database, fileId, leaseMs, at)),

    async renew({ fileId, epoch }, leaseMs) {
      const time = at();
      const file = await files.findOneAndUpdate(
        { _id: fileId, epoch, status: 'processing' },
        { $set: { lease_until: new Date(time.getTime() + leaseMs), changed_at: time } },
        { projection: { cancel_requested: 1, pause_requested: 1 } },
      );
      return file && askedOf(file);
    },

    async release({ fileId, epoch }) {
      await swap(fileId, async () => {
        const file = await find(fileId);
        if (file?.epoch !== epoch || file.status !== 'processing' || file.lease_until.getTime() === 0) return true;
        const { matchedCount } = await files.updateOne(
          { _id: fileId, epoch, status: 'processing', strikes: file.strikes },
          {
            $set: {
              lease_until: new Date(0),
              waiting_for: null,
              changed_at: at(),
              strikes: Math.max(0, file.strikes - 1),
            },
            $inc: { attempts: -1 },
          },
        );
        return matchedCount === 1 || undefined;
      });
    },

    async expire({ fileId, epoch }) {
      await files.updateOne({ _id: fileId, epoch }, { $set: { lease_until: new Date(0), changed_at: at() } });
    },
  };
}

/** Undefined when another write came between. */
async function tryToClaim(
  database: Database,
  fileId: string,
  leaseMs: number,
  at: () => Date,
): Promise<ClaimResult | undefined> {
  const file = await findFile(database, fileId);
  if (!file) return { kind: 'unknown' };
  if (isEnded(file.status as FileEnd['status'])) return { kind: 'ended' };
  if (file.status === 'paused') return { kind: 'paused' };
  const time = at();
  if (file.status === 'processing' && file.lease_until > time)
    return { kind: 'busy', untilMs: file.lease_until.getTime() };
  const claimed = await database.files.findOneAndUpdate(
    { _id: fileId, status: file.status, epoch: file.epoch, next_chunk: file.next_chunk },
    {
      $set: {
        status: 'processing',
        lease_until: new Date(time.getTime() + leaseMs),
        waiting_for: null,
        reported_rows: 0,
        claimed_at: time,
        rows_at_claim: file.rows,
        started_at: file.started_at ?? time,
        changed_at: time,
      },
      $inc: { epoch: 1, attempts: 1, strikes: 1 },
    },
    { returnDocument: 'after' },
  );
  if (!claimed) return undefined;
  const kind = file.strikes >= limits.maxStrikes ? 'exhausted' : 'claimed';
  return { kind, claim: { fileId, epoch: claimed.epoch }, file: toFileRecord(claimed) };
}

export function fileNotes(database: Database, now: () => number): Notes {
  const { files } = database;
  const find = (fileId: string) => findFile(database, fileId);
  const at = () => new Date(now());
  return {
    async recordIntake({ fileId, epoch }, { intake, columns, parentFileId, format }) {
      const file = await find(fileId);
      if (file?.epoch !== epoch || file.status !== 'processing') throw claimLost(fileId);
      const parent =
        file.parent_file_id === null && parentFileId !== null && parentFileId !== fileId
          ? ((await find(parentFileId))?._id ?? null)
          : file.parent_file_id;
      const { matchedCount } = await files.updateOne(
        { _id: fileId, epoch, status: 'processing' },
        { $set: { intake, columns, parent_file_id: parent, ...(format && { format }) } },
      );
      if (matchedCount === 0) throw claimLost(fileId);
    },

    async setWaiting({ fileId, epoch }, wait) {
      const dependency = wait?.dependency ?? null;
      const claimed = { _id: fileId, epoch, status: 'processing' } as const;
      const next = { next_try_at: wait && new Date(wait.nextTryAtMs), changed_at: at() };
      const { matchedCount } = await files.updateOne(
        { ...claimed, waiting_for: { $ne: dependency } },
        { $set: { ...next, waiting_for: dependency, waiting_since: at() } },
      );
      // It waited for this engine already: `waiting_since` stays.
      if (matchedCount === 0) await files.updateOne({ ...claimed, waiting_for: dependency }, { $set: next });
    },

    async recordReported({ fileId, epoch }, rows) {
      await files.updateOne(
        { _id: fileId, epoch, status: 'processing' },
        { $set: { reported_rows: rows, changed_at: at() } },
      );
    },

    async touch(fileId) {
      await files.updateOne({ _id: fileId }, { $set: { changed_at: at() } });
    },
  };
}
