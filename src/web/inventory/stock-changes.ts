/**
 * Changes of stock made on this page. Each has one Idempotency-Key, so that it counts once even if it is sent again because no
 * response came. Of each row the newest change is kept, with its outcome.
 */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { StockResultResponse, StockResultsResponse } from '../../http/responses.ts';
import { newKey, Problem, sendJson } from '../api/client.ts';
import { inventory } from '../texts/inventory.ts';

export interface StockRow {
  sku: string;
  hub_id: string;
}

export type Change = StockRow & ({ available: number } | { delta: number });

export type Kind = 'available' | 'delta';

/** The request for each kind: to set what is available, or to adjust it. */
export const REQUESTS = { available: ['PUT', '/inventory'], delta: ['POST', '/inventory/adjust'] } as const;

export type Outcome =
  | { kind: 'sending' }
  | { kind: 'answered'; result: StockResultResponse }
  | { kind: 'problem'; problem: Problem }
  /** It is not known whether it was made. */
  | { kind: 'unsure'; why: string };

/** Why it is not known whether a change was made; null when it was refused. */
export const unsureWhy = (error: unknown): string | null =>
  !(error instanceof Problem) ? inventory.noAnswer : error.status < 500 ? null : error.message;

export interface StockChange {
  key: string;
  change: Change;
  outcome: Outcome;
}

export const rowKey = ({ sku, hub_id }: StockRow): string => JSON.stringify([sku, hub_id]);

export function useStockChanges() {
  const queries = useQueryClient();
  const [changes, setChanges] = useState<ReadonlyMap<string, StockChange>>(new Map());

  const send = async (change: Change, key = newKey()) => {
    const place = rowKey(change);
    const settle = (outcome: Outcome) =>
      setChanges((old) => (old.get(place)?.key === key ? new Map(old).set(place, { key, change, outcome }) : old));
    setChanges((old) => new Map(old).set(place, { key, change, outcome: { kind: 'sending' } }));
    const [method, path] = REQUESTS['available' in change ? 'available' : 'delta'];
    try {
      const answer = await sendJson<StockResultsResponse>(
        method,
        path,
        { items: [change] },
        { 'idempotency-key': key },
      );
      settle({ kind: 'answered', result: answer.results[0]! });
    } catch (error) {
      const why = unsureWhy(error);
      settle(why === null ? { kind: 'problem', problem: error as Problem } : { kind: 'unsure', why });
    }
    await queries.invalidateQueries({ queryKey: ['inventory'] });
  };
  const dismiss = (change: StockRow) =>
    setChanges((old) => new Map([...old].filter(([place]) => place !== rowKey(change))));

  return {
    changes,
    send: (change: Change) => void send(change),
    sendAgain: ({ change, key }: StockChange) => void send(change, key),
    dismiss,
  };
}
