/**
 * Verifies the audit log (INV-9): the entries of each chain are numbered without a gap from 1 on, or from where old ones were deleted, each
 * has the hash of its content and of the one before, and the entry after which a chain began is still there.
 */

import { type AuditEntry, hashOf, type Link, linkOf } from '../model/audit-entry.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { Violation } from '../ports/verification.ts';
import { deletedUpTo } from './audit-retention.ts';

type Store = Pick<OrderStore, 'audit' | 'smallRecords'>;

/** Returns the number of entries. */
export async function* verifyAudit(store: Store): AsyncGenerator<Violation, number> {
  let entries = 0;
  let last: AuditEntry | null = null;
  for await (const entry of store.audit.chains()) {
    entries++;
    const before: Pick<AuditEntry, 'n' | 'hash'> = last?.chain === entry.chain ? last : { n: 0, hash: '' };
    last = entry;
    if (entry.n === before.n + 1) {
      if (hashOf(before.hash, entry) !== entry.hash) yield changed(entry);
      const link = linkOf(entry);
      if (link) yield* verifyLink(store, link, entry.chain);
      continue;
    }
    // Read now: entries may have been deleted since the one before was read.
    const deleted = await deletedUpTo(store.smallRecords, entry.chain);
    if (!deleted || deleted.n < entry.n - 1) {
      const what = before.n === 0 ? 'the beginning of a chain is missing' : 'entries of a chain are missing';
      yield violation(what, entry.chain, `after ${before.n} follows ${entry.n}`);
    } else if (deleted.n === entry.n - 1 && hashOf(deleted.hash, entry) !== entry.hash) yield changed(entry);
  }
  return entries;
}

async function* verifyLink({ audit, smallRecords }: Store, link: Link, later: string): AsyncGenerator<Violation> {
  const { chain, n, hash } = link;
  const found = await audit.find(chain, n);
  if (found?.hash === hash) return;
  if (found) yield violation('an entry is not the one that a later chain began after', idOf(link), `by chain ${later}`);
  else if (((await deletedUpTo(smallRecords, chain))?.n ?? 0) < n)
    yield violation('an entry is missing that a later chain began after', idOf(link), `by chain ${later}`);
}

const idOf = ({ chain, n }: Pick<AuditEntry, 'chain' | 'n'>): string => `${chain}:${n}`;

const changed = (entry: AuditEntry): Violation =>
  violation('an entry is not as it was written', idOf(entry), `its hash is not that of its content and the one before`);

const violation = (what: string, id: string, detail: string): Violation => ({ check: 'audit', what, id, detail });
