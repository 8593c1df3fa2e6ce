/**
 * The undo of files, in bounded steps: a file is marked, then its orders are looked at one after the other (`model/undo.ts`), beside all
 * other work. A process may die at any point; whoever goes on goes on where the steps have got to.
 */
import { OmsError } from '../errors.ts';
import { type FileRecord, isEnded } from '../model/file.ts';
import type { Workflow } from '../model/workflow.ts';
import type { Page, PageRequest } from './page.ts';

export interface Undo {
  /**
   * Begins to undo a file that has ended. From then on it cannot be queued again. A repeat changes nothing. Null: unknown. Throws
   * `not_undoable`, and what stops changes of orders (`OrderChanges`). `actor`: who asks, noted with each order.
   */
  request(fileId: string, actor: string | null): Promise<FileRecord | null>;
  /** Files whose undo has begun and not ended, a bounded number. */
  pending(): Promise<string[]>;
  /**
   * Looks at the next orders of the file, a bounded number, and undoes those that nobody has moved on: each as a change, with its history,
   * its stock, its event and the sums, exactly once (INV-2, INV-3, INV-8). Returns whether something is left. Steps of two processes on one
   * file do no harm. With the last step the same bytes can be uploaded again.
   */
  step(fileId: string): Promise<boolean>;
  /** The ids of the orders that stay, sorted. */
  kept(fileId: string, page: PageRequest): Promise<Page<string>>;
}

/** Why a file cannot be undone; null where it can, or was. */
export function notUndoable({ fileId, status, dryRun, undo }: FileRecord, workflow: Workflow): OmsError | null {
  if (undo !== null) return null;
  const why = !isEnded(status)
    ? `is ${status}: cancel it, or wait until it has ended`
    : dryRun
      ? 'was a dry run: it has made no orders'
      : workflow.undo === null
        ? 'stays: the workflow has no state for the orders of undone files, name one as its "undo"'
        : null;
  return why === null ? null : new OmsError('not_undoable', `file ${fileId} ${why}`);
}
