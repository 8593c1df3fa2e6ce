/** The next orders to erase, and their erasure: bounded steps that the requests of people and the keeping time share. */
import { limits } from '../../limits.ts';
import type { ErasureOf } from '../../model/erasure.ts';
import type { Erasure, FoundOrder, FoundOrders } from '../../ports/erasure.ts';
import { sliceTurn } from '../../ports/event-loop.ts';

/** Looks for orders until some are found, or for a bounded time. */
export async function findNext(
  erasure: Pick<Erasure, 'find'>,
  of: ErasureOf,
  position: string | null,
): Promise<FoundOrders> {
  let page = await erasure.find(of, position);
  for (let i = 1; page.found.length === 0 && !page.end && i < limits.erasureFinds; i++) {
    await sliceTurn();
    page = await erasure.find(of, page.position);
  }
  return page;
}

/** Returns how many were erased. */
export async function eraseFound(
  erasure: Pick<Erasure, 'erase'>,
  of: ErasureOf,
  found: readonly FoundOrder[],
): Promise<number> {
  const ids = found.map(({ orderId }) => orderId);
  let erased = 0;
  for (let from = 0; from < ids.length; from += limits.erasedAtOnce)
    erased += await erasure.erase(of, ids.slice(from, from + limits.erasedAtOnce));
  return erased;
}
