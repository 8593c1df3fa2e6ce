/**
 * A request to create or change an order, and the judgement on it: what it does to the order as it is now, or why not. A pure function,
 * which each store calls within its own atomic step, so that both judge alike.
 */
import { limits } from '../limits.ts';
import { ERASED, isErased, type Order, type OrderContent, type OrderItem, type StoredOrder } from './order.ts';
import { DELETED, differingFields, fieldChanges, isPersonal, type OrderChange, withChanges } from './order-change.ts';
import { asCreated, changeOf, movesBetween, type PlannedChange, type StockMove } from './planned-change.ts';
import { judgeUndo, takeAgain } from './undo.ts';
import { areWithin, seesOrder } from './views.ts';
import { givesBack, stateOf, type Workflow } from './workflow.ts';

/** An Idempotency-Key: repeats of the request are answered as the first. */
export interface RequestKey {
  /** Who asked, on which route. */
  scope: string;
  key: string;
  /** Of the whole request: another one under the same key is refused. */
  fingerprint: string;
}

/** A new order. Without a date it gets the time of its creation. */
export type NewOrder = Omit<OrderContent, 'orderDateMs'> & { orderDateMs: number | null };

/** What an edit sets; the total follows from the items. */
export type OrderPatch = Partial<Omit<OrderContent, 'totalMinor'>>;

export type Ask =
  | { kind: 'create'; content: NewOrder }
  | { kind: 'status'; status: string; reason: string | null }
  | { kind: 'edit'; patch: OrderPatch; reason: string | null }
  | { kind: 'delete' }
  /** An order of a file that is undone: `unchanged` where it stays. */
  | { kind: 'undo'; fileId: string };

export interface ChangeRequest {
  orderId: string;
  ask: Ask;
  actor: string | null;
  /** The only hubs whose orders it may change; null: all. */
  within: readonly string[] | null;
  /** The versions that the client accepts; null for any. */
  ifMatch: readonly number[] | null;
  key: RequestKey | null;
}

/** Why a request is refused. Those in `KEPT_REFUSALS` are the first outcome under a key; the others are judged afresh. */
export type RefusalCode =
  | 'key_reused'
  | 'not_found'
  | 'order_deleted'
  | 'version_mismatch'
  | 'not_editable'
  | 'invalid_transition'
  | 'not_deletable'
  | 'too_many_changes'
  | 'order_conflict'
  | 'out_of_stock';

export const KEPT_REFUSALS: readonly RefusalCode[] = [
  'out_of_stock',
  'invalid_transition',
  'not_editable',
  'not_deletable',
  'order_conflict',
];

export interface Refusal {
  code: RefusalCode;
  /** What happened, to what, and what to do. */
  detail: string;
  /** More members of the problem document, by their public names. Its `status` is that of HTTP. */
  members: Record<string, unknown>;
}

export type Outcome =
  | { outcome: 'created' | 'changed' | 'unchanged'; order: Order }
  | { outcome: 'deleted' }
  | { outcome: 'refused'; refusal: Refusal };

export type Judgement = { answer: Outcome } | { plan: PlannedChange };

export interface Rules {
  workflow: Workflow;
  /** Whether new orders take stock. */
  trackStock: boolean;
}

const refused = (code: RefusalCode, detail: string, members: Record<string, unknown> = {}): { answer: Outcome } => ({
  answer: { outcome: 'refused', refusal: { code, detail, members } },
});

export const keyReused = (): Outcome =>
  refused('key_reused', 'this Idempotency-Key was used for another request: send a new key with this one').answer;

/**
 * `current`: the order with the id; null when there is none. The caller has looked for the key of the request before, and answers
 * `outOfStock` when a row does not have what a move takes.
 */
