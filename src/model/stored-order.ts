/** How a reason refers to the stored order that has the row's id. The page parses it to link the file. */
import type { Reason } from './rejection.ts';

/** The end of the reason. Of an order that is of no file: both null. */
export const storedFrom = (fileId: string | null, row: number | null): string =>
  fileId === null ? 'made through the API' : `from row ${row} of file ${fileId}`;

/** The file that the stored order is from; null for other reasons. */
export function fileOfStored({ code, reason }: Pick<Reason, 'code' | 'reason'>): string | null {
  if (code !== 'duplicate_order' && code !== 'order_conflict') return null;
  return / is already stored.*, from row \d+ of file (\S+)$/s.exec(reason)?.[1] ?? null;
}
