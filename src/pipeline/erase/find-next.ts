/** Looks for orders to erase until some are found, or for a bounded time. */
import { limits } from '../../limits.ts';
import type { ErasureOf } from '../../model/erasure.ts';
import type { Erasure, FoundOrders } from '../../ports/erasure.ts';
import { sliceTurn } from '../../ports/event-loop.ts';

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
