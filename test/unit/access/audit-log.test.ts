/** The audit log of one process, on the embedded store: who waits for what, and what becomes of entries that the store does not take. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { AuditLog } from '../../../src/access/audit-log.ts';
import { OmsError } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import type { Act, AuditEntry } from '../../../src/model/audit-entry.ts';
import { auditText, hashOf } from '../../../src/model/audit-entry.ts';
import { deleteOldEntries } from '../../../src/pipeline/audit-retention.ts';
import { verifyAudit } from '../../../src/pipeline/verify-audit.ts';
import type { Audit } from '../../../src/ports/audit.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import type { Violation } from '../../../src/ports/verification.ts';
import { sqliteOrderStore } from '../../support/adapters/sqlite.ts';

let store: OrderStore;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ first: store, close } = await sqliteOrderStore.open());
});
afterAll(() => close());

/** What the store does with a call: `null` takes it. */
let outage: { error?: Error; until?: Promise<void> } | null = null;
const calls: (readonly AuditEntry[])[] = [];
const logged: { message: string; fields: unknown }[] = [];
beforeEach(() => {
  outage = null;
  calls.length = 0;
  logged.length = 0;
});

function newLog(sleep = systemClock.sleep): AuditLog {
  const audit: Audit = {
    ...store.audit,
    list: store.audit.list,
    chains: store.audit.chains,
    async append(entries) {
      calls.push(entries);
      await outage?.until;
      if (outage?.error) throw outage.error;
      await store.audit.append(entries);
    },
  };
  const note = (fields: unknown, message?: string) => logged.push({ message: message ?? String(fields), fields });
  return new AuditLog({ audit, clock: { ...systemClock, sleep }, logger: { info: note, error: note } as never });
}

let acts = 0;
const newAct = (values: Partial<Act> = {}): Act => ({
  ...{ principal: 'key:abc', action: 'setOrderStatus', target: `order ${++acts}`, status: 200, code: null },
  ...{ requestId: 'r', address: '::1' },
  ...values,
});

const chainWith = async ({ target }: Act): Promise<AuditEntry[]> => {
  const [{ chain }] = (await store.audit.list({ target: target! }, { limit: 1, after: null })).items as [AuditEntry];
  return (await everything()).filter((entry) => entry.chain === chain);
};
const everything = async (): Promise<AuditEntry[]> => {
  const entries: AuditEntry[] = [];
  for await (const entry of store.audit.chains()) entries.push(entry);
  return entries;
};
const violations = async (): Promise<Violation[]> => {
  const found: Violation[] = [];
  for await (const violation of verifyAudit(store)) found.push(violation);
  return found;
};

describe('a chain', () => {
  test('begins after the newest entry of the log, and ends with a graceful stop', async () => {
    const before = newLog();
    const first = newAct();
    await before.record(first);
    const log = newLog();
    const second = newAct();
    await log.record(second);
    await log.close();
    const [begin, entry, end, ...more] = await chainWith(second);
    const newest = (await chainWith(first)).at(-1)!;
    expect(begin).toMatchObject({ n: 1, action: 'audit.begin', target: `${newest.chain} ${newest.n} ${newest.hash}` });
    expect(entry).toMatchObject({ n: 2, ...second, count: 1, hash: hashOf(begin!.hash, entry!) });
    expect(end).toMatchObject({ n: 3, action: 'audit.end', principal: null });
    expect(more).toEqual([]);
    expect(await violations()).toEqual([]);
  });

  test('is not there without entries', async () => {
    const log = newLog();
    const before = await everything();
    await log.close();
    expect(await everything()).toEqual(before);
  });

  test('gathers what arrives while a call is under way', async () => {
    const released = Promise.withResolvers<void>();
    outage = { until: released.promise };
    const log = newLog();
    const all = Array.from({ length: 50 }, () => newAct());
    const recorded = all.map((act) => log.record(act));
    await expect.poll(() => calls.length).toBe(1);
    outage = null;
    released.resolve();
    await Promise.all(recorded);
    expect(calls.map((entries) => entries.length)).toEqual([2, 49]);
    expect((await chainWith(all[49]!)).map(({ target }) => target).slice(1)).toEqual(all.map(({ target }) => target));
  });

  test('takes bounded texts without characters that could break a line', async () => {
    const long = auditText(`a\nb\u202e\u0000${'x'.repeat(10_000)}`);
    expect(long).toMatch(/^a\\u000ab\\u202e\\u0000x+$/);
    expect(long).toHaveLength(limits.maxAuditTextChars);
    expect(auditText('\ud83d')).toBe('\ufffd');
    const log = newLog();
    await log.record(newAct({ target: `order\n${'🧾'.repeat(1_000)}`, principal: 'user:\u0007' }));
    await log.close();
    expect(await violations()).toEqual([]);
  });
});

