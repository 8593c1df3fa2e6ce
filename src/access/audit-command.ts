/** Records what a command did to the store itself, past a running service. It is a process of its own, and so has a chain of its own. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { AuditLog } from './audit-log.ts';

export interface CommandPorts {
  store: Pick<OrderStore, 'audit'>;
  clock: Clock;
}

/** `command`: such as `oms redrive`; `target`: what it was about, such as `3 files`. Does not reject. */
export async function recordCommand(
  { store, clock }: CommandPorts,
  { command, target }: { command: string; target: string },
  logger: Logger,
): Promise<void> {
  const log = new AuditLog({ audit: store.audit, clock, logger });
  const done = { principal: 'local', status: 200, code: null, address: null };
  await log.record({ ...done, action: command, target, requestId: randomUUID() });
  await log.close();
}
