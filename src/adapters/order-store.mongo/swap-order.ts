/**
 * The change itself: one compare-and-swap of the order's document by its `rev`, or its insert. It has happened, or can never happen any
 * more, when `rev` is another; until then a write that got no answer may still be under way.
 */
import { BSON } from 'mongodb';
import { assert } from '../../assert.ts';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { ChangeRequest } from '../../model/change-request.ts';
import { ERASED, type Order } from '../../model/order.ts';
import { fieldChanges } from '../../model/order-change.ts';
import type { PlannedChange } from '../../model/planned-change.ts';
import { isCounted, type Workflow } from '../../model/workflow.ts';
import { blankPlan } from './blank-plans.ts';
import type { Database } from './database.ts';
import {
  type ChangeEntry,
  chunkId,
  hubField,
  type OrderDocument,
  publishedOf,
  revOf,
  type SourceDocument,
  VOID,
} from './documents.ts';
import { isDuplicateKey, toOmsError } from './errors.ts';
import { contentFields, setField, sourcesOf } from './order-document.ts';
import { requestId } from './request-keys.ts';
import { pauseBetweenRounds } from './rounds.ts';
import type { Reservation } from './stock-tickets.ts';

/** The filter of a document as it was read: one of an earlier release has no `rev`. */
export const asRead = ({ _id, rev }: Pick<OrderDocument, '_id' | 'rev'>) => ({ _id, rev: rev ?? { $exists: false } });

export interface Swap {
  before: OrderDocument | null;
  plan: PlannedChange;
  request: Pick<ChangeRequest, 'key'>;
  reservation: Reservation;
  /** The chunk whose row takes an undone order again. */
  chunk?: number;
}

/**
 * Whether the change was made. Otherwise the order is another meanwhile, and this change can never be made. Throws when it does not
 * become known: then its tickets MUST stay, for the sweeper.
 */
export async function swapOrder(
  { orders, chunks }: Pick<Database, 'orders' | 'chunks'>,
  workflow: Workflow,
  swap: Swap,
): Promise<boolean> {
  const { reservation } = swap;
  const { orderId: _id, ticket } = reservation;
  const found = await withLogToErase({ orders }, swap);
  if (found === GONE) return false;
  const before = found && swap.plan.change.former ? await readyToTake({ orders, chunks }, found) : found;
  const write =
    before === null
      ? insertion(orders, swap, workflow)
      : replacement(orders, before, updateOf(before, swap, workflow, await erasedFrom({ chunks }, before, swap.plan)));
  let failure: unknown;
  for (let round = 0; round < limits.mongoRounds; round++) {
    if (round > 0) await pauseBetweenRounds(round);
    try {
      if (await write()) return true;
    } catch (error) {
      failure = toOmsError(error);
      if (!(failure instanceof OmsError)) throw error;
    }
    const after = await orders.findOne({ _id }, { projection: { rev: 1, 'log.t': 1 } });
    if (after?.log?.some(({ t }) => t === ticket)) return true;
    if (revOf(after) !== reservation.rev) return false;
    // The write may still be under way: only the same write may follow.
  }
  throw (
    failure ?? new OmsError('store_contention', `order ${_id} was changed and cannot be read yet`, { retryable: true })
  );
}

const GONE = Symbol('the order is another meanwhile');

/** Only a deletion writes the log as a whole. */
async function withLogToErase(
  { orders }: Pick<Database, 'orders'>,
  { before, plan }: Swap,
): Promise<OrderDocument | null | typeof GONE> {
  if (before === null || !plan.next.deleted) return before;
  const read = await orders.findOne(asRead(before), { projection: { log: 1 } });
  return read ? { ...before, log: read.log ?? [] } : GONE;
}

/** An undone order before it is taken again: its chunk is known, and no plan is to lose its person any more. */
export async function readyToTake(
  database: Pick<Database, 'orders' | 'chunks'>,
  document: OrderDocument,
): Promise<OrderDocument> {
  for (const id of [document.erased_from ?? []].flat()) await blankPlan(database, id);
  if (document.file === null || document.chunk !== undefined) return document;
  const id = await chunkIdOf(database, document);
  return id === null ? document : { ...document, chunk: Number(id.slice(document.file.length + 1)) };
}

