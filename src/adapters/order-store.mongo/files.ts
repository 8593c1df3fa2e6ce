/**
 * The file records: claims, ends, lists. Every change is one conditional write on the file's document; `create-file.ts` tells how
 * one comes to be, `commit-chunk.ts` how its checkpoint moves.
 */
import type { Filter } from 'mongodb';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type FileFailure, isEnded } from '../../model/file.ts';
import { type ClaimResult, claimLost, type FileEnd, type Files, fileClosed } from '../../ports/files.ts';
import { readPosition, toPage } from '../page.ts';
import { chunkId, type chunkOperations } from './commit-chunk.ts';
import { fileCreation, findLive } from './create-file.ts';
import type { Database, FileDocument } from './database.ts';
import { isDuplicateKey } from './errors.ts';
import { toFileRecord, toReportRecord } from './file-document.ts';
import { uploadKeyId } from './idempotency.ts';
import { pauseBetweenRounds } from './rounds.ts';

const VISIBLE: Filter<FileDocument> = { status: { $ne: 'creating' } };
const ENDED = ['completed', 'failed', 'cancelled'] as const;

export function createFiles(
  database: Database,
  { settle, moveCheckpoint }: Pick<ReturnType<typeof chunkOperations>, 'settle' | 'moveCheckpoint'>,
  now: () => number,
): Files {
  const { files, chunks, idempotencyKeys } = database;
  const { create, claimBytes, queue } = fileCreation(database, now);
  const find = (fileId: string) => files.findOne({ _id: fileId, ...VISIBLE });
  const at = () => new Date(now());

  /** Repeats a read and a conditional write until nobody came between. */
  async function swap<Result>(fileId: string, attempt: () => Promise<Result | undefined>): Promise<Result> {
    for (let round = 0; round < limits.mongoSwapRounds; round++) {
      if (round > 0) await pauseBetweenRounds(round);
      const result = await attempt();
      if (result !== undefined) return result;
    }
    throw new OmsError('store_unavailable', `file ${fileId} is changed from many sides`, { retryable: true });
  }

  async function close(claim: { fileId: string; epoch: number }, end: FileEnd): Promise<FileEnd> {
    const { fileId, epoch } = claim;
    for (;;) {
      const file = await find(fileId);
      if (file?.epoch !== epoch) throw claimLost(fileId);
      if (isEnded(file.status as FileEnd['status'])) {
        if (file.status !== end.status) throw claimLost(fileId);
        return { status: file.status, failure: file.failure };
      }
      if (file.status !== 'processing') throw claimLost(fileId);
      const _id = chunkId(fileId, file.next_chunk);
      if (end.status === 'completed') {
        // All chunks are behind: no number is left that anybody could plan. But another worker may have decided otherwise.
        if (!(await chunks.findOne({ _id }, { projection: { _id: 1 } }))) return end;
      } else {
        try {
          await chunks.insertOne({
            ...{ _id, version: 1, file: fileId, n: file.next_chunk, state: 'closed' },
            ...{ status: end.status, failure: end.failure },
          } as never);
          return end;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
      }
      try {
        // A chunk that was planned under this number is carried out first.
        await moveCheckpoint(claim, await settle(_id));
      } catch (error) {
        if (error instanceof OmsError && error.code === 'file_closed') return error.details.end as FileEnd;
        throw error;
      }
    }
  }

  return {
    create,

    async wouldRefuse({ sha256, force, idempotencyKey }) {
      // Before the key, which is claimed before the bytes are: one who does both meanwhile is then found by the key.
      const live = force ? null : await findLive(database, sha256);
      if (idempotencyKey !== null) {
        const known = await idempotencyKeys.findOne({
          _id: uploadKeyId(idempotencyKey),
          created_at: { $gt: new Date(now() - limits.idempotencyKeyMs) },
        });
        const file = known && (await find(known.answer!));
        if (known && file)
          return known.fingerprint === sha256 ? { kind: 'repeated', file: toFileRecord(file) } : { kind: 'key_reused' };
      }
      return live && { kind: 'duplicate', existingFileId: live._id };
    },

    async withdraw(fileId) {
      await files.deleteOne({ _id: fileId, status: 'creating' });
      const file = await find(fileId);
      return file && toFileRecord(file);
    },

    async get(fileId) {
      const file = await find(fileId);
      return file && toFileRecord(file);
    },

    async list({ status, parentFileId }, { limit, after }) {
      const position = readPosition<[number, string]>(after, 'number', 'string');
      const conditions: Filter<FileDocument>[] = [VISIBLE];
      if (status === 'waiting') conditions.push({ status: 'processing', waiting_for: { $ne: null } });
      else if (status === 'processing') conditions.push({ status, waiting_for: null });
      else if (status) conditions.push({ status });
      if (parentFileId !== undefined) conditions.push({ parent_file_id: parentFileId });
      if (position) {
        const [atMs, id] = position;
        const time = new Date(atMs);
        conditions.push({ $or: [{ created_at: { $lt: time } }, { created_at: time, _id: { $lt: id } }] });
      }
      const found = await files
        .find({ $and: conditions })
        .sort({ created_at: -1, _id: -1 })
        .limit(limit + 1)
        .toArray();
      return toPage(found, limit, (file) => [file.created_at.getTime(), file._id], toFileRecord);
    },

    async fixed(fileIds) {
      const sums = new Map<string, number>();
      // The files asked about, of which each found so far is a correction.
      const roots = new Map(fileIds.map((fileId) => [fileId, new Set([fileId])]));
      for (let parents = fileIds; parents.length > 0; ) {
        const children = await files
          .find({ parent_file_id: { $in: parents }, ...VISIBLE }, { projection: { parent_file_id: 1, accepted: 1 } })
          .toArray();
        const next: string[] = [];
        for (const { _id, parent_file_id, accepted } of children) {
          const known = roots.get(_id) ?? new Set();
          const added = [...roots.get(parent_file_id!)!].filter((root) => root !== _id && !known.has(root));
          if (added.length === 0) continue;
          for (const root of added) sums.set(root, (sums.get(root) ?? 0) + accepted);
          roots.set(_id, known.union(new Set(added)));
          next.push(_id);
        }
        parents = next;
      }
      return sums;
    },

    async reports({ limit, after }) {
      const position = readPosition<[number, string]>(after, 'number', 'string');
      const conditions: Filter<FileDocument>[] = [{ report: { $ne: null } }];
      if (position) {
        const [atMs, id] = position;
        const time = new Date(atMs);
        conditions.push({
          $or: [{ 'report.created_at': { $lt: time } }, { 'report.created_at': time, _id: { $lt: id } }],
        });
      }
      const found = await files
        .find({ $and: conditions })
        .sort({ 'report.created_at': -1, _id: -1 })
        .limit(limit + 1)
        .toArray();
      return toPage(
        found,
        limit,
        (file) => [file.report!.created_at.getTime(), file._id],
        (file) => ({ fileId: file._id, report: toReportRecord(file)! }),
      );
    },

    async findReport(name) {
      const file = await files.findOne({ 'report.name': name });
      return file && { fileId: file._id, report: toReportRecord(file)! };
    },

    claim: (fileId, leaseMs) =>
      swap<ClaimResult>(fileId, async () => {
        const file = await find(fileId);
        if (!file) return { kind: 'unknown' };
        if (isEnded(file.status as FileEnd['status'])) return { kind: 'ended' };
        const time = at();
        if (file.status === 'processing' && file.lease_until > time)
          return { kind: 'busy', untilMs: file.lease_until.getTime() };
        const claimed = await files.findOneAndUpdate(
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
      }),

    async renew({ fileId, epoch }, leaseMs) {
      const time = at();
      const file = await files.findOneAndUpdate(
        { _id: fileId, epoch, status: 'processing' },
        { $set: { lease_until: new Date(time.getTime() + leaseMs), changed_at: time } },
        { projection: { cancel_requested: 1 } },
      );
      return file && { cancelRequested: file.cancel_requested };
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

    async recordIntake({ fileId, epoch }, intake, columns, parentFileId) {
      const file = await find(fileId);
      if (file?.epoch !== epoch || file.status !== 'processing') throw claimLost(fileId);
      const parent =
        file.parent_file_id === null && parentFileId !== null && parentFileId !== fileId
          ? ((await find(parentFileId))?._id ?? null)
          : file.parent_file_id;
      const { matchedCount } = await files.updateOne(
        { _id: fileId, epoch, status: 'processing' },
        { $set: { intake, columns, parent_file_id: parent } },
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
      // A further pause for the same engine.
      if (matchedCount === 0) await files.updateOne({ ...claimed, waiting_for: dependency }, { $set: next });
    },

    async recordReported({ fileId, epoch }, rows) {
      await files.updateOne(
        { _id: fileId, epoch, status: 'processing' },
        { $set: { reported_rows: rows, changed_at: at() } },
      );
    },

    close,

    async finish(claim, end) {
      const { fileId, epoch } = claim;
      const standing = await close(claim, end);
      if (standing.status !== end.status) {
        if ((await find(fileId))?.epoch !== epoch) throw claimLost(fileId);
        throw fileClosed(fileId, standing);
      }
      const { report } = end;
      const time = at();
      const file = await find(fileId);
      const { matchedCount } = await files.updateOne(
        { _id: fileId, epoch, status: 'processing', next_chunk: file!.next_chunk },
        {
          $set: {
            status: end.status,
            failure: standing.failure,
            waiting_for: null,
            lease_until: new Date(0),
            cancel_requested: false,
            report: report && {
              name: report.name,
              rows: report.rows,
              size_bytes: report.sizeBytes,
              created_at: new Date(report.createdAtMs),
            },
            ...(end.status === 'completed' ? { bytes_read: file!.size_bytes } : {}),
            finished_at: time,
            changed_at: time,
          },
          // The number of the end stays taken: a retry goes on behind it.
          $inc: { next_chunk: 1 },
        },
      );
      if (matchedCount === 1) return;
      const after = await find(fileId);
      if (after?.epoch !== epoch || after.status !== end.status) throw claimLost(fileId);
    },

    requestCancel: (fileId) =>
      swap(fileId, async () => {
        const file = await find(fileId);
        if (!file) return null;
        if (isEnded(file.status as FileEnd['status']))
          throw new OmsError('file_ended', `file ${fileId} is ${file.status}: there is nothing left to cancel`);
        const time = at();
        const failure: FileFailure = { code: 'cancelled', message: 'cancelled before it was opened', row: null };
        const change =
          file.status === 'queued'
            ? { status: 'cancelled' as const, failure, finished_at: time, changed_at: time }
            : { cancel_requested: true, changed_at: time };
        const changed = await files.findOneAndUpdate(
          { _id: fileId, status: file.status },
          { $set: change },
          { returnDocument: 'after' },
        );
        return changed ? toFileRecord(changed) : undefined;
      }),

    async requeue(fileId) {
      const file = await find(fileId);
      if (!file) return null;
      if (file.status !== 'failed' && file.status !== 'cancelled')
        throw new OmsError(
          'not_retryable',
          `file ${fileId} is ${toFileRecord(file).status}: only a failed or cancelled file can be retried`,
        );
      const generation = file.generation + 1;
      const refused = await claimBytes(file, generation);
      if (refused?.kind === 'duplicate')
        throw new OmsError('duplicate_file', `the same bytes are here as file ${refused.existingFileId} already`, {
          details: { existing_file_id: refused.existingFileId },
        });
      await queue(fileId, generation);
      return toFileRecord((await find(fileId))!);
    },

    async stranded(quietMs, limit) {
      const time = now();
      const found = await files
        .find(
          {
            status: { $in: ['queued', 'processing'] },
            lease_until: { $lt: new Date(time) },
            changed_at: { $lt: new Date(time - quietMs) },
          },
          { projection: { _id: 1 } },
        )
        .limit(limit)
        .toArray();
      return found.map(({ _id }) => _id);
    },

    async touch(fileId) {
      await files.updateOne({ _id: fileId }, { $set: { changed_at: at() } });
    },
  };
}

/** Removes the holds of ended files from the stock, and what is left of creations that broke off. */
export async function pruneFiles({ files, chunks, stock }: Database, now: () => number): Promise<void> {
  await files.deleteMany({ status: 'creating', created_at: { $lt: new Date(now() - limits.mongoCreatingMs) } });
  const ended = files.find({ pruned: false, status: { $in: [...ENDED] } }, { projection: { next_chunk: 1 } });
  // Status and number were read at once: what a retry takes later has a higher number.
  for await (const { _id: fileId, next_chunk: behind } of ended) {
    const hold = `holds.${fileId}`;
    for await (const { keys } of chunks.find({ file: fileId, n: { $lt: behind } }, { projection: { keys: 1 } }))
      if (keys && keys.length > 0)
        await stock.bulkWrite(
          // In the order in which all write.
          keys.sort().map((key) => ({
            updateOne: {
              filter: { _id: key, [`${hold}.n`]: { $lt: behind } } as never,
              update: { $unset: { [hold]: 1 }, $inc: { gen: 1 } } as never,
            },
          })),
          { ordered: false },
        );
    await files.updateOne({ _id: fileId, next_chunk: behind, status: { $in: [...ENDED] } }, { $set: { pruned: true } });
  }
}
