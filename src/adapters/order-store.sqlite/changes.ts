/**
 * Changes of orders, sent to the writer thread. All requests of one turn of the event loop share calls: a thousand clients at once cost a
 * message, a savepoint and an fsync, not a thousand of each.
 */
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
  requests: readonly ChangeRequest[];
  resolve(outcomes: Promise<Outcome[]>): void;
}

/** Collects the requests of a turn of the event loop into calls of a bounded size, in their order. */
function batched(call: (requests: ChangeRequest[]) => Promise<Outcome[]>): OrderChanges['apply'] {
  let waiting: Waiting[] = [];

  function send(): void {
    const turn = waiting;
    waiting = [];
    const parts = partsOf(turn.flatMap(({ requests }) => requests));
    const outcomes = parts.flatMap((part) => {
      const answer = call(part);
      return part.map((_, n) => answer.then((outcomes) => outcomes[n]!));
    });
    let at = 0;
    for (const { requests, resolve } of turn) {
      resolve(Promise.all(outcomes.slice(at, at + requests.length)));
      at += requests.length;
    }
  }

  return (requests) =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(send);
      waiting.push({ requests, resolve });
    });
}

function partsOf(requests: readonly ChangeRequest[]): ChangeRequest[][] {
  const parts: ChangeRequest[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const request of requests) {
    size += sizeOf(request);
    if (size > limits.sqliteChangesAtOnce) {
      parts.push([]);
      size = sizeOf(request);
    }
    parts.at(-1)!.push(request);
  }
  return parts;
}

/** The work on a request, in orders and items. */
function sizeOf({ ask }: ChangeRequest): number {
  if (ask.kind === 'create') return ask.content.items.length;
  return ask.kind === 'edit' ? 1 + (ask.patch.items?.length ?? 0) : 1;
}
