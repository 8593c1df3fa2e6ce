/**
 * The projector: follows the journal of orders and keeps the read models. Position and models are one, so it may die anywhere. While orders
 * are coming in it leaves most of the time to those who take them, and catches up afterwards.
 */
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Journal } from '../ports/journal.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { Folder, OpenFolder } from '../ports/projecting.ts';
import { retryPauseMs } from '../ports/retry.ts';
import { rebuildsAsked } from './projector/rebuild.ts';

export interface ProjectorPorts {
  store: Pick<OrderStore, 'smallRecords'> & { journal: Journal };
  clock: Clock;
}

export function startProjector({ store, clock }: ProjectorPorts, open: OpenFolder, logger: Logger) {
  const { journal } = store;
  const stopping = new AbortController();
  const { signal } = stopping;
  let folder: Folder | null = null;
  let generation = 0;
  /** Numbers in the journal at the turn before. */
  let before = 0;
  let purgedMs = clock.now();
  const running = run();

  return {
    async stop(): Promise<void> {
      stopping.abort();
      await running;
      folder?.close();
    },
  };

  async function run(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const pauseMs = await turn();
        if (failures > 0) logger.info('customers, products and reports are kept up again');
        failures = 0;
        await clock.sleep(pauseMs, signal);
      } catch (error) {
        folder?.close();
        folder = null;
        if (failures === 0) logger.warn({ err: error }, 'customers, products and reports cannot be kept up now');
        await clock.sleep(retryPauseMs(clock, limits.outageBackoff, failures++), signal);
      }
    }
  }

  /** Returns how long to wait for the next one, in milliseconds. */
  async function turn(): Promise<number> {
    const asked = await rebuildsAsked(store);
    if (folder === null || asked !== generation) {
      folder?.close();
      folder = null;
      folder = open(asked);
      generation = asked;
    }
    // The orders were restored from a back-up.
    if ((await journal.behind(folder.position)) < 0) {
      folder.discard();
      folder = open(asked);
    }
    const fromMs = performance.now();
    const page = await journal.read(folder.position);
    if (page.orders.length === 0) {
      folder.purge();
      purgedMs = clock.now();
      return limits.projectorPollMs;
    }
    folder.fold(page);
    // What comes in one by one is seen at once.
    const isLast = page.orders.length < limits.journalOrders;
    if (isLast || folder.uncommitted >= limits.projectorCommitOrders) folder.commit();
    // Where it never catches up, an erasure must not wait for that.
    if (clock.now() - purgedMs > limits.projectorPurgeMs) {
      folder.purge();
      purgedMs = clock.now();
    }
    const now = await journal.behind(null);
    const isGrowing = now > before;
    before = now;
    return isGrowing ? (performance.now() - fromMs) * limits.projectorRest : 0;
  }
}
