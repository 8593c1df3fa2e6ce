/**
 * Clients that create and change orders under Idempotency-Keys, in a simulation: what they ask, how often, and whether the answers agree.
 * A request may be sent again while an earlier attempt of it is frozen, hangs, or has died with its process.
 */
import { OmsError } from '../../src/errors.ts';
import { type ChangeRequest, KEPT_REFUSALS, type Outcome } from '../../src/model/change-request.ts';
import type { OrderContent, OrderItem } from '../../src/model/order.ts';
import { differingFields } from '../../src/model/order-change.ts';
import { OrderChanger, type Settled } from '../../src/orders/change-orders.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { item, newOrder, toCreate, toDelete, toEdit, toMove } from '../support/changes.ts';
import type { OrderState } from './change-invariants.ts';
import type { Random } from './random.ts';
import type { Actor } from './scheduler.ts';
import { WORKFLOW } from './workflow.ts';

export interface Asked {
  /** More than one are a batch, each under a key of its own. */
  requests: readonly ChangeRequest[];
  /** A call of the store itself, as requests of several clients that share one. */
  isDirect: boolean;
  trackStock: boolean;
  attempts: Set<Actor>;
  /** The first answer of each request that counts for ever; `judged afresh` when there were only others. */
  answers: (Outcome | 'judged afresh' | null)[];
  /** It says something else under a key that was used before. */
  isReuse: boolean;
}

export const isAnswered = ({ answers }: Asked): boolean => answers.every((answer) => answer !== null);

const isKept = (settled: Settled): settled is Outcome =>
  settled.outcome !== 'invalid' &&
  settled.outcome !== 'failed' &&
  (settled.outcome !== 'refused' || KEPT_REFUSALS.includes(settled.refusal.code));

/** Whether clients may name it, and several files may have it. */
export const isShared = (orderId: string): boolean => /^[OC]-/.test(orderId);

const DATE_MS = Date.UTC(2026, 9, 1, 12);
const OF_ROWS = { customerName: 'Ada Lovelace', customerEmail: 'ada@example.com', orderDateMs: DATE_MS };
/** Those of whom orders are, as their e-mails are written. */
const EMAILS = ['ada@example.com', 'Bob@Example.com', 'cy@example.com'];

interface Surroundings {
  random: Random;
  /** Those that clients may name. */
  skus: readonly string[];
  orders(): readonly OrderState[];
  report(what: string): void;
}

