/** Looks through all records of a kind, page by page. */
import { limits } from '../limits.ts';
import type { AccessRecord, AccessRecords, RecordKind } from '../ports/access-records.ts';
import type { Page } from '../ports/page.ts';

export async function anyRecord<Data>(
  records: AccessRecords,
  kind: RecordKind,
  holds: (record: AccessRecord<Data>) => boolean,
): Promise<boolean> {
  for (let after: string | null = null; ; ) {
    const page: Page<AccessRecord<Data>> = await records.list<Data>(kind, null, { limit: limits.sliceItems, after });
    if (page.items.some(holds)) return true;
    if (page.next === null) return false;
    after = page.next;
  }
}
