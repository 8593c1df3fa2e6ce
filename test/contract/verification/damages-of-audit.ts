/** Damages of the audit log, each with the violations that `oms verify` must find (INV-9). */
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '../../../src/adapters/order-store.mongo/database.ts';
import type { Damage } from './damages.ts';
import type { Filled } from './filled-stores.ts';

/** An entry: of which chain, and its number. */
type Entry = [chain: keyof Filled['chains'], n: number];

const id = ({ chains }: Filled, [chain, n]: Entry) => `${chains[chain]}:${n}`;
const mongoId = ({ chains }: Filled, [chain, n]: Entry) => `${chains[chain]}:${String(n).padStart(12, '0')}`;

const setSql = (db: DatabaseSync, { chains }: Filled, [chain, n]: Entry, set: string) =>
  db.prepare(`update audit_entries set ${set} where chain = ? and n = ?`).run(chains[chain], n);

const gone = (name: string, entries: Entry[], expected: (filled: Filled) => string[]): Damage => ({
  name,
  sqlite: (db, { chains }) => {
    for (const [chain, n] of entries)
      db.prepare('delete from audit_entries where chain = ? and n = ?').run(chains[chain], n);
  },
  mongo: ({ audit }, filled) => audit.deleteMany({ _id: { $in: entries.map((entry) => mongoId(filled, entry)) } }),
  expected: (filled) => expected(filled).map((one) => ['audit', one]),
});

const changed = (
  name: string,
  entry: Entry,
  column: 'principal' | 'at' | 'status',
  sql: string,
  value: unknown,
): Damage => ({
  name,
  sqlite: (db, filled) => void setSql(db, filled, entry, `${column} = ${sql}`),
  mongo: ({ audit }, filled) => audit.updateOne({ _id: mongoId(filled, entry) }, { $set: { [column]: value } }),
  expected: (filled) => [['audit', id(filled, entry)]],
});

async function copy({ audit }: Database, filled: Filled, from: Entry, to: Entry): Promise<void> {
  const { _id, ...found } = (await audit.findOne({ _id: mongoId(filled, from) }))!;
  await audit.replaceOne({ _id: mongoId(filled, to) }, found, { upsert: true });
}

export const auditDamages: Damage[] = [
  gone('an entry of the audit log is gone', [['first', 4]], ({ chains }) => [chains.first]),
  gone('the first entry that was not deleted is gone', [['first', 3]], ({ chains }) => [chains.first]),
  gone('the beginning of a chain of the audit log is gone', [['second', 1]], ({ chains }) => [chains.second]),
  gone('the end of a chain is gone, after which another began', [['first', 5]], (filled) => [id(filled, ['first', 5])]),
  gone(
    'a whole chain is gone, after which another began',
    [3, 4, 5].map((n): Entry => ['first', n]),
    (filled) => [id(filled, ['first', 5])],
  ),
  changed('an entry names somebody else', ['second', 3], 'principal', "'key:other'", 'key:other'),
  changed('an entry that begins what is left of a chain names nobody', ['first', 3], 'principal', 'null', null),
  changed('the last entry has another time', ['second', 4], 'at', '1', new Date(1)),
  changed('a refused request was allowed', ['second', 2], 'status', '403', 403),
  {
    name: 'two entries have changed places',
    sqlite: (db, filled) => {
      setSql(db, filled, ['second', 2], 'n = 99');
      setSql(db, filled, ['second', 3], 'n = 2');
      setSql(db, { ...filled }, ['second', 99], 'n = 3');
    },
    mongo: async (database, filled) => {
      await copy(database, filled, ['second', 2], ['second', 99]);
      await copy(database, filled, ['second', 3], ['second', 2]);
      await copy(database, filled, ['second', 99], ['second', 3]);
      await database.audit.deleteOne({ _id: mongoId(filled, ['second', 99]) });
    },
    expected: (filled) => [
      ['audit', id(filled, ['second', 2])],
      ['audit', id(filled, ['second', 3])],
    ],
  },
  {
    name: 'an entry was added to a chain',
    sqlite: (db, { chains }) => {
      const names = 'chain, at, principal, action, target, status, code, request_id, address, count, hash';
      db.prepare(
        `insert into audit_entries (n, ${names}) select 6, ${names} from audit_entries where chain = ? and n = 5`,
      ).run(chains.first);
    },
    mongo: (database, filled) => copy(database, filled, ['first', 5], ['first', 6]),
    expected: (filled) => [['audit', id(filled, ['first', 6])]],
  },
];
