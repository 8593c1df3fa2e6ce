/** Reads of the file records: one, lists, reports, corrections. */
import type { Filter } from 'mongodb';
import { limits } from '../../limits.ts';
import { type Files, type Fixed, fingerprintOf } from '../../ports/files.ts';
import { readPosition, toPage } from '../page.ts';
import { findLive } from './claim-bytes.ts';
import type { Database } from './database.ts';
import type { FileDocument } from './documents.ts';
import { ENDED, toFileRecord, toReportRecord } from './file-document.ts';
import { findFile, VISIBLE } from './file-swap.ts';
import { uploadKeyId } from './idempotency.ts';

type Reads = Pick<Files, 'wouldRefuse' | 'get' | 'stranded' | 'openOf'>;
type Lists = Pick<Files, 'list' | 'fixed' | 'reports' | 'findReport' | 'endedBefore'>;

export function fileReads(database: Database, now: () => number): Reads {
  const { files, idempotencyKeys } = database;
  const find = (fileId: string) => findFile(database, fileId);
  return {
    async wouldRefuse({ sha256, hubs, dryRun, force, idempotencyKey }) {
      // The bytes before the key, as creations claim the key first: one that does both in between is then found by its key.
      const live = force || dryRun ? null : await findLive(database, { sha256, ...(hubs && { hubs }) });
      if (idempotencyKey !== null) {
        const known = await idempotencyKeys.findOne({
          _id: uploadKeyId(idempotencyKey),
          created_at: { $gt: new Date(now() - limits.idempotencyKeyMs) },
        });
        const file = known && (await find(known.answer!));
        if (known && file)
          return known.fingerprint === fingerprintOf({ sha256, dryRun })
            ? { kind: 'repeated', file: toFileRecord(file) }
            : { kind: 'key_reused' };
      }
      return live && { kind: 'duplicate', existingFileId: live._id };
    },

    async get(fileId) {
      const file = await find(fileId);
      return file && toFileRecord(file);
    },

    openOf: (uploadedBy, limit) =>
      files.countDocuments({ status: { $in: ['queued', 'processing'] }, uploaded_by: uploadedBy }, { limit }),

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
  };
}

export function fileLists({ files }: Database): Lists {
  return {
    async list({ status, parentFileId, mayNeedAttention, seenBy }, { limit, after }) {
      const position = readPosition<[number, string]>(after, 'number', 'string');
      const conditions: Filter<FileDocument>[] = [VISIBLE];
      if (status === 'waiting') conditions.push({ status: 'processing', waiting_for: { $ne: null } });
      else if (status === 'processing') conditions.push({ status, waiting_for: null });
      else if (status) conditions.push({ status });
      if (parentFileId !== undefined) conditions.push({ parent_file_id: parentFileId });
      if (mayNeedAttention) conditions.push(MAY_NEED_ATTENTION);
      if (seenBy) conditions.push(seen(seenBy));
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

    fixed: (fileIds) => sumsOfCorrections(files, fileIds),

    async reports({ seenBy }, { limit, after }) {
      const position = readPosition<[number, string]>(after, 'number', 'string');
      const conditions: Filter<FileDocument>[] = [{ report: { $ne: null }, report_deleted_at: { $exists: false } }];
      if (seenBy) conditions.push(seen(seenBy));
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

    async endedBefore(beforeMs, after, limit) {
      const conditions: Filter<FileDocument>[] = [
        { finished_at: { $type: 'date', $lt: new Date(beforeMs) }, status: { $in: [...ENDED] } },
      ];
      if (after) {
        const time = new Date(after.atMs);
        conditions.push({ $or: [{ finished_at: { $gt: time } }, { finished_at: time, _id: { $gt: after.fileId } }] });
      }
      const found = await files.find({ $and: conditions }).sort({ finished_at: 1, _id: 1 }).limit(limit).toArray();
      return found.map((file) => ({
        at: { atMs: file.finished_at!.getTime(), fileId: file._id },
        file: toFileRecord(file),
      }));
    },

    async findReport(name) {
      const file = await files.findOne({ 'report.name': name, report_deleted_at: { $exists: false } });
      return file && { fileId: file._id, report: toReportRecord(file)!, hubs: file.hubs ?? null };
    },
  };
}

/** Found by time: such files are not rare, and files are far fewer than orders. */
const MAY_NEED_ATTENTION: Filter<FileDocument> = {
  $or: [
    { status: { $in: ['failed', 'paused'] } },
    { status: 'processing', waiting_for: { $ne: null } },
    { invalid: { $gt: 0 } },
  ],
};

/** The file is limited to hubs, all of them among these: see `seesFile`. */
const seen = (hubs: readonly string[]): Filter<FileDocument> => ({
  $and: [{ 'hubs.0': { $exists: true } }, { hubs: { $not: { $elemMatch: { $nin: [...hubs] } } } }],
});

/** The accepted rows of all corrections of each file, direct and indirect, but those that were undone. */
async function sumsOfCorrections(files: Database['files'], fileIds: string[]): Promise<Map<string, Fixed>> {
  const sums = new Map<string, Fixed>();
  // For each file found so far, the given files that it corrects.
  const roots = new Map(fileIds.map((fileId) => [fileId, new Set([fileId])]));
  for (let parents = fileIds; parents.length > 0; ) {
    const children = await files
      .find(
        { parent_file_id: { $in: parents }, ...VISIBLE },
        { projection: { parent_file_id: 1, accepted: 1, dry_run: 1, 'undo.state': 1 } },
      )
      .toArray();
    const next: string[] = [];
    for (const { _id, parent_file_id, accepted, dry_run, undo } of children) {
      const known = roots.get(_id) ?? new Set();
      const added = [...roots.get(parent_file_id!)!].filter((root) => root !== _id && !known.has(root));
      if (added.length === 0) continue;
      for (const root of accepted > 0 && !dry_run && !undo ? added : []) {
        const { rows, by } = sums.get(root) ?? { rows: 0, by: [] };
        sums.set(root, { rows: rows + accepted, by: [...by, _id].sort() });
      }
      roots.set(_id, known.union(new Set(added)));
      next.push(_id);
    }
    parents = next;
  }
  return sums;
}