/** A duplicate is no error: the order, which may be this one, is read next. */
function insertion(orders: Database['orders'], swap: Swap, workflow: Workflow) {
  const { next, change } = swap.plan;
  assert(change.version === 1 && change.fromStatus === null, 'an order begins with version 1 (INV-8)');
  const entry = entryOf(swap, null, workflow);
  const document: OrderDocument = {
    _id: swap.reservation.orderId,
    ...stateFields(next.order, next.holdsStock),
    ...contentFields(next.order),
    ...{ file: null, row: null, created_at: new Date(next.order.createdAtMs) },
    rev: 1,
    ...{ log: [entry], log_bytes: BSON.calculateObjectSize(entry) },
    published: 0,
    outbox_at: new Date(change.atMs),
  };
  return async () => {
    try {
      await orders.insertOne(document);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  };
}

function replacement(orders: Database['orders'], before: OrderDocument, update: ReturnType<typeof updateOf>) {
  return async () => {
    const { matchedCount } = await orders.updateOne(asRead(before), update as never);
    return matchedCount === 1;
  };
}

/** `before`: with its log where the order is deleted. `erased`: the chunks whose plans lose its content then. */
export function updateOf(before: OrderDocument, swap: Swap, workflow: Workflow, erased: string[]) {
  const { next, change } = swap.plan;
  const isNew = before.status === VOID;
  const entry = entryOf(swap, isNew ? null : before, workflow);
  assert(revOf(before) === swap.reservation.rev, 'an order is swapped as it was judged (INV-8)');
  assert(change.version === (isNew ? 1 : (before.version ?? 1) + 1), 'the versions of an order have no gaps (INV-8)');
  const at = new Date(change.atMs);
  const set = {
    rev: revOf(before) + 1,
    ...stateFields(next.order, next.holdsStock),
    ...(!isNew && { changed_at: at }),
    // A publisher may have moved it since the order was read.
    ...(!isNew && before.published === undefined && { published: publishedOf(before) }),
    ...(next.undone && { undone_as: change.version }),
    ...(change.former && { ...sourceFields(next.order, swap.chunk), created_as: change.version }),
  };
  const content = contentFields(next.order);
  const operators = next.deleted
    ? {
        // The content is gone at once, from its history, too.
        $set: {
          ...set,
          log: [...(before.log ?? []).map(withoutContent), entry],
          ...{ log_bytes: 0, refused: [] },
          ...(erased.length > 0 && { erased_from: erased.length === 1 ? erased[0] : erased }),
        },
        $unset: Object.fromEntries(Object.keys(content).map((field) => [field, ''])),
      }
    : {
        $set: {
          ...set,
          log_bytes: (before.log_bytes ?? 0) + BSON.calculateObjectSize(entry),
          ...(entry.set.length > 0 && content),
          ...(isNew && { file: null, row: null, created_at: at, published: 0 }),
        },
        $push: { log: entry },
        ...(change.former && swap.chunk === undefined && { $unset: { chunk: '' } }),
      };
  return { ...operators, $min: { outbox_at: at } };
}

const sourceFields = ({ fileId: file, row }: Order, chunk?: number): SourceDocument => ({
  ...{ file, row },
  ...(chunk !== undefined && { chunk }),
});

const stateFields = (order: Order, holdsStock: boolean) => ({
  status: order.status,
  version: order.version,
  actor: order.actor,
  stock_taken: holdsStock,
  updated_at: new Date(order.updatedAtMs),
});

const withoutContent = ({ request: _, fingerprint: __, ...entry }: ChangeEntry): ChangeEntry => ({
  ...entry,
  set: [],
  reason: null,
});

function entryOf(
  { plan, request: { key }, reservation }: Swap,
  before: OrderDocument | null,
  workflow: Workflow,
): ChangeEntry {
  const { change } = plan;
  const counts = countsOf(before, plan, workflow);
  const back = reservation.moves
    .filter((move) => move.back > 0)
    .map((move) => ({ key: move.key, quantity: move.back }));
  return {
    ...{ m: change.version, kind: change.kind, from: change.fromStatus, to: change.toStatus },
    t: reservation.ticket,
    back,
    set: (before === null ? fieldChanges(ERASED, plan.next.order) : change.fields).map(setField),
    ...(change.former && { former: sourceFields({ ...plan.next.order, ...change.former }, before?.chunk) }),
    ...(change.former && plan.next.order.fileId !== null && { of_file: true as const }),
    ...(key !== null && { request: requestId(key), fingerprint: key.fingerprint }),
    ...{ actor: change.actor, reason: change.reason, at: new Date(change.atMs) },
    ...(counts && { counts }),
  };
}

/** What the change adds to the sums by hub and of amounts; of an order that a file takes again, that file counts what it is now. */
function countsOf(
  before: OrderDocument | null,
  { next, change }: PlannedChange,
  workflow: Workflow,
): ChangeEntry['counts'] {
  const hubs = new Map<string, number>();
  const count = (hubIds: Iterable<string>, by: number) => {
    for (const hubId of new Set(hubIds)) hubs.set(hubId, (hubs.get(hubId) ?? 0) + by);
  };
  const amountOf = (status: string | null, minor: number) =>
    status !== null && isCounted(workflow, status) ? minor : 0;
  if (before)
    count(
      before.items.map((item) => item.hub_id),
      -1,
    );
  const isCountedByFile = change.former !== undefined && next.order.fileId !== null;
  if (!isCountedByFile)
    count(
      next.order.items.map((item) => item.hubId),
      1,
    );
  const amount =
    (next.deleted || isCountedByFile ? 0 : amountOf(change.toStatus, next.order.totalMinor)) -
    amountOf(change.fromStatus, before?.total_minor ?? 0);
  const moved = [...hubs].filter(([, orders]) => orders !== 0).map(([hub, orders]) => ({ hub: hubField(hub), orders }));
  return amount === 0 && moved.length === 0 ? undefined : { amount, hubs: moved };
}

/** The chunks whose plan and event of the order lose their content. */
async function erasedFrom(
  { chunks }: Pick<Database, 'chunks'>,
  before: OrderDocument,
  { next }: PlannedChange,
): Promise<string[]> {
  if (!next.deleted) return [];
  const found = await Promise.all(sourcesOf(before).map((source) => chunkIdOf({ chunks }, source)));
  return found.filter((id) => id !== null);
}

/** The chunk of an order of a file; null for others. */
export async function chunkIdOf(
  { chunks }: Pick<Database, 'chunks'>,
  { file, row, chunk }: SourceDocument,
): Promise<string | null> {
  if (file === null || file === undefined) return null;
  if (chunk !== undefined) return chunkId(file, chunk);
  const found = await chunks.findOne(
    { file, row: { $gte: row! }, state: { $ne: 'closed' } },
    { sort: { n: 1 }, projection: { _id: 1 } },
  );
  return found?._id ?? null;
}
