/**
 * Runs the backfills of the order store until all are done, a step at a time, with pauses so that the service hardly notices. Of several
 * processes one does, and another continues where that one stopped.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';

export interface BackfillPorts {
  store: Pick<OrderStore, 'backfills' | 'leases'>;
  clock: Clock;
}

export function startBackfills({ store, clock }: BackfillPorts, logger: Logger) {
  const holder = randomUUID();
  const stopping = new AbortController();
  const done = run();
  return {
    /** Resolves when all are done, or after a stop. */
    done,
    async stop(): Promise<void> {
      stopping.abort();
      await done;
    },
  };

  async function run(): Promise<void> {
    let current: string | null = null;
    let failing = false;
    while (!stopping.signal.aborted) {
      let pauseMs: number = limits.backfillLeaseMs;
      try {
        if (await store.leases.take('backfill', holder, limits.backfillLeaseMs)) {
          const name = await store.backfills.step();
          if (name === null) break;
          if (name !== current) logger.info({ backfill: name }, 'data of an earlier release is being completed');
          current = name;
          pauseMs = limits.backfillPauseMs;
        }
        failing = false;
      } catch (error) {
        if (!failing) logger.warn({ err: error }, 'a backfill failed: it is tried again');
        failing = true;
      }
      await clock.sleep(pauseMs, stopping.signal);
    }
    await store.leases.release('backfill', holder).catch(() => {});
  }
}
