/** What a stock CSV does to the stock, summed up from the results of its rows, and the changes that undo it. */
import type { StockResultResponse } from '../../http/responses.ts';
import { rowKey, type StockRow } from './stock-changes.ts';

export type Refused = Extract<StockResultResponse, { status: 'refused' }>;

export interface Jump extends StockRow {
  /** Null for a pair that is new. */
  from: number | null;
  to: number;
}

export interface Effect {
  /** The largest differences, the largest first. */
  largest: Jump[];
  changed: number;
  added: number;
  unchanged: number;
  refused: Refused[];
}

export const isRefused = (result: StockResultResponse): result is Refused => result.status === 'refused';

const by = ({ from, to }: Jump): number => to - (from ?? 0);

/** A pair that the file names several times counts once, from its first to its last value. */
function jumpsOf(results: readonly StockResultResponse[]): Jump[] {
  const jumps = new Map<string, Jump>();
  for (const result of results) {
    if (isRefused(result)) continue;
    const { sku, hub_id, available: to, from = null } = result;
    const known = jumps.get(rowKey(result));
    if (known) known.to = to;
    else jumps.set(rowKey(result), { sku, hub_id, from, to });
  }
  return [...jumps.values()];
}

export function effectOf(results: readonly StockResultResponse[], mostListed: number): Effect {
  const jumps = jumpsOf(results);
  const changed = jumps.filter(({ from, to }) => from !== null && from !== to);
  const added = jumps.filter(({ from }) => from === null);
  const largest = [...changed, ...added].sort((a, b) => Math.abs(by(b)) - Math.abs(by(a))).slice(0, mostListed);
  return {
    largest,
    changed: changed.length,
    added: added.length,
    unchanged: jumps.length - changed.length - added.length,
    refused: results.filter(isRefused),
  };
}

/** Differences, so that what orders took since stays taken. */
export const reversed = (results: readonly StockResultResponse[]): (StockRow & { delta: number })[] =>
  jumpsOf(results)
    .filter((jump) => by(jump) !== 0)
    .map((jump) => ({ sku: jump.sku, hub_id: jump.hub_id, delta: -by(jump) }));