export function judge(request: ChangeRequest, current: StoredOrder | null, rules: Rules, nowMs: number): Judgement {
  const { ask, orderId, within } = request;
  if (ask.kind === 'undo') {
    const judged = judgeUndo(request, ask.fileId, current!, rules.workflow, nowMs);
    if (typeof judged === 'object') return { plan: judged };
    return { answer: { outcome: judged === 'undone' ? 'changed' : 'unchanged', order: current!.order } };
  }
  if (ask.kind === 'create') return judgeCreation(request, ask.content, current, rules, nowMs);
  if (current === null || !mayChange(within, current))
    return refused('not_found', `there is no order "${orderId.slice(0, 100)}"`);
  if (current.deleted)
    return ask.kind === 'delete'
      ? { answer: { outcome: 'deleted' } }
      : refused('order_deleted', `order "${current.order.orderId}" was deleted`);
  const { version } = current.order;
  if (request.ifMatch !== null && !request.ifMatch.includes(version))
    return refused(
      'version_mismatch',
      `order "${current.order.orderId}" is at version ${version}: read it again, then repeat the change`,
      { current_version: version, actor: current.order.actor },
    );
  if (ask.kind === 'status') return judgeMove(request, ask, current, rules, nowMs);
  if (ask.kind === 'edit') return judgeEdit(request, ask, current, rules, nowMs);
  return judgeDeletion(request, current, rules, nowMs);
}

/** An order with items elsewhere is, for whoever is limited to hubs, as one that does not exist; so is one without items. */
const mayChange = (within: ChangeRequest['within'], { order, deleted }: StoredOrder): boolean =>
  within === null || (!deleted && areWithin(within, order.items));

