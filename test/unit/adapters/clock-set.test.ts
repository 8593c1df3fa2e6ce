/** What the clock of the machine is set to while files are worked on: the figures and times stay possible. */
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { createSqliteJobQueue } from '../../../src/adapters/job-queue.sqlite.ts';
import { createSqliteOrderStore } from '../../../src/adapters/order-store.sqlite/order-store.ts';
import type { Calls } from '../../../src/adapters/sqlite/calls.ts';
import { openForWriting } from '../../../src/adapters/sqlite/database.ts';
import { createOperations, type SqliteOperations } from '../../../src/adapters/sqlite-operations.ts';
import { AccessGuard } from '../../../src/http/access-guard.ts';
import type { HttpEnv } from '../../../src/http/env.ts';
import { fileJson } from '../../../src/http/file-json.ts';
import { RowRate } from '../../../src/http/row-rate.ts';
import { statsRoutes } from '../../../src/http/stats.ts';
import { rateOf, timesInOrder } from '../../../src/model/file.ts';
import { type Clock, systemClock } from '../../../src/ports/clock.ts';
import { chunkOf, newFile, orderRow } from '../../support/chunks.ts';

const NOON_MS = Date.UTC(2026, 10, 20, 12);
const HOUR_MS = 3_600_000;

/** A store and a queue in memory, in this thread, whose clock is `clock`. */
function enginesBy(clock: Clock) {
  const db = openForWriting(':memory:');
  const { perform } = createOperations(db, () => clock.now());
  const call: Calls<SqliteOperations>['call'] = async (operation, argument) => {
    db.exec('begin immediate');
    const result = perform(operation, structuredClone(argument), { alone: true });
    db.exec('commit');
    return result as never;
  };
  const writer = { call, nextCommit: () => new Promise<void>(() => {}) };
  const now = () => clock.now();
  return {
    store: createSqliteOrderStore({ db, writer, trackStock: false, publishes: true, now }),
    queue: createSqliteJobQueue({ db, writer, now }),
  };
}

describe.each([
  ['set back by an hour', -HOUR_MS],
  ['set forward by an hour', HOUR_MS],
  ['set back by a year', -365 * 24 * HOUR_MS],
])('with the clock %s', (_, jumpMs) => {
  test.each(['before the claim', 'before the first chunk', 'between two chunks', 'before the end'])(
    '%s, a file has times in order, and rates and percents that can be',
    async (when) => {
      let nowMs = NOON_MS;
      const clock = { ...systemClock, now: () => nowMs };
      const { store } = enginesBy(clock);
      const stats = new Hono<HttpEnv>()
        .use((c, next) => {
          c.set('guard', new AccessGuard(null));
          return next();
        })
        .route(
          '/',
          statsRoutes({ store, views: null, clock }, () => 0),
        );
      const step = (name: string) => {
        nowMs += 100;
        if (name === when) nowMs += jumpMs;
      };
      const file = newFile({ sizeBytes: 1_000 });
      const check = async () => {
        const found = fileJson((await store.files.get(file.fileId))!);
        const { rows_per_second: rate, percent, eta_seconds: eta } = found.progress;
        expect(percent).toBeGreaterThanOrEqual(0);
        expect(percent).toBeLessThanOrEqual(100);
        for (const figure of [rate, eta]) if (figure !== null) expect(figure).toBeGreaterThanOrEqual(0);
        // Some rows in a tenth of a second.
        if (rate !== null) expect(rate).toBeLessThan(1_000);
        const times = [found.created_at, found.started_at, found.finished_at].filter((time) => time !== null);
        expect(times).toEqual([...times].sort());
        const history = await stats.request('/stats/history?bucket=hour&from=2026-11-18&to=2026-11-23');
        for (const { at } of ((await history.json()) as { items: { at: string }[] }).items)
          expect(Date.parse(at)).toBeLessThanOrEqual(nowMs);
        return found;
      };

      await store.files.create(file);
      step('before the claim');
      await check();
      const claimed = await store.files.claim(file.fileId, 60_000);
      if (claimed.kind !== 'claimed') throw new Error(claimed.kind);
      step('before the first chunk');
      await store.chunks.commit(claimed.claim, chunkOf(0, [orderRow(2, 'A'), orderRow(3, 'B')]));
      await check();
      step('between two chunks');
      await store.chunks.commit(claimed.claim, chunkOf(1, [orderRow(4, 'C'), orderRow(5, 'D')]));
      await check();
      step('before the end');
      await store.files.finish(claimed.claim, { status: 'completed', failure: null, report: null });
      expect(await check()).toMatchObject({ status: 'completed', progress: { percent: 100, eta_seconds: 0, rows: 4 } });
    },
  );

  test('a job that waits is received, and one in work is not received twice', async () => {
    let nowMs = NOON_MS;
    const { queue } = enginesBy({ ...systemClock, now: () => nowMs });
    await queue.send({ version: 1, fileId: 'f_1' });
    await queue.send({ version: 1, fileId: 'f_2' });
    const first = await queue.receive(0);
    nowMs += jumpMs;
    await queue.extend(first!.receipt, queue.visibilityMs);
    const second = await queue.receive(0);
    expect(second?.body).toContain('f_2');
    expect(await queue.receive(0)).toBeNull();
    await queue.extend(second!.receipt, 0);
    nowMs += jumpMs;
    await queue.extend(first!.receipt, queue.visibilityMs);
    expect((await queue.receive(0))?.body).toContain('f_2');
  });

  test('rows per second of the service are never negative, and come again within seconds', () => {
    const rate = new RowRate();
    let atMs = NOON_MS;
    const afterSecond = (rows: number) => {
      atMs += 1_000;
      rate.add(atMs, rows);
    };
    for (let rows = 0; rows <= 5_000; rows += 1_000) afterSecond(rows);
    expect(rate.rowsPerSecond).toBe(1_000);
    atMs += jumpMs;
    afterSecond(6_000);
    expect(rate.rowsPerSecond).toBe(0);
    afterSecond(7_000);
    expect(rate.rowsPerSecond).toBe(1_000);
  });
});

test('times that a set-back clock has left in a store are shown in order', () => {
  expect(timesInOrder({ createdAtMs: 5, startedAtMs: 3, finishedAtMs: 1 })).toEqual({
    createdAtMs: 5,
    startedAtMs: 5,
    finishedAtMs: 5,
  });
  expect(timesInOrder({ createdAtMs: 5, startedAtMs: null, finishedAtMs: 1 })).toMatchObject({ finishedAtMs: 5 });
  expect(timesInOrder({ createdAtMs: 5, startedAtMs: 7, finishedAtMs: null })).toMatchObject({ finishedAtMs: null });
});

test('a rate is known from the first rows on, and not while the clock is before the start', () => {
  expect(rateOf(10, 1_000, 2_000)).toBe(10);
  expect(rateOf(10, 1_000, 1_000)).toBe(10_000);
  expect(rateOf(0, 1_000, 2_000)).toBeNull();
  expect(rateOf(10, 2_000, 1_000)).toBeNull();
  expect(rateOf(10, null, 1_000)).toBeNull();
});
