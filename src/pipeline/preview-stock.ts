/** The results that changes of stock would have now, without making them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../limits.ts';
import { type Stock, type StockChange, type StockResult, stockAfter } from '../ports/stock.ts';

export async function previewStock(stock: Pick<Stock, 'levels'>, changes: StockChange[]): Promise<StockResult[]> {
  // Later changes of a stock row start from the result of the earlier ones.
  const levels = new Map<string, number | null>();
  const keyOf = ({ sku, hubId }: StockChange) => `${sku}\n${hubId}`;
  const results: StockResult[] = [];
  for (let start = 0; start < changes.length; start += limits.stockLookups) {
    const some = changes.slice(start, start + limits.stockLookups);
    const unknown = some.filter((change) => !levels.has(keyOf(change)));
    const found = await stock.levels(unknown);
    for (const [i, change] of unknown.entries()) levels.set(keyOf(change), found[i]!);
    for (const change of some) {
      const result = stockAfter(change, levels.get(keyOf(change))!);
      if (!('error' in result)) levels.set(keyOf(change), result.available);
      results.push(result);
    }
    await nextTurn();
  }
  return results;
}