describe('while the store takes nothing', () => {
  const down = () => new OmsError('store_unavailable', 'the store is away', { retryable: true });

  test('answers wait no longer, entries wait in memory, and are written when it is back', async () => {
    outage = { error: down() };
    const log = newLog(() => new Promise((resolve) => setImmediate(resolve)));
    const first = newAct();
    await log.record(first);
    await log.record(newAct());
    expect(logged).toEqual([expect.objectContaining({ message: expect.stringContaining('cannot be written now') })]);
    outage = null;
    const last = newAct();
    await log.record(last);
    await log.close();
    const targets = (await chainWith(last)).map(({ target }) => target);
    expect(targets).toEqual([expect.any(String), first.target, `order ${acts - 1}`, last.target, null]);
    // A call that is repeated has the same entries.
    expect(calls[1]).toEqual(calls[0]);
    expect(await violations()).toEqual([]);
  });

  test('an answer waits a bounded time for one that hangs', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const released = Promise.withResolvers<void>();
      outage = { until: released.promise };
      const log = newLog();
      const recorded = [log.record(newAct()), log.record(newAct())];
      await vi.waitFor(() => expect(calls).toHaveLength(1));
      vi.advanceTimersByTime(limits.auditWaitMs);
      await Promise.all(recorded);
      await log.record(newAct());
      outage = null;
      released.resolve();
      await log.close();
    } finally {
      vi.useRealTimers();
    }
    expect(await violations()).toEqual([]);
  });

  test('those that are too many are told as a number', async () => {
    outage = { error: down() };
    const paused = Promise.withResolvers<void>();
    const log = newLog(() => paused.promise);
    await log.record(newAct());
    for (let n = 0; n < limits.auditWaitingEntries + 25; n++) void log.record(newAct({ target: null }));
    outage = null;
    paused.resolve();
    const last = newAct();
    await expect.poll(() => calls.length).toBeGreaterThan(3);
    await log.record(last);
    await log.close();
    const chain = await chainWith(last);
    expect(chain.filter(({ action }) => action === 'audit.lost').map(({ count }) => count)).toEqual([25]);
    expect(chain.filter(({ action }) => action === 'setOrderStatus')).toHaveLength(1 + limits.auditWaitingEntries + 1);
    expect(await violations()).toEqual([]);
  });

  test('a stop gives up after a bounded time, and says how many are lost', async () => {
    outage = { error: down() };
    const log = newLog();
    await log.record(newAct());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const closed = log.close();
    vi.advanceTimersByTime(limits.auditStopMs);
    vi.useRealTimers();
    await closed;
    expect(logged.at(-1)).toEqual({
      message: expect.stringContaining('lacks its last entries'),
      fields: { entries: 2 },
    });
  });
});

describe('refused requests', () => {
  test('of a principal, and of an address, are one entry that counts them', async () => {
    const log = newLog();
    const who = `key:refused-${++acts}`;
    const refused = newAct({ principal: who, status: 403, code: 'forbidden' });
    for (let n = 0; n < 7; n++) log.refuse(refused);
    const unknown = newAct({ principal: null, address: `10.0.0.${acts}`, status: 401 });
    for (let n = 0; n < 3; n++) log.refuse(unknown);
    await log.close();
    const chain = await chainWith(refused);
    expect(chain.slice(1, -1)).toEqual([
      expect.objectContaining({ ...refused, count: 7 }),
      expect.objectContaining({ ...unknown, count: 3 }),
    ]);
  });

  test('of very many addresses are told together', async () => {
    const log = newLog();
    const refused = newAct({ principal: 'key:one-of-many', status: 403 });
    log.refuse(refused);
    for (let n = 0; n < limits.auditRefused + 20; n++)
      log.refuse(newAct({ principal: null, address: `2001:db8::${n}`, status: 401 }));
    log.refuse(refused);
    await log.close();
    const chain = (await chainWith(refused)).slice(1, -1);
    expect(chain).toHaveLength(limits.auditRefused + 1);
    expect(chain[0]).toMatchObject({ principal: 'key:one-of-many', count: 2 });
    expect(chain.at(-1)).toMatchObject({ principal: null, address: null, target: null, count: 21 });
  });
});

describe('old entries', () => {
  test('are deleted in steps, and what is left is verified from there', async () => {
    const log = newLog();
    const all = Array.from({ length: 10 }, () => newAct());
    for (const act of all) await log.record(act);
    await log.close();
    const chain = await chainWith(all[0]!);
    const total = (await everything()).length;
    expect(await deleteOldEntries(store, Date.now() + 1, total - 5)).toBe(total - 5);
    expect((await everything()).map(({ n }) => n)).toEqual(chain.slice(-5).map(({ n }) => n));
    expect(await violations()).toEqual([]);
    await store.audit.deleteThrough(chain[0]!.chain, chain.length - 4);
    expect(await violations()).toEqual([expect.objectContaining({ check: 'audit', id: chain[0]!.chain })]);
    expect(await deleteOldEntries(store, Date.now() + 1, 3)).toBe(3);
    expect(await violations()).toEqual([]);
  });
});
