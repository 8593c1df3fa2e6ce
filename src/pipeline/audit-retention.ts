/**
 * Deletes old entries of the audit log, the first ones of each chain. A record says beforehand up to where, so that `oms verify` tells a
 * beginning that was deleted from one that was cut off. One small record stays for each chain that was shortened.
 */
import type { AuditEntry } from '../model/audit-entry.ts';
import type { Audit } from '../ports/audit.ts';
import type { SmallRecords } from '../ports/small-records.ts';

/** Up to where a chain is deleted: the last number, and its hash. */
export type Deleted = Pick<AuditEntry, 'n' | 'hash'>;

interface Store {
  audit: Pick<Audit, 'oldest' | 'deleteThrough'>;
  smallRecords: Pick<SmallRecords, 'get' | 'put'>;
}

/** Up to so many; returns how many. Callers at the same time do no harm. */
export async function deleteOldEntries(
  { audit, smallRecords }: Store,
  beforeMs: number,
  limit: number,
): Promise<number> {
  let deleted = 0;
  const last = new Map((await audit.oldest(beforeMs, limit)).map(({ chain, n, hash }) => [chain, { n, hash }]));
  for (const [chain, upTo] of last) {
    const marked = await smallRecords.get<Deleted>('audit-deleted', chain);
    if (!marked || marked.data.n < upTo.n) {
      const record = { kind: 'audit-deleted', id: chain, version: (marked?.version ?? 0) + 1 } as const;
      // Somebody else marks it at this moment: the next sweep deletes.
      if (!(await smallRecords.put({ ...record, owner: null, expiresMs: null, data: upTo }))) continue;
    }
    deleted += await audit.deleteThrough(chain, upTo.n);
  }
  return deleted;
}

export const deletedUpTo = async (smallRecords: Pick<SmallRecords, 'get'>, chain: string): Promise<Deleted | null> =>
  (await smallRecords.get<Deleted>('audit-deleted', chain))?.data ?? null;
