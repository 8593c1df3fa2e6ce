/** Starts and stops the threads of the background roles, from the main thread. They run `role-thread.ts`. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { limits } from './limits.ts';
import type { PortsOptions } from './open-ports.ts';
import type { ThreadRole } from './roles.ts';

/** What the main thread passes to the thread. */
export interface RoleOptions extends PortsOptions {
  imsUrl: string;
  role: ThreadRole;
}

/** `died` is called when the thread ends by itself. */
export function startRoleThread(options: RoleOptions, died: (error: Error) => void): { stop(): Promise<void> } {
  const { role, embedded } = options;
  const thread = new Worker(new URL('./role-thread.ts', import.meta.url), {
    workerData: options,
    transferList: embedded?.writerPort ? [embedded.writerPort] : [],
    name: role,
    resourceLimits: role === 'projector' ? limits.projectorHeap : limits.workerHeap,
  });
  let stopping = false;
  thread.once('error', died);
  thread.once('exit', (code) => {
    if (!stopping) died(new Error(`the ${role} thread ended with code ${code}`));
  });
  return {
    async stop(): Promise<void> {
      stopping = true;
      thread.postMessage('stop');
      await once(thread, 'exit');
    },
  };
}