function judgeCreation(
  { orderId, actor, within }: ChangeRequest,
  content: NewOrder,
  current: StoredOrder | null,
  { workflow, trackStock }: Rules,
  nowMs: number,
): Judgement {
  // Ids are unique, so that one is taken cannot be hidden, but by what.
  if (current && !seesOrder({ hubs: within, email: null }, current))
    return refused('order_conflict', `the order id "${orderId}" is taken: use another one`, { fields: [] });
  if (current?.deleted)
    return refused('order_deleted', `order "${orderId}" was deleted, and its id stays taken: use another one`);
  if (current?.undone) {
    const anew = { ...content, orderDateMs: content.orderDateMs ?? nowMs };
    const source = { fileId: null, row: null };
    return { plan: takeAgain(current, { content: anew, source, actor, status: workflow.initial, trackStock }, nowMs) };
  }
  if (current) {
    const fields = differingFields(current.order, sentContent(content));
    if (fields.length === 0) return { answer: { outcome: 'unchanged', order: current.order } };
    const detail = `order "${orderId}" is already stored with another ${fields.join(', ')}: use another id, or edit that order`;
    return refused('order_conflict', detail, { fields });
  }
  const order: Order = {
    ...content,
    orderDateMs: content.orderDateMs ?? nowMs,
    orderId,
    status: workflow.initial,
    version: 1,
    actor,
    fileId: null,
    row: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  const change: OrderChange = {
    ...{ version: 1, kind: 'created', fromStatus: null, toStatus: order.status, fields: [] },
    ...{ reason: null, actor, atMs: nowMs },
  };
  const moves = trackStock ? movesBetween([], order.items) : [];
  return { plan: { next: asCreated(order, trackStock), change, moves } };
}

/** What a change leaves but a creation and an undo. */
const MOVED_ON = { deleted: false, untouched: false, undone: false } as const;

const sentContent = ({ orderDateMs, ...content }: NewOrder): Partial<OrderContent> =>
  orderDateMs === null ? content : { ...content, orderDateMs };

function judgeMove(
  { actor }: ChangeRequest,
  { status, reason }: { status: string; reason: string | null },
  { order, holdsStock }: StoredOrder,
  { workflow }: Rules,
  nowMs: number,
): Judgement {
  if (status === order.status) return { answer: { outcome: 'unchanged', order } };
  const allowed = stateOf(workflow, order.status)?.to ?? [];
  if (!allowed.includes(status))
    return refused(
      'invalid_transition',
      `order "${order.orderId}" is ${order.status}, from where it can go to ${allowed.join(', ') || 'no other status'}, not to ${status}`,
      { from: order.status, to: status, allowed },
    );
  if (order.version >= limits.maxOrderChanges - 1) return tooManyChanges(order);
  const back = holdsStock && givesBack(workflow, order.status, status);
  const change = changeOf(order, { kind: 'status_changed', toStatus: status, fields: [], reason, actor, atMs: nowMs });
  const next = { ...order, status, version: change.version, actor, updatedAtMs: nowMs };
  return {
    plan: {
      next: { ...MOVED_ON, holdsStock: holdsStock && !back, order: next },
      change,
      moves: back ? movesBetween(order.items, []) : [],
    },
  };
}

function judgeEdit(
  { actor }: ChangeRequest,
  { patch, reason }: { patch: OrderPatch; reason: string | null },
  { order, holdsStock }: StoredOrder,
  { workflow }: Rules,
  nowMs: number,
): Judgement {
  const totalMinor = patch.items?.reduce((sum, item) => sum + item.lineTotalMinor, 0) ?? order.totalMinor;
  const fields = fieldChanges(order, { ...order, ...patch, totalMinor });
  if (fields.length === 0) return { answer: { outcome: 'unchanged', order } };
  if (!stateOf(workflow, order.status)?.editable)
    return refused(
      'not_editable',
      `order "${order.orderId}" is ${order.status}, where it cannot be edited: only its status can change`,
      { order_status: order.status },
    );
  if (isErased(order) && fields.some(({ field }) => isPersonal(field)))
    return refused(
      'not_editable',
      `the customer and the address of order "${order.orderId}" were erased and stay so: edit other fields, or create a new order`,
      { order_status: order.status },
    );
  if (order.version >= limits.maxOrderEdits) return tooManyChanges(order);
  const change = changeOf(order, { kind: 'edited', toStatus: order.status, fields, reason, actor, atMs: nowMs });
  const next = { ...withChanges(order, fields), version: change.version, actor, updatedAtMs: nowMs };
  const moves = holdsStock ? movesBetween(order.items, next.items) : [];
  return { plan: { next: { ...MOVED_ON, order: next, holdsStock }, change, moves } };
}

function judgeDeletion(
  { actor }: ChangeRequest,
  { order, holdsStock }: StoredOrder,
  { workflow }: Rules,
  nowMs: number,
): Judgement {
  const state = stateOf(workflow, order.status)?.stock;
  if (state !== 'held' && (state !== 'returned' || holdsStock))
    return refused(
      'not_deletable',
      `order "${order.orderId}" is ${order.status}: its goods have left and did not come back, so it stays`,
      { order_status: order.status },
    );
  const change = changeOf(order, {
    ...{ kind: 'deleted', toStatus: DELETED, fields: [], reason: null, actor, atMs: nowMs },
  });
  const next = { ...order, ...ERASED, status: DELETED, version: change.version, actor, updatedAtMs: nowMs };
  return {
    plan: {
      next: { ...MOVED_ON, order: next, holdsStock: false, deleted: true },
      change,
      moves: holdsStock ? movesBetween(order.items, []) : [],
    },
  };
}

const tooManyChanges = (order: Order) =>
  refused(
    'too_many_changes',
    `order "${order.orderId}" has been changed ${order.version - 1} times: it takes no more changes of this kind`,
    { version: order.version },
  );

/** The answer to an edit of an order whose history has reached `limits.maxHistoryBytes`. */
export const historyTooLarge = ({ orderId, version }: Pick<Order, 'orderId' | 'version'>): Outcome =>
  refused('too_many_changes', `the history of order "${orderId}" has become too large: it takes no more edits`, {
    version,
  }).answer;

/**
 * The refusal of a change whose stock does not suffice. `availableOf`: what is available of a pair, 0 where there is no row. An item is
 * short when what the change needs of its pair in all is more than that.
 */
export function outOfStock(
  items: readonly OrderItem[],
  moves: readonly StockMove[],
  availableOf: (sku: string, hubId: string) => number,
): Outcome {
  const errors = items.flatMap(({ sku, hubId }, n) => {
    const needed = moves.find((move) => move.sku === sku && move.hubId === hubId)?.quantity ?? 0;
    const available = availableOf(sku, hubId);
    if (needed <= available) return [];
    const detail = `${needed} of ${sku} at ${hubId} are needed, ${available} are available`;
    return [{ pointer: `/items/${n}/quantity`, code: 'out_of_stock', detail, available }];
  });
  const short = errors.map(({ detail }) => detail);
  return refused('out_of_stock', `the stock does not suffice: ${[...new Set(short)].slice(0, 3).join('; ')}`, {
    errors,
  }).answer;
}