export function createOrderClients({ random, skus, orders, report }: Surroundings) {
  const all: Asked[] = [];
  const untracked = new Set<string>();
  let keys = 0;
  const stateOf = (orderId: string) => orders().find(({ order_id }) => order_id === orderId);
  const isDeleted = (orderId: string) => stateOf(orderId)?.status === 'deleted';

  const someItems = (): OrderItem[] =>
    Array.from(
      {
        length: random.weighted([
          [6, 1],
          [3, 2],
          [1, 3],
        ]),
      },
      () => item(random.pick(skus), random.between(1, 5), { productName: 'Lamp', unitPriceMinor: 250 }),
    );
  /** Ids of rows, of orders of clients, and of nobody. */
  const anyId = () => `${random.pick(['O', 'C'])}-${random.between(1, 30)}`;
  /** Of such an order, if there is one. */
  const idOf = (isSuch: (order: OrderState) => boolean) => {
    const such = orders().filter((order) => isShared(order.order_id) && isSuch(order));
    return such.length === 0 ? anyId() : random.pick(such).order_id;
  };
  const undoneId = () => idOf(({ undone_as, version }) => undone_as === version);
  const goneId = () => idOf(({ status }) => status === 'shipped' || status === 'delivered');
  const existingId = () => {
    const there = orders().filter(({ order_id }) => isShared(order_id));
    return there.length === 0 || random.chance(0.1) ? anyId() : random.pick(there).order_id;
  };

  function newContent(): Parameters<typeof newOrder> {
    // As a row may say it, so that one is the duplicate of the other.
    const customerEmail = random.chance(0.7) ? OF_ROWS.customerEmail : random.pick(EMAILS);
    return [someItems(), { ...OF_ROWS, customerEmail, shippingAddress: `${random.between(1, 2)} Mill Lane` }];
  }

  /** What an order of a client says now, so that it is the same order again. */
  function sameAgain(name: string): ChangeRequest {
    const made = orders().filter(({ file_no, customer_email }) => file_no === 0 && customer_email !== '');
    if (made.length === 0) return toCreate(anyId(), newOrder(...newContent()), { actor: name });
    const {
      order_id,
      sku,
      quantity,
      shipping_address: shippingAddress,
      customer_email: customerEmail,
    } = random.pick(made);
    const only = item(sku, quantity, { productName: 'Lamp', unitPriceMinor: 250 });
    return toCreate(order_id, newOrder([only], { ...OF_ROWS, customerEmail, shippingAddress }), { actor: name });
  }

  function someRequest(orderId: string | null): ChangeRequest {
    const name = `key-${++keys}`;
    const id = orderId ?? existingId();
    const now = stateOf(id);
    const ifMatch = random.chance(0.25) ? [Math.max(1, (now?.version ?? 1) - random.between(0, 1))] : null;
    // All orders are in HUB-1.
    const within = random.chance(0.1) ? ['HUB-9'] : null;
    const terms = { actor: name, within, ifMatch, reason: name };
    const status = random.pick([
      'confirmed',
      'confirmed',
      'on_hold',
      'shipped',
      'shipped',
      'delivered',
      'cancelled',
      'cancelled',
    ]);
    const asked = random.weighted<() => ChangeRequest>([
      [7, () => toCreate(orderId ?? anyId(), newOrder(...newContent()), { actor: name })],
      [2, () => toCreate(orderId ?? undoneId(), newOrder(...newContent()), { actor: name })],
      [orderId === null ? 1 : 0, () => sameAgain(name)],
      [6, () => toMove(id, status, terms)],
      [4, () => toEdit(id, { items: someItems() }, terms)],
      [2, () => toEdit(id, { shippingAddress: `${random.between(1, 3)} Mill Lane` }, terms)],
      [1, () => toEdit(id, { customerEmail: random.pick(EMAILS) }, terms)],
      [4, () => toDelete(id, { actor: name, within, ifMatch })],
      [1, () => toDelete(orderId ?? goneId(), { actor: name })],
    ])();
    return keyed(asked, name);
  }

  const keyed = (request: ChangeRequest, key: string): ChangeRequest => ({
    ...request,
    key: { scope: 'clients', key, fingerprint: JSON.stringify([request.orderId, request.ask]) },
  });

  function add(requests: ChangeRequest[], isDirect: boolean, isReuse = false): Asked {
    const trackStock = random.chance(0.85);
    if (!trackStock) for (const { actor } of requests) untracked.add(actor!);
    const asked = {
      requests,
      isDirect,
      trackStock,
      isReuse,
      attempts: new Set<Actor>(),
      answers: requests.map(() => null),
    };
    all.push(asked);
    return asked;
  }

  function receive(asked: Asked, n: number, settled: Settled, wasDeleted: boolean): void {
    const request = asked.requests[n]!;
    const off = (what: string) => report(`${request.key!.key}, ${request.ask.kind} ${request.orderId}: ${what}`);
    if (settled.outcome === 'failed') return;
    const code = settled.outcome === 'refused' ? settled.refusal.code : settled.outcome;
    if (asked.isReuse) {
      if (code !== 'key_reused') off(`another request under a used key is ${code}`);
    } else if (wasDeleted && request.within === null && code !== 'order_deleted' && code !== 'deleted')
      off(`is ${code}, its order was deleted before`);
    if (!isKept(settled)) {
      asked.answers[n] ??= 'judged afresh';
      return;
    }
    const wrong = wrongIn(request, settled);
    if (wrong) off(wrong);
    const first = asked.answers[n];
    if (first !== null && first !== undefined && first !== 'judged afresh') {
      // What came before a deletion is judged afresh after it.
      if (summary(first) !== summary(settled) && !isDeleted(request.orderId))
        off(`was ${summary(first)}, and now is ${summary(settled)}`);
    } else asked.answers[n] = settled;
  }

  return {
    all,
    /** An e-mail, as somebody who wants to be erased may write it. */
    someEmail: () => random.pick(EMAILS).toUpperCase(),
    isTracked: (creator: string | null) => creator === null || !untracked.has(creator),

    /** A new request, or several that are sent together. */
    ask(): Asked {
      const count = random.chance(0.75) ? 1 : random.between(2, 4);
      // Several about one order show whether each sees what the one before it did.
      const one = count > 1 && random.chance(0.5) ? anyId() : null;
      return add(
        Array.from({ length: count }, () => someRequest(one)),
        count > 1 && random.chance(0.5),
      );
    },

    askAbout: (orderId: string): Asked => add([someRequest(orderId)], false),

    /** Another request under a key that has its outcome; null when there is none. */
    reuse(): Asked | null {
      const used = all.filter(
        ({ isReuse, answers }) =>
          !isReuse && answers.length === 1 && typeof answers[0] === 'object' && answers[0] !== null,
      );
      if (used.length === 0) return null;
      const { key } = random.pick(used).requests[0]!;
      const other = toMove(existingId(), 'confirmed', { actor: `${key!.key} reused ${++keys}` });
      return add([{ ...other, key: { ...key!, fingerprint: 'another' } }], true, true);
    },

    /** Sends the request; once more when it was sent before. */
    attempt(asked: Asked, actor: Actor, { store, ims, clock }: Ports): void {
      const { requests, trackStock } = asked;
      const wasDeleted = requests.map(({ orderId }) => isDeleted(orderId));
      const changer = new OrderChanger({ store, ims, clock }, { workflow: WORKFLOW, trackStock });
      asked.attempts.add(actor);
      (asked.isDirect ? store.changes.apply(requests) : changer.settle(requests))
        .then((outcomes: Settled[]) => {
          for (const [n, outcome] of outcomes.entries()) receive(asked, n, outcome, wasDeleted[n]!);
        })
        .catch((error) => {
          if (!(error instanceof OmsError && error.retryable))
            report(`${requests[0]!.key!.key} failed: ${(error as Error)?.stack ?? error}`);
        })
        .finally(() => asked.attempts.delete(actor));
    },
  };
}

