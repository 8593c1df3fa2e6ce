/**
 * The undo of files. Its orders are looked at in the order of their creation; each is undone as a change of its own (`change-order.ts`).
 * Then the step is noted; one that is done again finds what it has undone, and what stays stays the same. Nobody may take an order again
 * while the file has holds: a worker that was left behind would give back stock for it. So they are pruned first.
 */
import { MongoBulkWriteError } from 'mongodb';
import { limits } from '../../limits.ts';
import type { ChangeRequest } from '../../model/change-request.ts';
import type { FileRecord } from '../../model/file.ts';
import type { OrderChanges } from '../../ports/order-changes.ts';
import { notUndoable, type Undo } from '../../ports/undo.ts';
import { readPosition, toPage } from '../page.ts';
import { type FileDocument, type KeptOrderDocument, ordersOf } from './documents.ts';
import { DUPLICATE_KEY } from './errors.ts';
import type { CommitContext } from './execute-plan.ts';
import { toFileRecord } from './file-document.ts';
import { findFile, swap } from './file-swap.ts';
import { all, beyond } from './orders.ts';
import { pruneFile } from './prune.ts';

type Undoing = NonNullable<FileDocument['undo']>;

export function createUndo(
  { database, workflow, now }: Pick<CommitContext, 'database' | 'workflow' | 'now'>,
  changes: Pick<OrderChanges, 'apply'>,
): Undo {
  const { files, orders, keptOrders } = database;

  async function tryToBegin(fileId: string, by: string | null): Promise<FileRecord | null | undefined> {
    const file = await findFile(database, fileId);
    if (!file) return null;
    const record = toFileRecord(file);
    const refused = notUndoable(record, workflow);
    if (refused) throw refused;
    if (file.undo) return record;
    // Nothing is begun that an older process is in the way of.
    await changes.apply([]);
    const { _id, status, epoch, generation } = file;
    const undo: Undoing = { state: 'running', undone: 0, kept: 0, by, after: null };
    const begun = await files.findOneAndUpdate(
      { _id, status, epoch, generation, undo: { $exists: false } },
      { $set: { undo, changed_at: new Date(now()) } },
      { returnDocument: 'after' },
    );
    return begun ? toFileRecord(begun) : undefined;
  }

  /** The next orders, also those that were deleted. None comes to the file any more; some may have been taken again from it. */
  const ordersBehind = (fileId: string, { after }: Undoing) =>
    orders
      .find(all([{ file: fileId }, ...(after ? [beyond(after, '$gt')] : [])]), { projection: { created_at: 1 } })
      .sort({ created_at: 1, _id: 1 })
      .limit(limits.undoneAtOnce)
      .toArray();

  async function keep(file: string, orderIds: readonly string[]): Promise<void> {
    if (orderIds.length === 0) return;
    const kept = orderIds.map((order): KeptOrderDocument => ({ _id: `${file} ${order}`, file, order }));
    try {
      await keptOrders.insertMany(kept, { ordered: false });
    } catch (error) {
      const isDone =
        error instanceof MongoBulkWriteError && [error.writeErrors].flat().every(({ code }) => code === DUPLICATE_KEY);
      if (!isDone || error.result.getWriteConcernError()) throw error;
    }
  }

  return {
    request: (fileId, actor) => swap(fileId, () => tryToBegin(fileId, actor)),

    async pending() {
      const running = files.find({ 'undo.state': 'running' }, { projection: { _id: 1 }, sort: { _id: 1 } });
      return (await running.limit(limits.filesUndoneAtOnce).toArray()).map(({ _id }) => _id);
    },

    async step(fileId) {
      const file = await files.findOne({ _id: fileId, 'undo.state': 'running' });
      if (!file?.undo) return false;
      if (!file.pruned) await pruneFile(database, file);
      const { undo } = file;
      const found = await ordersBehind(fileId, undo);
      const requests = found.map(
        ({ _id: orderId }): ChangeRequest => ({
          ...{ orderId, ask: { kind: 'undo', fileId }, actor: undo.by, within: null, ifMatch: null, key: null },
        }),
      );
      const outcomes = await changes.apply(requests);
      const stay = requests.filter((_, n) => outcomes[n]!.outcome === 'unchanged').map(({ orderId }) => orderId);
      await keep(fileId, stay);
      const last = found.at(-1);
      const isLast = found.length < limits.undoneAtOnce;
      const kept = undo.kept + stay.length;
      // An order that was taken again since it was undone, before a step that is done again, is not found any more.
      const undone = isLast ? ordersOf(file) - kept : undo.undone + found.length - stay.length;
      const next: Undoing = {
        ...{ state: isLast ? 'done' : 'running', undone, kept, by: undo.by },
        after: last ? [last.created_at.getTime(), last._id] : undo.after,
      };
      await files.updateOne(
        { _id: fileId, 'undo.after': undo.after },
        { $set: { undo: next, changed_at: new Date(now()) } },
      );
      return !isLast;
    },

    async kept(fileId, { limit, after }) {
      const [last] = readPosition<[string]>(after, 'string') ?? [''];
      const found = keptOrders.find({ file: fileId, order: { $gt: last } }, { sort: { order: 1 } });
      return toPage(
        await found.limit(limit + 1).toArray(),
        limit,
        ({ order }) => [order],
        ({ order }) => order,
      );
    },
  };
}
