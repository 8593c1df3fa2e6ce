/** The audit log: entries that are only added, found by who, what and when. */
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import type { AuditEntry } from '../../../src/model/audit-entry.ts';
import type { AuditFilter } from '../../../src/ports/audit.ts';
import { readAll } from '../../support/chunks.ts';
import { invalidCursor, onEachOrderStore } from './contract.ts';

onEachOrderStore(({ opened, unique }) => {
  const audit = () => opened.first.audit;
  const entry = (chain: string, n: number, values: Partial<AuditEntry> = {}): AuditEntry => ({
    ...{ chain, n, atMs: 1_000 + n, principal: 'key:abc', action: 'setOrderStatus', target: 'order A-1' },
    ...{ status: 200, code: null, requestId: `r-${n}`, address: '::1', count: 1, hash: `${n}`.padStart(64, 'f') },
    ...values,
  });
  const listed = (filter: AuditFilter, limit = 2) => readAll((page) => audit().list(filter, page), limit);
  const idsOf = (entries: AuditEntry[]) => entries.map(({ chain, n }) => `${chain}:${n}`);
  const chainsOf = async (...chains: string[]) => {
    const entries: AuditEntry[] = [];
    for await (const one of audit().chains()) if (chains.includes(one.chain)) entries.push(one);
    return entries;
  };

  describe('an entry of the audit log', () => {
    test('is read as it was written, by every client', async () => {
      const chain = unique('a');
      const whole = entry(chain, 1, { target: 'order Ä $a.b 🧾', code: 'not_found', count: 7 });
      const bare = entry(chain, 2, { principal: null, target: null, address: null });
      await audit().append([whole, bare]);
      expect(await opened.second.audit.find(chain, 1)).toEqual(whole);
      expect(await opened.second.audit.find(chain, 2)).toEqual(bare);
      expect(await audit().find(chain, 3)).toBeNull();
    });

    test('stays as it is when it comes again, with others after it', async () => {
      const chain = unique('a');
      const entries = [1, 2, 3, 4].map((n) => entry(chain, n));
      await audit().append(entries.slice(0, 2));
      await audit().append([...entries.slice(0, 3).map((one) => ({ ...one, action: 'other' })), entries[3]!]);
      await Promise.all([1, 2, 3].map(() => audit().append(entries)));
      expect(await chainsOf(chain)).toEqual([entries[0], entries[1], { ...entries[2], action: 'other' }, entries[3]]);
    });
  });

  describe('lists of entries', () => {
    test('are newest first, by every combination of filters', async () => {
      const chain = unique('a');
      const who = unique('key');
      const what = unique('order');
      const entries = Array.from({ length: 24 }, (_, i) =>
        entry(chain, i + 1, {
          atMs: 50_000 + Math.floor(i / 2),
          principal: i % 2 === 0 ? who : null,
          action: i % 3 === 0 ? 'deleteOrder' : 'editOrder',
          target: i % 4 === 0 ? what : null,
        }),
      );
      await audit().append(entries);
      const span = { fromMs: 50_002, toMs: 50_010 };
      expect(idsOf(await listed(span))).toEqual(idsOf(entries.slice(4, 20).toReversed()));
      const options = { principal: [undefined, who], action: [undefined, 'deleteOrder'], target: [undefined, what] };
      for (const principal of options.principal)
        for (const action of options.action)
          for (const target of options.target) {
            const filter = {
              ...span,
              ...(principal && { principal }),
              ...(action && { action }),
              ...(target && { target }),
            };
            const expected = entries
              .slice(4, 20)
              .filter(
                (one) =>
                  (!principal || one.principal === principal) &&
                  (!action || one.action === action) &&
                  (!target || one.target === target),
              );
            expect(idsOf(await listed(filter))).toEqual(idsOf(expected.toReversed()));
          }
      await expect(audit().list({}, { limit: 1, after: 'x' })).rejects.toThrow(invalidCursor);
    });

    test('scan a bounded number of entries for a page, which may be empty', async () => {
      const chain = unique('a');
      const who = unique('key');
      const atMs = 2_000_000;
      const rare = entry(chain, 1, { atMs, principal: who, action: 'rare' });
      const others = Array.from({ length: limits.maxScanAudit + 10 }, (_, i) =>
        entry(chain, i + 2, { atMs, principal: who }),
      );
      for (let at = 0; at < others.length; at += 1_000) await audit().append([rare, ...others.slice(at, at + 1_000)]);
      const filter = { principal: who, action: 'rare' };
      const first = await audit().list(filter, { limit: 10, after: null });
      expect(first).toEqual({ items: [], next: expect.any(String) });
      expect(await audit().list(filter, { limit: 10, after: first.next })).toEqual({ items: [rare], next: null });
    });
  });

  describe('old entries', () => {
    test('are deleted chain by chain from the first on', async () => {
      const [one, two] = [unique('a'), unique('a')];
      const early = -5_000_000;
      await audit().append([1, 2, 3].map((n) => entry(one, n, { atMs: early + 10 * n })));
      await audit().append([1, 2].map((n) => entry(two, n, { atMs: early + 15 * n })));
      expect(idsOf(await audit().oldest(early + 30, 10))).toEqual([`${one}:1`, `${two}:1`, `${one}:2`]);
      expect(idsOf(await audit().oldest(early + 30, 2))).toEqual([`${one}:1`, `${two}:1`]);
      expect(await audit().deleteThrough(one, 2)).toBe(2);
      expect(await audit().deleteThrough(one, 2)).toBe(0);
      expect(idsOf(await chainsOf(one, two))).toEqual([`${one}:3`, `${two}:1`, `${two}:2`].sort());
      await audit().deleteThrough(one, 3);
      await audit().deleteThrough(two, 2);
    });
  });
});