const summary = (outcome: Outcome): string => {
  if (outcome.outcome === 'refused') return `refused, ${outcome.refusal.code}`;
  return outcome.outcome === 'deleted' ? 'deleted' : `${outcome.outcome}, version ${outcome.order.version}`;
};

/** What the answer says that does not fit the request; null when it fits. */
function wrongIn({ ask, within, ifMatch, actor }: ChangeRequest, outcome: Outcome): string | null {
  if (ask.kind !== 'create' && within !== null && outcome.outcome !== 'refused')
    return 'it is about an order of other hubs';
  if (!('order' in outcome)) return null;
  const { order } = outcome;
  const differs = (content: Partial<OrderContent>) => differingFields(order, content);
  if (ask.kind === 'create') {
    const fields = differs({ ...ask.content, orderDateMs: DATE_MS });
    if (fields.length > 0) return `the answer is an order with another ${fields}`;
  }
  if (ask.kind === 'edit' && differs(ask.patch).length > 0) return `the answer has another ${differs(ask.patch)}`;
  if (ask.kind === 'status' && order.status !== ask.status) return `the answer is ${order.status}`;
  if (outcome.outcome !== 'unchanged' && order.actor !== actor) return `the answer is a change of ${order.actor}`;
  const before = outcome.outcome === 'changed' ? order.version - 1 : order.version;
  if (ifMatch && !ifMatch.includes(before)) return `it was for version ${ifMatch}, and changed version ${before}`;
  return null;
}

/** What each request has done must be what its client was told. Throws nothing; returns the first mistake. */
export function wrongEffect(
  all: readonly Asked[],
  effectOf: ReadonlyMap<string, { orderId: string; version: number; isDeletion: boolean }>,
): string | null {
  for (const { requests, answers } of all)
    for (const [n, { actor, orderId }] of requests.entries()) {
      const answer = answers[n]!;
      const effect = effectOf.get(actor!);
      if (answer === 'judged afresh' || answer === null) continue;
      const told = 'order' in answer && answer.outcome !== 'unchanged' ? answer.order.version : null;
      const done = effect === undefined ? null : effect.version;
      const fits = answer.outcome === 'deleted' ? effect === undefined || effect.isDeletion : told === done;
      if (!fits) return `${actor} was told ${summary(answer)} of ${orderId}, and made version ${done}`;
    }
  return null;
}
