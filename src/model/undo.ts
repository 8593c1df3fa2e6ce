/**
 * The undo of a file: each of its orders that nobody has moved on goes to the undo state of the workflow, and gives its stock back. An
 * undone order keeps its id, its history and the numbers of its events, but it stands in nobody's way: a row of a file, or a request,
 * takes it again as its next version. Pure functions, by which both stores judge.
 */
import type { OrderContent, OrderSource, StoredOrder } from './order.ts';
import { fieldChanges, withChanges } from './order-change.ts';
import { asCreated, changeOf, movesBetween, type PlannedChange } from './planned-change.ts';
import { givesBack, stateOf, type Workflow } from './workflow.ts';

/**
 * What the undo of a file does to one of its orders. `undone`: it was done before, perhaps the order was taken again since. `kept`: it was
 * changed, or the workflow has no way from its status, and so it stays.
 */
export function judgeUndo(
  { actor }: { actor: string | null },
  fileId: string,
  { order, holdsStock, untouched, undone }: StoredOrder,
  workflow: Workflow,
  nowMs: number,
): PlannedChange | 'undone' | 'kept' {
  if (undone || order.fileId !== fileId) return 'undone';
  const { undo: status } = workflow;
  if (!untouched || status === null || !stateOf(workflow, order.status)?.to.includes(status)) return 'kept';
  const reason = `file ${fileId} was undone`;
  const change = changeOf(order, { kind: 'undone', toStatus: status, fields: [], reason, actor, atMs: nowMs });
  const next = { ...order, status, version: change.version, actor, updatedAtMs: nowMs };
  const givesStock = holdsStock && givesBack(workflow, order.status, status);
  return {
    next: { order: next, holdsStock: holdsStock && !givesStock, deleted: false, untouched: false, undone: true },
    change,
    moves: givesStock ? movesBetween(order.items, []) : [],
  };
}

/** How an undone order comes again. */
export interface Anew {
  content: OrderContent;
  source: OrderSource;
  actor: string | null;
  /** The state of new orders. */
  status: string;
  trackStock: boolean;
}

/** An undone order as its next version. It keeps the time of its creation, by which lists are sorted. */
export function takeAgain(
  { order }: StoredOrder,
  { content, source, actor, status, trackStock }: Anew,
  nowMs: number,
): PlannedChange {
  const fields = fieldChanges(order, content);
  const former = { fileId: order.fileId, row: order.row };
  const change = {
    ...changeOf(order, { kind: 'created', toStatus: status, fields, reason: null, actor, atMs: nowMs }),
    former,
  };
  const next = { ...withChanges(order, fields), ...source, status, version: change.version, actor, updatedAtMs: nowMs };
  return { next: asCreated(next, trackStock), change, moves: trackStock ? movesBetween([], next.items) : [] };
}
