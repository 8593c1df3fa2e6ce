/**
 * The undo of files. Its orders are looked at in the order of their creation, which their numbers are: those of its chunks, new ones and
 * then those that were taken again. A step is one transaction, so what was undone and how far it is cannot come apart.
 */
import { limits } from '../../limits.ts';
import type { ChangeRequest, Outcome, Rules } from '../../model/change-request.ts';
import type { FileRecord } from '../../model/file.ts';
import { notUndoable, type Undo } from '../../ports/undo.ts';
import { readPosition, toPage } from '../page.ts';
import type { Calls } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';
import { type FileRow, toFileRecord } from './file-row.ts';

interface Created {
  number: number;
  order_no: number;
}

/** What a file has created behind a number, in the order of their numbers. */
function creations(db: Database) {
  const chunks = db.prepare(`
    select first_seq first, orders from chunks where file_no = ? and orders > 0 and first_seq + orders - 1 > ? order by n`);
  const created = db.prepare(`
    select seq number, seq order_no from orders where seq between ?1 and ?2
    union all select seq, order_no from order_changes where kind = 'created' and seq between ?1 and ?2
    order by number limit ?3`);
  return function* (fileNo: number, after: number, limit: number): Generator<Created> {
    let left = limit;
    for (const { first, orders } of chunks.iterate(fileNo, after) as Iterable<{ first: number; orders: number }>) {
      const found = created.all(Math.max(first, after + 1), first + orders - 1, left) as unknown as Created[];
      yield* found;
      left -= found.length;
      if (left === 0) return;
    }
  };
}

export function undoOperations(
  db: Database,
  changeOrders: (changes: { requests: readonly ChangeRequest[]; rules: Rules }) => Outcome[],
  now: () => number,
) {
  const get = db.prepare('select * from files where file_id = ?');
  const begin = db.prepare("update files set undo_state = 'running', undo_by = ?, changed_at = ? where file_no = ?");
  const advance = db.prepare(`
    update files set undo_state = ?, undo_position = ?, undone = undone + ?, kept = kept + ?, changed_at = ? where file_no = ?`);
  const keep = db.prepare('insert into kept_orders (file_no, order_id) values (?, ?)');
  const createdBy = creations(db);
  const idOf = db.prepare('select order_id from orders where seq = ?');
  const row = (fileId: string) => get.get(fileId) as unknown as FileRow | undefined;

  return {
    requestUndo({ fileId, actor, rules }: { fileId: string; actor: string | null; rules: Rules }): FileRecord | null {
      const file = row(fileId);
      if (!file) return null;
      const record = toFileRecord(file);
      const refused = notUndoable(record, rules.workflow);
      if (refused) throw refused;
      if (record.undo) return record;
      begin.run(actor, now(), file.file_no);
      return toFileRecord(row(fileId)!);
    },

    undoOrders({ fileId, rules }: { fileId: string; rules: Rules }): boolean {
      const file = row(fileId);
      if (file?.undo_state !== 'running') return false;
      const found = [...createdBy(file.file_no, file.undo_position, limits.undoneAtOnce)];
      const requests = found.map(({ order_no }): ChangeRequest => {
        const { order_id: orderId } = idOf.get(order_no) as { order_id: string };
        return { orderId, ask: { kind: 'undo', fileId }, actor: file.undo_by, within: null, ifMatch: null, key: null };
      });
      const outcomes = changeOrders({ requests, rules });
      const stay = requests.filter((_, n) => outcomes[n]!.outcome === 'unchanged');
      for (const { orderId } of stay) keep.run(file.file_no, orderId);
      const isLast = found.length < limits.undoneAtOnce;
      const position = found.at(-1)?.number ?? file.undo_position;
      advance.run(isLast ? 'done' : 'running', position, found.length - stay.length, stay.length, now(), file.file_no);
      return !isLast;
    },
  };
}

export function createUndo(db: Database, writer: Calls<ReturnType<typeof undoOperations>>, rules: Rules): Undo {
  const pending = db.prepare("select file_id from files where undo_state = 'running' order by file_no limit ?");
  const kept = db.prepare(`
    select order_id from kept_orders where file_no = (select file_no from files where file_id = ?) and order_id > ?
    order by order_id limit ?`);
  return {
    request: (fileId, actor) => writer.call('requestUndo', { fileId, actor, rules }),
    async pending() {
      return (pending.all(limits.filesUndoneAtOnce) as { file_id: string }[]).map(({ file_id }) => file_id);
    },
    step: (fileId) => writer.call('undoOrders', { fileId, rules }),
    async kept(fileId, { limit, after }) {
      const [last] = readPosition<[string]>(after, 'string') ?? [''];
      const rows = kept.all(fileId, last, limit + 1) as { order_id: string }[];
      return toPage(
        rows,
        limit,
        ({ order_id }) => [order_id],
        ({ order_id }) => order_id,
      );
    },
  };
}
