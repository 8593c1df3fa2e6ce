/**
 * The finalizer: a consumer of `order.created` that moves new orders on, or back, as a decision service says. It reads as a group where the
 * event stream has groups, so that several processes share the work; elsewhere the holder of the lease reads. The holder also asks again
 * about the orders that are kept. While an engine or the service is out it waits; its position moves behind what is durable only.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { Workflow } from '../model/workflow.ts';
import type { Clock } from '../ports/clock.ts';
import type { Decider } from '../ports/decider.ts';
import type { EventHandler, From } from '../ports/event-group.ts';
import type { EventStream } from '../ports/event-stream.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { retryPauseMs } from '../ports/retry.ts';
import { confirmAll } from './finalizer/confirm.ts';
import { Deciding } from './finalizer/decide.ts';
import { beginReading, followNewOrders } from './finalizer/follow.ts';

export interface FinalizerPorts {
  store: Pick<OrderStore, 'changes' | 'finalizing' | 'leases'>;
  events: EventStream;
  clock: Clock;
}

export interface FinalizerOptions {
  workflow: Workflow;
  /** Where it reads from when it starts for the first time. */
  from: From;
  /** Null: all orders are confirmed. */
  decider: Decider | null;
}

const CONFIRMS: Decider = { decide: async () => ({ decision: 'confirm', reason: null }) };

export function startFinalizer(ports: FinalizerPorts, options: FinalizerOptions, logger: Logger) {
  const finalizer = new Finalizer(ports, options, logger);
  return { stop: () => finalizer.stop() };
}

class Finalizer {
  readonly #ports: FinalizerPorts;
  readonly #options: FinalizerOptions;
  readonly #logger: Logger;
  readonly #deciding: Deciding;
  readonly #holder = randomUUID();
  readonly #stopping = new AbortController();
  readonly #running: Promise<unknown>;
  #isOut = false;

  constructor(ports: FinalizerPorts, options: FinalizerOptions, logger: Logger) {
    this.#ports = ports;
    this.#options = options;
    this.#logger = logger;
    this.#deciding = new Deciding(ports, options.workflow, options.decider ?? CONFIRMS, {
      begin: (error) => this.#outage(true, error),
      end: () => this.#outage(false),
    });
    const { group } = ports.events;
    const { signal } = this.#stopping;
    const reading = group && this.#again(signal, () => this.#read(() => group.consume(this.#handle, signal)));
    this.#running = Promise.all([reading, this.#lead()]);
  }

  /** Ends calls that are under way: they are asked again under the same keys. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#ports.store.leases
      .release('finalizer', this.#holder)
      .catch((error) => this.#logger.debug({ err: error }, 'the lease could not be released: it ends by itself'));
  }

  /** What one process does at a time, as long as it has the lease. */
  async #lead(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted)
      if (await this.#takeLease()) await this.#leadUntilLost();
      else await this.#ports.clock.sleep(limits.finalizerLeaseMs / 3, signal);
  }

  async #takeLease(): Promise<boolean> {
    try {
      return await this.#ports.store.leases.take('finalizer', this.#holder, limits.finalizerLeaseMs);
    } catch (error) {
      this.#logger.debug({ err: error }, 'the lease cannot be taken now');
      return false;
    }
  }

  async #leadUntilLost(): Promise<void> {
    const { store, events, clock } = this.#ports;
    const { signal } = this.#stopping;
    const lost = new AbortController();
    const leading = AbortSignal.any([signal, lost.signal]);
    const reading = { events, finalizing: store.finalizing };
    const follow = () => this.#read(() => followNewOrders(reading, this.#handle, leading));
    const work = Promise.all([
      this.#again(leading, () => this.#askAboutKept(leading)),
      events.group ? null : this.#again(leading, follow),
    ]);
    do await clock.sleep(limits.finalizerLeaseMs / 3, signal);
    while (!signal.aborted && (await this.#takeLease()));
    lost.abort();
    await work;
  }

  async #read(read: () => Promise<void>): Promise<void> {
    const { store, events } = this.#ports;
    await beginReading({ events, finalizing: store.finalizing }, this.#options.from);
    await read();
  }

  readonly #handle: EventHandler = async (events, signal) => {
    const { store } = this.#ports;
    if (events.length === 0) return;
    if (this.#options.decider === null) return confirmAll(store, events, this.#options.workflow);
    const orderIds = [...new Set(events.map(({ orderId }) => orderId))];
    const kept = await store.finalizing.kept(orderIds);
    const asked = orderIds.filter((orderId) => !kept.has(orderId));
    await Promise.all(asked.map((orderId) => this.#deciding.decide({ orderId, asks: 0, failures: 0 }, false, signal)));
  };

  async #askAboutKept(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#ports;
    while (!signal.aborted) {
      const due = await store.finalizing.due(clock.now(), limits.finalizerDue);
      await Promise.all(due.map((kept) => this.#deciding.decide(kept, true, signal)));
      if (due.length < limits.finalizerDue) await clock.sleep(limits.finalizerPollMs, signal);
    }
  }

  /** Repeats work that fails, after a pause, until it ends by itself or the signal is aborted. */
  async #again(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { clock } = this.#ports;
    for (let failures = 0; !signal.aborted; ) {
      const fromMs = clock.now();
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) return;
        if (clock.now() - fromMs > limits.outageBackoff.lastMs) failures = 0;
        if (failures === 0) this.#logger.warn({ err: error }, 'orders cannot be finalized now: they wait');
        await clock.sleep(retryPauseMs(clock, limits.outageBackoff, failures++), signal);
      }
    }
  }

  #outage(isOut: boolean, error?: unknown): void {
    if (isOut === this.#isOut) return;
    this.#isOut = isOut;
    if (isOut) this.#logger.warn({ err: error }, 'the decision service is out: new orders wait');
    else this.#logger.info('the decision service answers again');
  }
}
