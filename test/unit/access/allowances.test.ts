/** Buckets of requests: bursts, refill, debts between processes, and stores that are slow or down. */
import { expect, test } from 'vitest';
import { Allowances } from '../../../src/access/allowances.ts';
import type { SmallRecord, SmallRecords } from '../../../src/ports/small-records.ts';

const RATE = { perSecond: 50, burst: 200 };
/** Told to the store together. */
const LUMP = 25;

function clockAt(startMs: number) {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    sleep: () => Promise.resolve(),
    random: () => 0,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

/** Of one kind of record, with calls that end when the test lets them. */
function sharedRecords() {
  const stored = new Map<string, SmallRecord>();
  let calls = 0;
  let isDown = false;
  const records: Pick<SmallRecords, 'get' | 'put'> = {
    async get<Data>(_: string, id: string) {
      calls++;
      if (isDown) throw new Error('the store is down');
      return (stored.get(id) as SmallRecord<Data> | undefined) ?? null;
    },
    async put(record) {
      if ((stored.get(record.id)?.version ?? 0) !== record.version - 1) return false;
      stored.set(record.id, structuredClone(record));
      return true;
    },
  };
  return {
    records: records as SmallRecords,
    stored,
    calls: () => calls,
    setDown: (down: boolean) => {
      isDown = down;
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** How many of so many requests are let through. */
async function send(allowances: Allowances, owner: string, requests: number): Promise<number> {
  let allowed = 0;
  for (let i = 0; i < requests; i++) {
    if (allowances.take(owner).isAllowed) allowed++;
    await settled();
  }
  return allowed;
}

test('a burst is allowed, then as many as the rate, and each owner has a bucket of its own', async () => {
  const clock = clockAt(1_000_000);
  const allowances = new Allowances(RATE, clock, null);
  expect(allowances.take('key:a')).toEqual({ isAllowed: true, remaining: 199, resetSeconds: 1 });
  expect(await send(allowances, 'key:a', 300)).toBe(199);
  expect(allowances.take('key:a')).toEqual({ isAllowed: false, remaining: 0, resetSeconds: 1 });
  expect(allowances.take('key:b').isAllowed).toBe(true);
  clock.pass(100);
  expect(await send(allowances, 'key:a', 300)).toBe(5);
  clock.pass(3_600_000);
  expect(await send(allowances, 'key:a', 300)).toBe(200);
});

test('what it says is left may be sent at once, and when it says so there is one again', async () => {
  const clock = clockAt(0);
  const allowances = new Allowances({ perSecond: 1, burst: 4 }, clock, null);
  const { remaining, resetSeconds } = allowances.take('key:a');
  expect([remaining, resetSeconds]).toEqual([3, 1]);
  expect(await send(allowances, 'key:a', 10)).toBe(3);
  const refused = allowances.take('key:a');
  clock.pass(refused.resetSeconds * 1_000);
  expect(allowances.take('key:a').isAllowed).toBe(true);
});

test('a clock that is set back neither gives nor takes requests', async () => {
  const clock = clockAt(1_000_000_000);
  const allowances = new Allowances(RATE, clock, null);
  expect(await send(allowances, 'key:a', 200)).toBe(200);
  clock.pass(-500_000_000);
  expect(allowances.take('key:a').isAllowed).toBe(false);
  clock.pass(20);
  expect(allowances.take('key:a').isAllowed).toBe(true);
});

test('two processes let through one burst and one rate, but for a lump each, and ask the store once a lump', async () => {
  const clock = clockAt(1_000_000);
  const { records, calls } = sharedRecords();
  const processes = [new Allowances(RATE, clock, records), new Allowances(RATE, clock, records)] as const;
  const sendToBoth = async (requests: number) => {
    let allowed = 0;
    for (let i = 0; i < requests; i++) allowed += await send(processes[i % 2]!, 'key:a', 1);
    return allowed;
  };
  const burst = await sendToBoth(1_000);
  expect(burst).toBeGreaterThanOrEqual(RATE.burst);
  expect(burst).toBeLessThanOrEqual(RATE.burst + 2 * LUMP);
  let later = 0;
  const SECONDS = 60;
  for (let step = 0; step < SECONDS * 10; step++) {
    clock.pass(100);
    later += await sendToBoth(40);
  }
  expect(burst + later).toBeLessThanOrEqual(RATE.burst + SECONDS * RATE.perSecond + 2 * LUMP);
  expect(later).toBeGreaterThan(0.9 * SECONDS * RATE.perSecond);
  expect(calls()).toBeLessThan((2 * (burst + later)) / LUMP);
});

test('what one process used counts in another that the owner turns to', async () => {
  const clock = clockAt(1_000_000);
  const { records } = sharedRecords();
  expect(await send(new Allowances(RATE, clock, records), 'key:a', 300)).toBe(200);
  expect(await send(new Allowances(RATE, clock, records), 'key:a', 300)).toBe(LUMP);
});

test('while the store is down each process limits by itself, and its debt afterwards is bounded', async () => {
  const clock = clockAt(1_000_000);
  const { records, setDown, stored } = sharedRecords();
  const allowances = new Allowances(RATE, clock, records);
  setDown(true);
  expect(await send(allowances, 'key:a', 1_000)).toBe(200);
  for (let second = 0; second < 60; second++) {
    clock.pass(1_000);
    expect(await send(allowances, 'key:a', 100)).toBe(50);
  }
  setDown(false);
  clock.pass(1_000);
  await send(allowances, 'key:a', 100);
  expect((stored.get('key:a')!.data as { level: number }).level).toBeGreaterThanOrEqual(-RATE.burst);
  // Two windows at most, and the owner is served as before.
  clock.pass(8_000);
  expect(await send(allowances, 'key:a', 50)).toBe(50);
});

test('a record is kept until its bucket is full again', async () => {
  const clock = clockAt(1_000_000);
  const { records, stored } = sharedRecords();
  await send(new Allowances(RATE, clock, records), 'key:a', LUMP);
  expect(stored.get('key:a')).toMatchObject({ kind: 'allowance', owner: null, expiresMs: 1_000_000 + 8_000 });
});
