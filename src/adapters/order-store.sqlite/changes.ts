/**
 * Changes of orders, sent to the writer thread. Requests share calls: a thousand clients at once cost some messages, savepoints and fsyncs,
 * not a thousand of each.
 */
import { isRetryable } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { ChangeRequest, Outcome, Rules } from '../../model/change-request.ts';
import type { OrderChanges } from '../../ports/order-changes.ts';
import type { Calls } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';
import type { changeOperations } from './change-orders.ts';
import { keptOutcomes } from './kept-outcomes.ts';
import { orderHistories } from './order-history.ts';
import { toStored } from './order-row.ts';

export type ChangeOperations = ReturnType<typeof changeOperations>;

export function createChanges(
  db: Database,
  writer: Calls<ChangeOperations>,
  rules: Rules,
  now: () => number,
): OrderChanges {
  const histories = orderHistories(db);
  const kept = keptOutcomes(db, histories);
  const apply = batched((requests) => writer.call('changeOrders', { requests, rules }));
  return {
    answered: async (request) => kept.find(request, now()),
    apply,
    async history(orderId) {
      const found = histories.find(orderId);
      return found && histories.whole(found, (row) => ({ stored: toStored(row), changes: histories.changesOf(row) }));
    },
  };
}

interface Waiting {
  request: ChangeRequest;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

/**
 * Collects requests into calls of a bounded size, in their order: while some calls are under way, all others wait and share the next. So
 * an idle store answers at once, and a busy one gets few calls, each with many requests. Measured with a thousand clients: a quarter of
 * the writer's time.
 */
function batched(call: (requests: ChangeRequest[]) => Promise<Outcome[]>): OrderChanges['apply'] {
  const waiting: Waiting[] = [];
  let calls = 0;

  function send(): void {
    while (calls < limits.sqliteChangeCalls && waiting.length > 0) {
      calls++;
      settle(waiting.splice(0, lengthOfPart(waiting))).finally(() => {
        calls--;
        send();
      });
    }
  }

  /** A request that can never be carried out fails alone: it is found by halves, in order. */
  async function settle(part: Waiting[]): Promise<void> {
    try {
      const outcomes = await call(part.map(({ request }) => request));
      for (const [n, { resolve }] of part.entries()) resolve(outcomes[n]!);
    } catch (error) {
      if (isRetryable(error) || part.length === 1) {
        for (const { reject } of part) reject(error);
        return;
      }
      const middle = Math.ceil(part.length / 2);
      await settle(part.slice(0, middle));
      await settle(part.slice(middle));
    }
  }

  const wait = (request: ChangeRequest) =>
    new Promise<Outcome>((resolve, reject) => waiting.push({ request, resolve, reject }));
  return (requests) => {
    // The first waits for the others of its turn of the event loop.
    if (waiting.length === 0) setImmediate(send);
    return Promise.all(requests.map(wait));
  };
}

/** At least one request. */
function lengthOfPart(waiting: readonly Waiting[]): number {
  let size = sizeOf(waiting[0]!.request);
  let length = 1;
  while (length < waiting.length) {
    size += sizeOf(waiting[length]!.request);
    if (size > limits.sqliteChangesAtOnce) break;
    length++;
  }
  return length;
}

/** The work on a request, in orders and items. */
function sizeOf({ ask }: ChangeRequest): number {
  if (ask.kind === 'create') return ask.content.items.length;
  return ask.kind === 'edit' ? 1 + (ask.patch.items?.length ?? 0) : 1;
}
