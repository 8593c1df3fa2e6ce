/** The audit log, on SQLite. */
import { limits } from '../../limits.ts';
import type { AuditEntry } from '../../model/audit-entry.ts';
import type { Audit, AuditFilter } from '../../ports/audit.ts';
import { readPosition } from '../page.ts';
import type { Calls } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';

interface EntryRow {
  entry_no: number;
  chain: string;
  n: number;
  at: number;
  principal: string | null;
  action: string;
  target: string | null;
  status: number;
  code: string | null;
  request_id: string;
  address: string | null;
  count: number;
  hash: string;
}

export function auditOperations(db: Database) {
  const insert = db.prepare(`
    insert into audit_entries (chain, n, at, principal, action, target, status, code, request_id, address, count, hash)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`);
  const remove = db.prepare('delete from audit_entries where chain = ? and n <= ?');
  return {
    appendAuditEntries(entries: readonly AuditEntry[]): void {
      for (const {
        chain,
        n,
        atMs,
        principal,
        action,
        target,
        status,
        code,
        requestId,
        address,
        count,
        hash,
      } of entries)
        insert.run(chain, n, atMs, principal, action, target, status, code, requestId, address, count, hash);
    },
    deleteAuditEntries: ({ chain, n }: Pick<AuditEntry, 'chain' | 'n'>): number => Number(remove.run(chain, n).changes),
  };
}

type Position = [atMs: number, entryNo: number];

export function createAudit(db: Database, writer: Calls<ReturnType<typeof auditOperations>>): Audit {
  const find = db.prepare('select * from audit_entries where chain = ? and n = ?');
  const chains = db.prepare('select * from audit_entries where (chain, n) > (?, ?) order by chain, n limit ?');
  const oldest = db.prepare('select * from audit_entries where at < ? order by at, entry_no limit ?');
  return {
    append: (entries) => writer.call('appendAuditEntries', entries),
    async list(filter, { limit, after }) {
      const { best, others } = conditionsOf(filter);
      const high = readPosition<Position>(after, 'number', 'number') ?? [filter.toMs ?? MOST, 0];
      const low: Position = [filter.fromMs ?? -MOST, 0];
      // The last entry of the window that is scanned; none when it reaches the oldest one.
      const border =
        others.length === 0 ? undefined : select([...best, between(low, high)], limits.maxScanAudit - 1, 1)[0];
      const window = between(border ? positionOf(border) : low, high);
      const rows = select([...best, window, ...others], 0, limit + 1);
      const items = rows.slice(0, limit);
      const last = rows.length > limit ? items.at(-1)! : border;
      return { items: items.map(toEntry), next: last ? JSON.stringify(positionOf(last)) : null };
    },
    async find(chain, n) {
      const row = find.get(chain, n) as EntryRow | undefined;
      return row ? toEntry(row) : null;
    },
    async *chains() {
      let last: Pick<EntryRow, 'chain' | 'n'> = { chain: '', n: 0 };
      for (;;) {
        const rows = chains.all(last.chain, last.n, limits.sliceItems) as unknown as EntryRow[];
        for (const row of rows) yield toEntry(row);
        if (rows.length < limits.sliceItems) return;
        last = rows.at(-1)!;
      }
    },
    oldest: async (beforeMs, limit) => (oldest.all(beforeMs, limit) as unknown as EntryRow[]).map(toEntry),
    deleteThrough: (chain, n) => writer.call('deleteAuditEntries', { chain, n }),
  };

  function select(conditions: Condition[], skip: number, limit: number): EntryRow[] {
    const where = conditions.map(({ sql }) => sql).join(' and ');
    return db
      .prepare(`select * from audit_entries where ${where} order by at desc, entry_no desc limit ? offset ?`)
      .all(...conditions.flatMap(({ values }) => values), limit, skip) as unknown as EntryRow[];
  }
}

interface Condition {
  sql: string;
  values: (string | number)[];
}

const MOST = Number.MAX_SAFE_INTEGER;

const positionOf = ({ at, entry_no }: EntryRow): Position => [at, entry_no];

/** From `low` on to before `high`. SQLite looks for the first two bounds in the index. */
const between = ([fromMs, fromNo]: Position, [toMs, toNo]: Position): Condition => ({
  sql: 'at >= ? and at <= ? and (at > ? or entry_no >= ?) and (at < ? or entry_no < ?)',
  values: [fromMs, toMs, fromMs, fromNo, toMs, toNo],
});

/** `best`: what an index finds, as there is one by principal, and one by target; the others are looked for among those. */
function conditionsOf({ principal, action, target }: AuditFilter): { best: Condition[]; others: Condition[] } {
  const equal = (column: string, value: string | undefined): Condition[] =>
    value === undefined ? [] : [{ sql: `${column} = ?`, values: [value] }];
  const [first, ...rest] = [...equal('target', target), ...equal('principal', principal)];
  return { best: first ? [first] : [], others: [...rest, ...equal('action', action)] };
}

const toEntry = ({
  chain,
  n,
  at,
  principal,
  action,
  target,
  status,
  code,
  request_id,
  address,
  count,
  hash,
}: EntryRow): AuditEntry => ({
  ...{ chain, n, atMs: at, principal, action, target, status, code, requestId: request_id, address, count, hash },
});
