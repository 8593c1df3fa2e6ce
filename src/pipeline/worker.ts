/**
 * Receives messages from the queue and handles several at the same time. `worker/handle-message.ts` decides what becomes of each,
 * `worker/state.ts` whether another is received.
 *
 * While a file is in work its message is kept hidden and its lease renewed. When all slots are taken and a file waits, the file that has
 * had its slot longest is released at its next chunk border and queued again behind it.
 */
import type { Logger } from 'pino';
import { limits } from '../limits.ts';
import type { Delivery } from '../ports/job-queue.ts';
import { retryPauseMs } from '../ports/retry.ts';
import { logFailure, type WorkerContext, type WorkerOptions, type WorkerPorts } from './worker/context.ts';
import { handleMessage } from './worker/handle-message.ts';
import { WorkerState } from './worker/state.ts';

export function startWorker(ports: WorkerPorts, options: WorkerOptions, logger: Logger) {
  const stopping = new AbortController();
  const running = run({ ports, options, state: new WorkerState(), stopping: stopping.signal, logger });
  return {
    /** Releases the files in work at their next chunk border and returns when all are released. */
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}

async function run(context: WorkerContext): Promise<void> {
  const { ports, state, stopping, logger } = context;
  let failures = 0;
  while (!stopping.aborted) {
    const { mode } = state;
    if (mode.name === 'exclusive' || state.isFull) {
      await Promise.race([state.slotFreed, ports.clock.sleep(limits.turnCheckMs, stopping)]);
      if (state.mode.name !== 'exclusive' && state.isFull) await preemptLongest(context).catch(() => {});
      continue;
    }
    if (mode.name === 'resting') {
      await mode.over;
      continue;
    }
    try {
      const delivery = await ports.queue.receive(limits.receiveWaitMs, stopping);
      if (failures > 0) logger.info('messages are received again');
      failures = 0;
      if (delivery) void handleInSlot(context, delivery);
    } catch (error) {
      if (failures === 0) logger.warn({ err: error }, 'no message could be received');
      await pause(context, failures++);
    }
  }
  while (!state.isEmpty) await state.slotFreed;
}

async function handleInSlot(context: WorkerContext, delivery: Delivery): Promise<void> {
  const { ports, state, logger } = context;
  const slot = state.occupySlot(ports.clock.now());
  let failed = false;
  try {
    await handleMessage(context, delivery, slot);
  } catch (error) {
    logFailure(logger, error, 'a message could not be handled: it will be delivered again');
    failed = true;
  }
  state.freeSlot(slot);
  if (failed) state.rest((restsBefore) => pause(context, restsBefore));
}

const pause = ({ ports: { clock }, stopping }: WorkerContext, failuresBefore: number): Promise<void> =>
  clock.sleep(retryPauseMs(clock, limits.outageBackoff, failuresBefore), stopping);

/** Releases the file that has had its slot longest, when its time is over and another message waits. */
async function preemptLongest({ ports: { queue, clock }, state }: WorkerContext): Promise<void> {
  const longest = state.longest();
  if (clock.now() - longest.startedMs < limits.turnMs) return;
  if ((await queue.depth()).visible > 0) longest.release = true;
}
