/** Creates and changes orders one by one: `change-order.ts`, under the rules for several of them in one call. */
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { ChangeRequest, Outcome } from '../../model/change-request.ts';
import type { OrderChanges } from '../../ports/order-changes.ts';
import { type ChangeContext, changeOrder, claimRequest, readOrder } from './change-order.ts';
import { VOID } from './documents.ts';
import { toHistory } from './order-document.ts';
import { answeredBefore } from './request-keys.ts';
import { CHANGES_SINCE, readSchema } from './schema.ts';

/** `latest`: the schema version of this writer. */
export function createOrderChanges(context: ChangeContext, latest: number): OrderChanges {
  const { database, now } = context;
  let isUpgraded = false;

  /** Older processes would show what is left of a deleted order, and publish no change. */
  async function checkUpgraded(): Promise<void> {
    isUpgraded ||= (await readSchema(database, latest)).leastWriter >= CHANGES_SINCE;
    if (!isUpgraded)
      throw new OmsError(
        'upgrade_unfinished',
        'orders can be changed once no process of an earlier release is left on this store: stop them all, then run `oms upgrade finish`',
        { retryable: true },
      );
  }

  return {
    answered: (request) => answeredBefore(database, request, now()),

    async apply(requests) {
      await checkUpgraded();
      const claimed = await inParallel(requests, (request) => claimRequest(context, request));
      return inOrder(context, claimed);
    },

    async history(orderId) {
      const document = await readOrder(database, orderId, null);
      return document === null || document.status === VOID ? null : toHistory(document);
    },
  };
}

/** So many at a time, begun in order. */
async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item, i: number) => Promise<Result>,
): Promise<Result[]> {
  const all: Promise<Result>[] = [];
  const working = new Set<Promise<Result>>();
  for (const [i, item] of items.entries()) {
    // After a failure nothing more is begun.
    if (working.size >= limits.mongoConcurrentOrders) await Promise.race(working);
    const one = work(item, i);
    all.push(one);
    working.add(one);
    one.then(
      () => working.delete(one),
      () => {},
    );
  }
  return Promise.all(all);
}

/**
 * As if one came after the other: new orders reserve their stock in order, and what is about one order waits for what was before. What
 * another kind of request, or an edit, moves in the stock is not in the request: it waits for all.
 */
async function inOrder(context: ChangeContext, claimed: readonly (ChangeRequest | Outcome)[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let i = 0; i < claimed.length; ) {
    const end = endOfRun(claimed, i);
    const last = new Map<string, Promise<unknown>>();
    const run = await inParallel(claimed.slice(i, end), (one) => {
      if ('outcome' in one) return Promise.resolve(one);
      const before = last.get(one.orderId);
      const work = before ? before.then(() => changeOrder(context, one)) : changeOrder(context, one);
      last.set(one.orderId, work);
      return work;
    });
    outcomes.push(...run);
    i = end;
  }
  return outcomes;
}

/** Behind the requests from this one on that need not wait for each other. */
function endOfRun(claimed: readonly (ChangeRequest | Outcome)[], from: number): number {
  const kindOf = (one: ChangeRequest | Outcome | undefined) => (one && 'ask' in one ? one.ask.kind : null);
  const kind = kindOf(claimed[from]);
  let end = from + 1;
  while (end < claimed.length && kind !== 'edit' && kindOf(claimed[end]) === kind) end++;
  return end;
}
