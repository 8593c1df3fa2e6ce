/** Stock per SKU and hub: lists and changes, with the rules of a change. Only the commit of a chunk takes stock for orders. */
import { limits } from '../limits.ts';
import type { Page, PageRequest } from './page.ts';

export interface StockLevel {
  sku: string;
  hubId: string;
  available: number;
}

export type StockChange = { sku: string; hubId: string } & ({ available: number } | { delta: number });
/** `before`: what was available until then; null where there was no such row. */
export type StockResult =
  | { sku: string; hubId: string; available: number; before: number | null }
  | {
      sku: string;
      hubId: string;
      error: 'below_zero' | 'too_much' | 'unknown_stock';
      available: number;
      before: number | null;
    };

/** The result of a change. `before`: what is available; null where there is no such row. */
export function stockAfter(change: StockChange, before: number | null): StockResult {
  const { sku, hubId } = change;
  const available = before ?? 0;
  const after = 'available' in change ? change.available : available + change.delta;
  if (after < 0) return { sku, hubId, error: 'below_zero', available, before };
  if (after > limits.maxStock) return { sku, hubId, error: 'too_much', available, before };
  return { sku, hubId, available: after, before };
}

/** The same for several changes of one row, in order. */
export function stockAfterAll(changes: readonly StockChange[], before: number | null): StockResult[] {
  let level = before;
  return changes.map((change) => {
    const result = stockAfter(change, level);
    if (!('error' in result)) level = result.available;
    return result;
  });
}

export interface Stock {
  /** `seenBy`: only rows of these hubs. */
  list(
    filter: { sku?: string; hubId?: string; seenBy?: readonly string[]; sort: 'key' | 'available' },
    page: PageRequest,
  ): Promise<Page<StockLevel>>;
  /**
   * Applies each change by itself and returns a result for each. With an idempotency key the same changes are applied only once within
   * 24 h; other changes under the same key throw `key_reused`.
   */
  change(changes: StockChange[], idempotencyKey: string | null): Promise<StockResult[]>;
  /** What is available of each, in this order; null where there is no such row. At most `limits.stockLookups` of them. */
  levels(rows: readonly { sku: string; hubId: string }[]): Promise<(number | null)[]>;
  /** Which of the SKUs and hubs occur in a stock row. */
  named(names: SkusAndHubs): Promise<SkusAndHubs>;
}

export interface SkusAndHubs {
  skus: string[];
  hubIds: string[];
}
