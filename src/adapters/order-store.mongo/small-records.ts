/** Small records, on MongoDB: a document each. Their collection is named after the first of them. */
import type { RecordKind, SmallRecord, SmallRecords } from '../../ports/small-records.ts';
import { readPosition, toPage } from '../page.ts';
import type { Database } from './database.ts';
import type { SmallRecordDocument } from './documents.ts';
import { isDuplicateKey } from './errors.ts';

export function createSmallRecords({ smallRecords: records }: Database): SmallRecords {
  return {
    async get<Data>(kind: RecordKind, id: string) {
      const found = await records.findOne({ _id: documentId(kind, id) });
      return found && toRecord<Data>(found);
    },
    async put({ kind, id, version, owner, expiresMs, data }) {
      const _id = documentId(kind, id);
      const expires_at = expiresMs === null ? null : new Date(expiresMs);
      const document = { kind, id, version, owner, expires_at, data: JSON.stringify(data) };
      if (version > 1) return (await records.replaceOne({ _id, version: version - 1 }, document)).matchedCount === 1;
      try {
        await records.insertOne({ _id, ...document });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },
    async delete(kind, id) {
      return (await records.deleteOne({ _id: documentId(kind, id) })).deletedCount === 1;
    },
    async list<Data>(
      kind: RecordKind,
      owner: string | null,
      { after, limit }: { after: string | null; limit: number },
    ) {
      const [id] = readPosition<[string]>(after, 'string') ?? [''];
      const found = await records
        .find({ kind, ...(owner !== null && { owner }), id: { $gt: id } })
        .sort({ id: 1 })
        .limit(limit + 1)
        .toArray();
      return toPage(found, limit, (one) => [one.id], toRecord<Data>);
    },
    async deleteOf(kind, owner) {
      return (await records.deleteMany({ kind, owner })).deletedCount;
    },
    async deleteExpired(nowMs, limit) {
      const found = await records
        .find({ expires_at: { $lt: new Date(nowMs), $gt: new Date(0) } }, { projection: { _id: 1 } })
        .limit(limit)
        .toArray();
      if (found.length === 0) return 0;
      return (await records.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } })).deletedCount;
    },
  };
}

const documentId = (kind: RecordKind, id: string): string => `${kind} ${id}`;

/** The data is text: its names may have dots and dollar signs. */
const toRecord = <Data>({ kind, id, version, owner, expires_at, data }: SmallRecordDocument): SmallRecord<Data> => ({
  ...{ kind, id, version, owner, expiresMs: expires_at?.getTime() ?? null, data: JSON.parse(data) as Data },
});
