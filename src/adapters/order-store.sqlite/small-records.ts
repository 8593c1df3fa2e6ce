/** Small records, on SQLite. Their table is named after the first of them. */
import type { RecordKind, SmallRecord, SmallRecords } from '../../ports/small-records.ts';
import { readPosition, toPage } from '../page.ts';
import type { Calls } from '../sqlite/calls.ts';
import { type Database, fromJson } from '../sqlite/database.ts';

interface RecordRow {
  kind: RecordKind;
  id: string;
  version: number;
  owner: string | null;
  expires_at: number | null;
  data: string;
}

export function smallRecordOperations(db: Database) {
  const insert = db.prepare(
    'insert into access_records (kind, id, version, owner, expires_at, data) values (?, ?, 1, ?, ?, ?) on conflict do nothing',
  );
  const update = db.prepare(
    'update access_records set version = version + 1, owner = ?, expires_at = ?, data = ? where kind = ? and id = ? and version = ?',
  );
  const remove = db.prepare('delete from access_records where kind = ? and id = ?');
  const removeOf = db.prepare('delete from access_records where kind = ? and owner = ?');
  const removeExpired = db.prepare(
    'delete from access_records where (kind, id) in (select kind, id from access_records where expires_at < ? limit ?)',
  );
  return {
    putSmallRecord({ kind, id, version, owner, expiresMs, data }: SmallRecord): boolean {
      const json = JSON.stringify(data);
      const { changes } =
        version === 1
          ? insert.run(kind, id, owner, expiresMs, json)
          : update.run(owner, expiresMs, json, kind, id, version - 1);
      return changes === 1;
    },
    deleteSmallRecord: ({ kind, id }: Pick<SmallRecord, 'kind' | 'id'>): boolean => remove.run(kind, id).changes === 1,
    deleteSmallRecordsOf: ({ kind, owner }: { kind: RecordKind; owner: string }): number =>
      Number(removeOf.run(kind, owner).changes),
    deleteExpiredSmallRecords: ({ nowMs, limit }: { nowMs: number; limit: number }): number =>
      Number(removeExpired.run(nowMs, limit).changes),
  };
}

export function createSmallRecords(
  db: Database,
  writer: Calls<ReturnType<typeof smallRecordOperations>>,
): SmallRecords {
  const get = db.prepare('select * from access_records where kind = ? and id = ?');
  const list = db.prepare('select * from access_records where kind = ? and id > ? order by id limit ?');
  const listOf = db.prepare('select * from access_records where kind = ? and owner = ? and id > ? order by id limit ?');
  return {
    async get<Data>(kind: RecordKind, id: string) {
      const row = get.get(kind, id) as RecordRow | undefined;
      return row ? toRecord<Data>(row) : null;
    },
    put: (record) => writer.call('putSmallRecord', record),
    delete: (kind, id) => writer.call('deleteSmallRecord', { kind, id }),
    async list<Data>(
      kind: RecordKind,
      owner: string | null,
      { after, limit }: { after: string | null; limit: number },
    ) {
      const [id] = readPosition<[string]>(after, 'string') ?? [''];
      const rows = owner === null ? list.all(kind, id, limit + 1) : listOf.all(kind, owner, id, limit + 1);
      return toPage(rows as unknown as RecordRow[], limit, (row) => [row.id], toRecord<Data>);
    },
    deleteOf: (kind, owner) => writer.call('deleteSmallRecordsOf', { kind, owner }),
    deleteExpired: (nowMs, limit) => writer.call('deleteExpiredSmallRecords', { nowMs, limit }),
  };
}

const toRecord = <Data>({ kind, id, version, owner, expires_at, data }: RecordRow): SmallRecord<Data> => ({
  ...{ kind, id, version, owner, expiresMs: expires_at, data: fromJson<Data>(data) },
});
