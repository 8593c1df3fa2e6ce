/** What the reason of a row says of the stored order that has its id: read again by the page, which links it. */
import type { Reason } from './rejection.ts';

/** The end of the words. */
export const fromFile = (fileId: string, row: number): string => `from row ${row} of file ${fileId}`;

/** The file that the stored order is from; null where the reason is another. */
export function fileOfStored({ code, reason }: Pick<Reason, 'code' | 'reason'>): string | null {
  if (code !== 'duplicate_order' && code !== 'order_conflict') return null;
  return / is already stored.*, from row \d+ of file (\S+)$/s.exec(reason)?.[1] ?? null;
}
