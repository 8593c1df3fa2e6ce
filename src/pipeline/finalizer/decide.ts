/**
 * One order: asks the decision service until there is a decision on the version that the order has by then, and carries it out; or keeps
 * the order for later. The version is the fence: an edit in between makes the store refuse the change, and a move or a deletion ends the
 * matter. So a repeat, also by another process, changes nothing twice.
 */
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { eventId } from '../../model/event.ts';
import type { Order } from '../../model/order.ts';
import type { Workflow } from '../../model/workflow.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Decider, Decision } from '../../ports/decider.ts';
import type { KeptOrder } from '../../ports/finalizing.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import { backoffMs, retryPauseMs } from '../../ports/retry.ts';
import { undecidedOrder } from './undecided.ts';

export const FINALIZER = 'finalizer';

export interface DecidingPorts {
  store: Pick<OrderStore, 'changes' | 'finalizing'>;
  clock: Clock;
}

/** How often an order was asked about before. */
export type Asked = Pick<KeptOrder, 'orderId' | 'asks' | 'failures'>;

type FinalDecision = Extract<Decision, { decision: 'confirm' | 'cancel' }>;

const isFinal = (decision: Decision): decision is FinalDecision =>
  decision.decision === 'confirm' || decision.decision === 'cancel';

export class Deciding {
  readonly #ports: DecidingPorts;
  readonly #workflow: Workflow;
  readonly #decider: Decider;
  readonly #waiting: { begin(error: unknown): void; end(): void };
  /** Orders that are being decided on here, so that the events and the kept orders do not ask about one at the same time. */
  readonly #inWork = new Map<string, Promise<void>>();

  /** `waiting` is told when the service is out, and when it answers again. */
  constructor(
    ports: DecidingPorts,
    workflow: Workflow,
    decider: Decider,
    waiting: { begin(error: unknown): void; end(): void },
  ) {
    this.#ports = ports;
    this.#workflow = workflow;
    this.#decider = decider;
    this.#waiting = waiting;
  }

  /** Returns when what came of it is durable; on an aborted signal sooner, and then nothing did. `isKept`: it is in the store. */
  async decide(asked: Asked, isKept: boolean, signal: AbortSignal): Promise<void> {
    const { orderId } = asked;
    const { finalizing } = this.#ports.store;
    for (let other = this.#inWork.get(orderId); other; other = this.#inWork.get(orderId)) {
      await other.catch(() => {});
      if ((await finalizing.kept([orderId])).has(orderId)) return;
    }
    const work = this.#settleAndKeep(asked, isKept, signal);
    this.#inWork.set(orderId, work);
    try {
      await work;
    } finally {
      this.#inWork.delete(orderId);
    }
  }

  async #settleAndKeep(asked: Asked, isKept: boolean, signal: AbortSignal): Promise<void> {
    const kept = await this.#settle(asked, signal);
    if (signal.aborted) return;
    const { finalizing } = this.#ports.store;
    if (kept) await finalizing.keep(kept);
    else if (isKept) await finalizing.forget(asked.orderId);
  }

  /** The order as it is to be kept; null when there is nothing left to do. */
  async #settle({ orderId, asks, failures }: Asked, signal: AbortSignal): Promise<KeptOrder | null> {
    const { store, clock } = this.#ports;
    for (let round = 1; !signal.aborted; round++) {
      const found = await undecidedOrder(store.changes, orderId, this.#workflow);
      if (!found) return null;
      const { order, createdAs } = found;
      asks++;
      const decision = await this.#ask(order, `${eventId(orderId, createdAs)}:${asks}`, signal);
      if (decision === null) break;
      if (!isFinal(decision)) return this.#keep({ orderId, asks, failures }, decision);
      if (await this.#carryOut(order, decision)) return null;
      if (round < limits.finalizerRounds) continue;
      const answer = 'the order was edited each time while it was asked about';
      return { orderId, asks, failures: 0, dueMs: clock.now() + limits.finalizerHoldMs, answer };
    }
    return null;
  }

  #keep({ orderId, asks, failures }: Asked, decision: Exclude<Decision, FinalDecision>): KeptOrder {
    const nowMs = this.#ports.clock.now();
    if (decision.decision === 'none') return { orderId, asks, failures: 0, dueMs: null, answer: decision.answer };
    if (decision.decision === 'failed') {
      const isLast = failures + 1 >= limits.finalizerFailures;
      const dueMs = isLast ? null : nowMs + backoffMs(limits.finalizerBackoff, failures);
      // The same ask is tried again: its number, and so its key, stays.
      return { orderId, asks: asks - 1, failures: failures + 1, dueMs, answer: decision.answer };
    }
    const { retryAfterMs, reason } = decision;
    const holdMs = Math.min(
      Math.max(retryAfterMs ?? limits.finalizerHoldMs, limits.finalizerLeastHoldMs),
      limits.finalizerLongestHoldMs,
    );
    return { orderId, asks, failures: 0, dueMs: nowMs + holdMs, answer: reason ?? '' };
  }

  /** Waits while the service is out. Null when the signal is aborted. */
  async #ask(order: Order, key: string, signal: AbortSignal): Promise<Decision | null> {
    const { clock } = this.#ports;
    for (let failures = 0; !signal.aborted; failures++)
      try {
        const decision = await this.#decider.decide(order, key, signal);
        this.#waiting.end();
        return decision;
      } catch (error) {
        if (signal.aborted) break;
        if (!isOmsError(error, 'decisions_unavailable')) throw error;
        this.#waiting.begin(error);
        await clock.sleep(retryPauseMs(clock, limits.outageBackoff, failures), signal);
      }
    return null;
  }

  /** False when the order is another by now, so that it has to be asked about again. */
  async #carryOut(order: Order, { decision, reason }: FinalDecision): Promise<boolean> {
    const status = this.#workflow.finalize![decision];
    const [outcome] = await this.#ports.store.changes.apply([
      {
        orderId: order.orderId,
        ask: { kind: 'status', status, reason },
        actor: FINALIZER,
        within: null,
        ifMatch: [order.version],
        key: null,
      },
    ]);
    return outcome!.outcome !== 'refused' || outcome!.refusal.code !== 'version_mismatch';
  }
}
