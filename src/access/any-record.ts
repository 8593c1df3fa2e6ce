/** Looks through all records of a kind, page by page: whether one is as asked for, and whether there are too many. */
import { limits } from '../limits.ts';
import { pagesOf } from '../ports/page.ts';
import type { RecordKind, SmallRecord, SmallRecords } from '../ports/small-records.ts';

export async function anyRecord<Data>(
  records: SmallRecords,
  kind: RecordKind,
  holds: (record: SmallRecord<Data>) => boolean,
): Promise<boolean> {
  for await (const items of pagesOf((page) => records.list<Data>(kind, null, page), limits.sliceItems))
    if (items.some(holds)) return true;
  return false;
}

/** Whether there are so many. Of two who ask at the same moment each may add one. */
export async function areAtLeast(records: SmallRecords, kind: RecordKind, most: number): Promise<boolean> {
  let counted = 0;
  return anyRecord(records, kind, () => ++counted >= most);
}
