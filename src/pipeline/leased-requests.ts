/** Works on requests that are kept in the store, whichever process took them, beside other work: of several processes one does. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../ports/clock.ts';
import type { LeaseName } from '../ports/leases.ts';
import type { OrderStore } from '../ports/order-store.ts';

interface Requests<Request> {
  lease: LeaseName;
  leaseMs: number;
  /** How long to wait when nothing is left to do now. */
  pauseMs: number;
  pending(): Promise<readonly Request[]>;
  /** Some steps. Returns whether the request could go on at once. */
  work(request: Request, stopping: AbortSignal): Promise<boolean>;
  /** Logged where it fails, once until it works again. */
  failed: string;
}

export function startOnRequests<Request>(
  { store, clock }: { store: Pick<OrderStore, 'leases'>; clock: Clock },
  { lease, leaseMs, pauseMs, pending, work, failed }: Requests<Request>,
  logger: Logger,
) {
  const holder = randomUUID();
  const stopping = new AbortController();
  const running = run();
  return {
    async stop(): Promise<void> {
      stopping.abort();
      await running;
      await store.leases.release(lease, holder).catch(() => {});
    },
  };

  async function run(): Promise<void> {
    let failing = false;
    while (!stopping.signal.aborted) {
      let left = false;
      try {
        const requests = await pending();
        if (requests.length > 0 && (await store.leases.take(lease, holder, leaseMs)))
          for (const request of requests) left = (await work(request, stopping.signal)) || left;
        failing = false;
      } catch (error) {
        if (!failing && !stopping.signal.aborted) logger.warn({ err: error }, failed);
        failing = true;
      }
      if (!left) await clock.sleep(pauseMs, stopping.signal);
    }
  }
}
