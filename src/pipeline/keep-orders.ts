/**
 * Erases the people of orders that have rested in a final state for as long as they are kept (`OMS_KEEP_ORDERS`); no order that may still be
 * shipped loses its address. A step and its position are noted one after the other: a step that is done again finds nothing any more.
 */
import { limits } from '../limits.ts';
import type { Workflow } from '../model/workflow.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { eraseFound, findNext } from './erase/find-next.ts';

type Store = Pick<OrderStore, 'erasure' | 'smallRecords'>;

interface Progress {
  erased: number;
  position: string | null;
  /** Where others become final, all orders are looked at again. */
  states: readonly string[];
  throughMs: number | null;
}

const RECORD = { kind: 'retention', id: 'orders' } as const;

export async function erasedSoFar({
  smallRecords,
}: Pick<Store, 'smallRecords'>): Promise<Pick<Progress, 'erased' | 'throughMs'>> {
  const record = await smallRecords.get<Progress>(RECORD.kind, RECORD.id);
  return { erased: record?.data.erased ?? 0, throughMs: record?.data.throughMs ?? null };
}

const finalStates = ({ states }: Workflow): string[] =>
  Object.entries(states)
    .filter(([, { to }]) => to.length === 0)
    .map(([name]) => name)
    .sort();

/** A bounded number of orders that have not changed since this time; the others with the next sweep. */
export async function eraseOldPeople(
  { erasure, smallRecords }: Store,
  workflow: Workflow,
  unchangedSinceMs: number,
  stopping: AbortSignal,
): Promise<void> {
  const of = { unchangedSinceMs, states: finalStates(workflow) };
  for (let step = 0; step < limits.expirySteps && !stopping.aborted; step++) {
    const record = await smallRecords.get<Progress>(RECORD.kind, RECORD.id);
    const before = record?.data;
    const isFurther = before !== undefined && before.states.join('\n') === of.states.join('\n');
    const { found, position, end } = await findNext(erasure, of, isFurther ? before.position : null);
    const erased = (before?.erased ?? 0) + (await eraseFound(erasure, of, found));
    const throughMs = end ? unchangedSinceMs : (before?.throughMs ?? null);
    const data: Progress = { erased, position, states: of.states, throughMs };
    const next = { ...RECORD, version: (record?.version ?? 0) + 1, owner: null, expiresMs: null, data };
    // Another sweeper was faster: it notes the same.
    if (!(await smallRecords.put(next)) || end) return;
  }
}
