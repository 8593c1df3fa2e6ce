/**
 * Asks the IMS about the distinct SKU and hub pairs of a chunk, of invalid rows too, so that a row is told all its reasons in one
 * go, and rejects the rows that name what it does not know.
 */
import type { ImsAnswer, ImsPair } from '../ports/ims.ts';
import { type CheckedRow, rejectUnknown } from './validate.ts';

export async function askIms(
  checked: readonly CheckedRow[],
  ask: (pairs: readonly ImsPair[]) => Promise<ImsAnswer[]>,
): Promise<void> {
  const indexOf = new Map<string, number>();
  const pairs: ImsPair[] = [];
  const rows: { row: CheckedRow; pair: number }[] = [];
  for (const row of checked) {
    const { sku, hubId } = row;
    // The service knows pairs only: beside a value that is not well-formed, the other is asked about once that is mended.
    if (sku === null || hubId === null) continue;
    // Neither part may contain a control character, so the key is unambiguous.
    const key = `${sku}\n${hubId}`;
    let pair = indexOf.get(key);
    if (pair === undefined) {
      pair = pairs.push({ sku, hubId }) - 1;
      indexOf.set(key, pair);
    }
    rows.push({ row, pair });
  }
  if (pairs.length === 0) return;
  const answers = await ask(pairs);
  for (const { row, pair } of rows) {
    const answer = answers[pair]!;
    if (!(answer.skuValid && answer.hubValid)) rejectUnknown(row, answer);
  }
}
