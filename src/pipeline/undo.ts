/**
 * Undoes files that somebody has asked for, a step at a time, beside other work. All that is known of it is in the store, each step with
 * its progress: a process may die at any point, and whoever goes on goes on from there.
 */
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { startOnRequests } from './leased-requests.ts';

export interface UndoerPorts {
  store: Pick<OrderStore, 'undo' | 'files' | 'leases'>;
  clock: Clock;
}

type Work = UndoerPorts & { stopping: AbortSignal };

/** Works on the files that there are; of several processes one does. */
export const startUndoer = (ports: UndoerPorts, logger: Logger) =>
  startOnRequests(
    ports,
    {
      ...{ lease: 'undoer', leaseMs: limits.undoLeaseMs, pauseMs: limits.undoMs },
      pending: () => ports.store.undo.pending(),
      work: (fileId: string, stopping) => undoFile({ ...ports, stopping }, fileId, logger),
      failed: 'the undo of a file failed: it is tried again',
    },
    logger,
  );

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
