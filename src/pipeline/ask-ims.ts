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
  readonly answers: ImsAnswer[] = [];
}

export async function askIms(
  checked: readonly CheckedRow[],
  pairs: AskedPairs,
  ask: (pairs: readonly ImsPair[]) => Promise<ImsAnswer[]>,
): Promise<void> {
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
