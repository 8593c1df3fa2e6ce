/**
 * Undoes files that somebody has asked for, a step at a time, beside other work. All that is known of it is in the store, each step with
 * its progress: a process may die at any point, and whoever goes on goes on from there.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { OrderStore } from '../ports/order-store.ts';

export interface UndoerPorts {
  store: Pick<OrderStore, 'undo' | 'files' | 'leases'>;
  clock: Clock;
}

type Work = UndoerPorts & { stopping: AbortSignal };

/** Works on the files that there are; of several processes one does. */
export function startUndoer(ports: UndoerPorts, logger: Logger) {
  const { store, clock } = ports;
  const holder = randomUUID();
  const stopping = new AbortController();
  const running = run();
  return {
    async stop(): Promise<void> {
      stopping.abort();
      await running;
      await store.leases.release('undoer', holder).catch(() => {});
    },
  };

  async function run(): Promise<void> {
    let failing = false;
    while (!stopping.signal.aborted) {
      let left = false;
      try {
        const pending = await store.undo.pending();
        if (pending.length > 0 && (await store.leases.take('undoer', holder, limits.undoLeaseMs)))
          for (const fileId of pending)
            left = (await undoFile({ ...ports, stopping: stopping.signal }, fileId, logger)) || left;
        failing = false;
      } catch (error) {
        if (!failing && !stopping.signal.aborted)
          logger.warn({ err: error }, 'the undo of a file failed: it is tried again');
        failing = true;
      }
      if (!left) await clock.sleep(limits.undoMs, stopping.signal);
    }
  }
}

/** Some steps, so that other files have their turn. Returns whether something is left. */
export async function undoFile({ store, stopping }: Work, fileId: string, logger: Logger): Promise<boolean> {
  for (let step = 0; step < limits.undoSteps && !stopping.aborted; step++) {
    if (!(await store.undo.step(fileId))) {
      const { undone, kept } = (await store.files.get(fileId))!.undo!;
      logger.info({ file_id: fileId, undone, kept }, 'a file was undone');
      return false;
    }
    await sliceTurn();
  }
  return true;
}
