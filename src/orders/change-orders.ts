/**
 * Creates and changes orders: what happens between the body of a request and the store. The store judges each request in the same
 * transaction that carries it out, but only after the inventory service was asked about new pairs of SKU and hub. Therefore a request with
 * pairs that it must be asked about is judged here first, on the order as it is now: a repeated key, an order that does not exist, an edit
 * that changes nothing and all that comes before the inventory service is answered without it.
 */
import { isRetryable, OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import {
  type Ask,
  type ChangeRequest,
  judge,
  KEPT_REFUSALS,
  type Outcome,
  type Rules,
} from '../model/change-request.ts';
import type { OrderItem, StoredOrder } from '../model/order.ts';
import { unknownHub, unknownSku } from '../model/reasons.ts';
import type { Clock } from '../ports/clock.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { Ims, ImsAnswer } from '../ports/ims.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { Mistakes } from './mistakes.ts';
import type { WrongBody } from './read-order.ts';
import type { ItemPair } from './read-values.ts';

export interface OrderPorts {
  store: Pick<OrderStore, 'orders' | 'changes'>;
  ims: Pick<Ims, 'validate' | 'isKnown'>;
  clock: Clock;
}

/** `invalid`: it names what the inventory service does not know. `failed`: an engine is down, and a try later may succeed. */
export type Settled = Outcome | { outcome: 'invalid'; mistakes: Mistakes } | { outcome: 'failed'; error: OmsError };

/** A request that the store is to carry out if the inventory service knows these pairs. */
interface Checked {
  request: ChangeRequest;
  pairs: ItemPair[];
}

export class OrderChanger {
  readonly #ports: OrderPorts;
  readonly #rules: Rules;

  constructor(ports: OrderPorts, rules: Rules) {
    this.#ports = ports;
    this.#rules = rules;
  }

  /**
   * Settles each request by itself, as if they were sent one after the other. At most `limits.maxOrdersOfBatch`. Only faults of the
   * program are thrown.
   */
  async settle(requests: readonly ChangeRequest[]): Promise<Settled[]> {
    const settled: Settled[] = [];
    for (const run of runsOf(requests)) {
      settled.push(...(await this.#settleRun(run)));
      const last = settled.at(-1)!;
      if (isOutageOfStore(last)) return [...settled, ...requests.slice(settled.length).map(() => last)];
    }
    return settled;
  }

  /** Requests for different orders. `round`: how often requests of them were judged here on an order that changed meanwhile. */
  async #settleRun(requests: readonly ChangeRequest[], round = 1): Promise<Settled[]> {
    try {
      if (!requests.some(({ ask }) => this.#mustAsk(ask))) return await this.#ports.store.changes.apply(requests);
      const checked = await this.#checkAll(requests);
      const refused = await this.#askIms(checked.filter((one) => 'request' in one));
      const settled = checked.map((one) => ('outcome' in one ? one : (refused.get(one) ?? one.request)));
      const left = settled.filter((one) => 'ask' in one);
      const outcomes = (left.length === 0 ? [] : await this.#ports.store.changes.apply(left)).values();
      const results = settled.map((one) => ('ask' in one ? outcomes.next().value! : one));
      return await this.#again(requests, results, round);
    } catch (error) {
      if (!(error instanceof OmsError && isRetryable(error))) throw error;
      return requests.map(() => ({ outcome: 'failed', error }));
    }
  }

  #mustAsk(ask: Ask): boolean {
    return !itemsIn(ask).every((pair) => this.#ports.ims.isKnown(pair));
  }

  async #checkAll(requests: readonly ChangeRequest[]): Promise<(Checked | Outcome)[]> {
    const checked: (Checked | Outcome)[] = [];
    for (let start = 0; start < requests.length; start += limits.orderLookups) {
      const some = requests.slice(start, start + limits.orderLookups);
      if (start > 0 && some.some(({ ask }) => namesItems(ask))) await sliceTurn();
      checked.push(...(await Promise.all(some.map((request) => this.#check(request)))));
    }
    return checked;
  }

  async #check(request: ChangeRequest): Promise<Checked | Outcome> {
    if (!namesItems(request.ask)) return { request, pairs: [] };
    const { store, clock } = this.#ports;
    const answered = request.key && (await store.changes.answered(request));
    if (answered) return answered;
    const current = await store.orders.get(request.orderId);
    const judgement = judge(request, current, this.#rules, clock.now());
    if ('plan' in judgement) return { request, pairs: newPairs(judgement.plan.next.order.items, current) };
    const { answer } = judgement;
    if (!isKept(request, answer)) return answer;
    // For the store to keep it under the key. Were the order another by then, the store might find a change to make.
    return {
      request: current && !current.deleted ? { ...request, ifMatch: [current.order.version] } : request,
      pairs: [],
    };
  }

  /** Those that cannot be carried out: they name unknown pairs, or the inventory service is down. */
  async #askIms(checked: readonly Checked[]): Promise<Map<Checked, Settled>> {
    const asking = checked.filter(({ pairs }) => pairs.length > 0);
    if (asking.length === 0) return new Map();
    try {
      return await this.#askTogether(asking);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      if (asking.length === 1) return new Map([[asking[0]!, { outcome: 'failed', error: error as OmsError }]]);
    }
    // Some may be known from before.
    const alone = await Promise.all(asking.map((one) => this.#askIms([one])));
    return new Map(alone.flatMap((refused) => [...refused]));
  }

  async #askTogether(asking: readonly Checked[]): Promise<Map<Checked, Settled>> {
    const asked = asking.map((one) => ({ one, mistakes: new Mistakes(), pairs: one.pairs }));
    await this.#addUnknown(asked);
    const refused = asked.filter(({ mistakes }) => mistakes.count > 0);
    return new Map(refused.map(({ one, mistakes }) => [one, { outcome: 'invalid', mistakes }]));
  }

  async #addUnknown(wrong: readonly WrongBody[], signal?: AbortSignal): Promise<void> {
    const pairs = wrong.flatMap((one) => one.pairs.map(({ sku, hubId }) => ({ sku, hubId })));
    const answers = (await this.#ports.ims.validate(pairs, signal)).values();
    for (const { mistakes, pairs: own } of wrong)
      for (const pair of own) addUnknown(mistakes, pair, answers.next().value!);
  }

  /**
   * Adds what the inventory service does not know to the mistakes of bodies that are refused anyway, so that all are told together.
   * Nothing when it does not answer soon.
   */
  async tellUnknown(wrong: readonly WrongBody[]): Promise<void> {
    if (wrong.every(({ pairs }) => pairs.length === 0)) return;
    const signal = AbortSignal.timeout(limits.tellUnknownMs);
    try {
      await this.#addUnknown(wrong, signal);
    } catch (error) {
      if (!signal.aborted && !isRetryable(error)) throw error;
    }
  }

  /** Judges those again whose order had another version in the store than here. */
  async #again(requests: readonly ChangeRequest[], results: Settled[], round: number): Promise<Settled[]> {
    for (const [i, result] of results.entries()) {
      const request = requests[i]!;
      if (result.outcome !== 'refused' || result.refusal.code !== 'version_mismatch') continue;
      const version = result.refusal.members.current_version as number;
      if (request.ifMatch !== null && !request.ifMatch.includes(version)) continue;
      if (round === limits.orderRounds)
        throw new OmsError('store_contention', 'the order is being changed all the time: try again in a moment', {
          retryable: true,
        });
      results[i] = (await this.#settleRun([request], round + 1))[0]!;
    }
    return results;
  }
}

const NO_ITEMS: readonly OrderItem[] = [];

const itemsIn = (ask: Ask): readonly OrderItem[] => {
  if (ask.kind === 'create') return ask.content.items;
  return (ask.kind === 'edit' && ask.patch.items) || NO_ITEMS;
};

/** An item may name a pair that the order does not have yet. */
const namesItems = (ask: Ask): boolean => itemsIn(ask).length > 0;

const isKept = ({ key }: ChangeRequest, answer: Outcome): boolean =>
  key !== null && (answer.outcome !== 'refused' || KEPT_REFUSALS.includes(answer.refusal.code));

const isOutageOfStore = (settled: Settled): boolean =>
  settled.outcome === 'failed' && settled.error.code !== 'ims_unavailable';

/** The longest runs, in order, in which no order that is judged here occurs twice. */
function* runsOf(requests: readonly ChangeRequest[]): Generator<ChangeRequest[]> {
  let run: ChangeRequest[] = [];
  let ids = new Set<string>();
  for (const request of requests) {
    if (ids.has(request.orderId) && namesItems(request.ask)) {
      yield run;
      run = [];
      ids = new Set();
    }
    run.push(request);
    ids.add(request.orderId);
  }
  if (run.length > 0) yield run;
}

/** The pairs that the order does not have. */
function newPairs(items: readonly OrderItem[], current: StoredOrder | null): ItemPair[] {
  const known = current?.order.items ?? [];
  return items
    .map(({ sku, hubId }, n) => ({ sku, hubId, n }))
    .filter(({ sku, hubId }) => !known.some((item) => item.sku === sku && item.hubId === hubId));
}

function addUnknown(mistakes: Mistakes, { sku, hubId, n }: ItemPair, answer: ImsAnswer): void {
  if (!answer.skuValid) mistakes.add(`/items/${n}/sku`, 'unknown_sku', () => unknownSku(sku, answer.words).reason);
  if (!answer.hubValid) mistakes.add(`/items/${n}/hub_id`, 'unknown_hub', () => unknownHub(hubId, answer.words).reason);
}
