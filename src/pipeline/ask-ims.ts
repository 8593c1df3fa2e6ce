/**
 * Asks the IMS about the distinct pairs of SKU and hub of rows, and rejects the rows that name an unknown one. Invalid rows are asked
 * about, too, so that a row gets all its reasons together.
 */
import { SkuHubPairs } from '../order-batch/sku-hub-pairs.ts';
import type { ImsAnswer, ImsPair } from '../ports/ims.ts';
import { type CheckedRow, rejectUnknown } from './validate.ts';

/** The pairs of rows that arrive part by part; each pair is asked about once. */
export class AskedPairs extends SkuHubPairs {
  /** By number. */
  readonly answers: PairAnswer[] = [];
}

/** `isForbidden`: the file is limited to other hubs. */
export type PairAnswer = ImsAnswer & { isForbidden?: true };

type Ask = (pairs: readonly ImsPair[]) => Promise<PairAnswer[]>;

const FORBIDDEN: PairAnswer = { skuValid: true, hubValid: false, isForbidden: true };

/** `ask`, only about pairs of these hubs. */
export function askWithin(hubs: readonly string[] | null, ask: Ask): Ask {
  if (hubs === null) return ask;
  const isWithin = ({ hubId }: ImsPair) => hubs.includes(hubId);
  return async (pairs) => {
    const within = pairs.filter(isWithin);
    const answers = (within.length === 0 ? [] : await ask(within)).values();
    return pairs.map((pair) => (isWithin(pair) ? answers.next().value! : FORBIDDEN));
  };
}

export async function askIms(checked: readonly CheckedRow[], pairs: AskedPairs, ask: Ask): Promise<void> {
  for (const row of checked) {
    const { sku, hubId } = row;
    // The service knows only pairs: when one value is malformed, the other is asked about once the first is fixed.
    if (sku !== null && hubId !== null) row.pair = pairs.numberOf(sku, hubId);
  }
  const { skus, hubIds, answers } = pairs;
  const first = answers.length;
  if (first < pairs.count) {
    const unasked = skus.slice(first).map((sku, i) => ({ sku, hubId: hubIds[first + i]! }));
    answers.push(...(await ask(unasked)));
  }
  for (const row of checked) {
    if (row.pair === null) continue;
    const answer = answers[row.pair]!;
    if (!(answer.skuValid && answer.hubValid)) rejectUnknown(row, answer);
  }
}
