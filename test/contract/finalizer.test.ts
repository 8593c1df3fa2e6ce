/** The finalizer on each event stream with an order store: each new order is decided on once, whatever comes in between. */

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHttpDecider } from '../../src/adapters/decider.http.ts';
import { limits } from '../../src/limits.ts';
import type { ChangeRequest } from '../../src/model/change-request.ts';
import { DEFAULT_WORKFLOW } from '../../src/model/workflow.ts';
import { finalizerLag } from '../../src/pipeline/finalizer/lag.ts';
import { type FinalizerOptions, startFinalizer } from '../../src/pipeline/finalizer.ts';
import { redrive } from '../../src/pipeline/redrive.ts';
import { type Clock, systemClock } from '../../src/ports/clock.ts';
import { eventStreams, jobQueues, type Opened, type Publishing } from '../support/adapters.ts';
import { item, newOrder, toCreate, toDelete, toEdit, toMove } from '../support/changes.ts';
import { chunkOf, ingestChunks, orderRow } from '../support/chunks.ts';
import { CONFIRM, type DecisionService, startDecisions } from '../support/decisions.ts';
import { publishPending } from '../support/publish.ts';

/** A group of Kafka is the same wherever the orders are. */
const STREAMS = eventStreams.filter(({ name }) => name !== 'Kafka, orders on MongoDB');
const POLL = { timeout: 45_000 };
const logger = pino({ level: 'silent' });

for (const { name, open, missing, totalOrder } of STREAMS)
  describe.skipIf(missing !== null)(`the finalizer on ${name}`, { timeout: 90_000 }, () => {
    let opened: Opened<Publishing>;
    let first: Publishing;
    let service: DecisionService;
    let passedMs: number;
    const running: { stop(): Promise<void> }[] = [];
    beforeEach(async () => {
      opened = await open();
      ({ first } = opened);
      passedMs = 0;
      service = await startDecisions();
      await first.store.stock.change([{ sku: 'S', hubId: 'HUB-1', available: 1_000_000 }], null);
    });
    afterEach(async () => {
      await Promise.all(running.splice(0).map((finalizer) => finalizer.stop()));
      await service.stop();
      await opened.close();
    });

    /** Its pauses are short; hours pass when a test lets them. */
    const clock: Clock = {
      ...systemClock,
      now: () => Date.now() + passedMs,
      sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal),
    };

    function start(on: Publishing, options: Partial<FinalizerOptions> = {}) {
      const quick = { finalizerRetryDelayMs: 1, finalizerMaxRetryDelayMs: 2, finalizerBreakerOpenMs: 50 };
      const decider = createHttpDecider({ url: service.url, bounds: quick });
      const all = { workflow: DEFAULT_WORKFLOW, from: 'beginning' as const, decider, ...options };
      const finalizer = startFinalizer({ ...on, clock }, all, logger);
      running.push(finalizer);
      return {
        async stop() {
          running.splice(running.indexOf(finalizer), 1);
          await finalizer.stop();
        },
      };
    }

    async function apply(...asks: ChangeRequest[]) {
      const outcomes = await first.store.changes.apply(asks);
      await publishPending(first);
      return outcomes;
    }
    const create = (...orderIds: string[]) => apply(...orderIds.map((id) => toCreate(id, newOrder([item('S')]))));
    const historyOf = async (orderId: string) =>
      (await first.store.changes.history(orderId))!.changes.map(({ toStatus, actor }) => `${toStatus} ${actor}`);
    const statusOf = async (orderId: string) => (await first.store.orders.get(orderId))!.order.status;
    const lag = () => finalizerLag(first);
    const isDone = () => expect.poll(lag, POLL).toEqual({ eventsBehind: 0, held: 0, aside: 0 });
    const CREATED = 'on_hold null';
    const CONFIRMED = [CREATED, 'confirmed finalizer'];

    test('confirms orders of files and of the API, without a service in bulk', async () => {
      await create('P-1', 'P-2');
      const rows = Array.from({ length: 700 }, (_, i) => orderRow(i + 2, `R-${i}`, { sku: 'S' }));
      await ingestChunks(first.store, [chunkOf(0, rows)]);
      await apply(toEdit('P-2', { customerName: 'Grace' }), toMove('R-3', 'cancelled'), toDelete('R-4'));
      start(first, { decider: null });
      await isDone();
      const { byStatus } = (await first.store.statistics.totals()).orders;
      expect(byStatus).toMatchObject({ confirmed: 700, cancelled: 1 });
      expect(await historyOf('P-1')).toEqual(CONFIRMED);
      expect(await historyOf('P-2')).toEqual([CREATED, CREATED, 'confirmed finalizer']);
      expect(await historyOf('R-3')).toEqual([CREATED, 'cancelled null']);
      expect(service.asked).toEqual([]);
    });

    test('begins with the newest event by default, and goes on where it was', async () => {
      await create('OLD');
      const finalizer = start(first, { from: 'newest' });
      // A place is kept before the first order comes.
      await expect.poll(async () => (await lag()).eventsBehind, POLL).toBe(0);
      await finalizer.stop();
      await create('MISSED');
      expect((await lag()).eventsBehind).toBe(1);
      const second = start(first, { from: 'newest' });
      await expect.poll(() => statusOf('MISSED'), POLL).toBe('confirmed');
      await isDone();
      await second.stop();
      start(first, { from: 'beginning' });
      await create('NEXT');
      await expect.poll(() => statusOf('NEXT'), POLL).toBe('confirmed');
      expect(await statusOf('OLD')).toBe('on_hold');
      expect(service.keysOf('MISSED')).toEqual(['MISSED:created:1']);
    });

    test('while the service is out orders wait, and nothing is lost', async () => {
      service.answer = () => [503, {}];
      const orderIds = Array.from({ length: 60 }, (_, i) => `P-${i}`);
      await create(...orderIds);
      start(first);
      await expect.poll(() => service.asked.length, POLL).toBeGreaterThan(limits.finalizerBreakerFailures);
      expect((await first.store.statistics.totals()).orders.byStatus).toMatchObject({ on_hold: 60 });
      expect((await lag()).aside).toBe(0);
      service.answer = () => CONFIRM;
      passedMs = limits.finalizerBackoff.lastMs;
      await isDone();
      for (const orderId of orderIds) {
        expect(await historyOf(orderId)).toEqual(CONFIRMED);
        expect(new Set(service.keysOf(orderId))).toEqual(new Set([`${orderId}:created:1`]));
      }
    });

    test('two of them share the work, and each order is changed once', async () => {
      start(first);
      start(opened.second);
      const orderIds = Array.from({ length: 120 }, (_, i) => `P-${i}`);
      for (let i = 0; i < 120; i += 20) await create(...orderIds.slice(i, i + 20));
      await expect.poll(async () => (await first.store.statistics.totals()).orders.byStatus.confirmed, POLL).toBe(120);
      await isDone();
      for (const orderId of orderIds) expect(await historyOf(orderId)).toEqual(CONFIRMED);
    });

    // How orders are read has no part in these, and a group of Kafka takes seconds to begin.
    if (!totalOrder) return;

    test('an order on hold is asked about again in its time, also by another process', async () => {
      service.answer = ({ key }) =>
        key === 'P-1:created:3'
          ? CONFIRM
          : [200, { decision: 'hold', reason: 'not yet', ...(key.endsWith(':1') && { retry_after_seconds: 3_600 }) }];
      await create('P-1');
      const finalizer = start(first);
      await expect.poll(lag, POLL).toEqual({ eventsBehind: 0, held: 1, aside: 0 });
      const [held] = await first.store.finalizing.due(clock.now() + 3_600_000, 10);
      expect(held).toMatchObject({ orderId: 'P-1', asks: 1, answer: 'not yet' });
      expect(held!.dueMs).toBeGreaterThan(clock.now() + 3_000_000);
      await finalizer.stop();
      start(opened.second);
      passedMs = 3_600_000;
      // Its time counts from the moment when it is kept.
      const isKept = async () => (await first.store.finalizing.due(clock.now() + limits.finalizerHoldMs, 10))[0]?.asks;
      await expect.poll(isKept, POLL).toBe(2);
      passedMs += limits.finalizerHoldMs;
      await isDone();
      expect(service.keysOf('P-1')).toEqual(['P-1:created:1', 'P-1:created:2', 'P-1:created:3']);
      expect(await historyOf('P-1')).toEqual(CONFIRMED);
    });

    test('carries out decisions, each order asked about once', async () => {
      service.answer = ({ orderId }) =>
        orderId === 'P-2' ? [200, { decision: 'cancel', reason: 'a known fraud' }] : CONFIRM;
      start(first);
      await create('P-1', 'P-2');
      await ingestChunks(first.store, [chunkOf(0, [orderRow(2, 'R-1', { sku: 'S' })])]);
      await publishPending(first);
      await expect.poll(() => statusOf('R-1'), POLL).toBe('confirmed');
      await isDone();
      expect(await historyOf('P-1')).toEqual(CONFIRMED);
      const changes = (await first.store.changes.history('P-2'))!.changes;
      expect(changes.at(-1)).toMatchObject({ toStatus: 'cancelled', reason: 'a known fraud', actor: 'finalizer' });
      expect(service.asked.map(({ key }) => key).sort()).toEqual(['P-1:created:1', 'P-2:created:1', 'R-1:created:1']);
      expect(service.asked.find(({ orderId }) => orderId === 'P-1')!.order).toMatchObject({ version: 1 });
    });

    test('a decision counts for the version that was sent', async () => {
      service.answer = async ({ orderId, order }) => {
        const { version } = order;
        if (orderId === 'EDITED' && version < 3) await apply(toEdit(orderId, { customerName: `Ada ${version}` }));
        if (orderId === 'MOVED' && version === 1) await apply(toMove(orderId, 'confirmed'), toMove(orderId, 'shipped'));
        if (orderId === 'DELETED') await apply(toDelete(orderId));
        return [200, { decision: version === 1 ? 'cancel' : 'confirm' }];
      };
      await create('EDITED', 'MOVED', 'DELETED');
      start(first);
      await isDone();
      await expect.poll(() => statusOf('EDITED'), POLL).toBe('confirmed');
      expect(service.keysOf('EDITED')).toEqual(['EDITED:created:1', 'EDITED:created:2', 'EDITED:created:3']);
      expect(await historyOf('EDITED')).toEqual([CREATED, CREATED, CREATED, 'confirmed finalizer']);
      expect(await historyOf('MOVED')).toEqual([CREATED, 'confirmed null', 'shipped null']);
      expect((await first.store.orders.get('DELETED'))!.deleted).toBe(true);
      expect(service.asked).toHaveLength(5);
    });

    test('a held order that somebody moves, or deletes, is forgotten', async () => {
      service.answer = () => [200, { decision: 'hold', retry_after_seconds: 60 }];
      await create('P-1', 'P-2');
      start(first);
      await expect.poll(async () => (await lag()).held, POLL).toBe(2);
      await apply(toMove('P-1', 'cancelled'), toDelete('P-2'));
      passedMs = 60_000;
      await isDone();
      expect(service.asked).toHaveLength(2);
    });

    test('an order that was undone is forgotten, and asked about anew when it comes again', async () => {
      service.answer = () => [200, { decision: 'hold', retry_after_seconds: 60 }];
      const rows = ['U-1', 'U-2'].map((id, n) => orderRow(n + 2, id, { sku: 'S' }));
      const fileId = await ingestChunks(first.store, [chunkOf(0, rows)]);
      await publishPending(first);
      start(first);
      await expect.poll(async () => (await lag()).held, POLL).toBe(2);
      await first.store.undo.request(fileId, null);
      while (await first.store.undo.step(fileId));
      service.answer = () => [200, { decision: 'confirm' }];
      await create('U-2');
      passedMs = 60_000;
      await isDone();
      const undone = [CREATED, 'cancelled null'];
      expect(await historyOf('U-1')).toEqual(undone);
      expect(await historyOf('U-2')).toEqual([...undone, ...CONFIRMED]);
      const keys = service.asked.map(({ key }) => key).sort();
      expect(keys).toEqual(['U-1:created:1', expect.stringMatching(/^U-2:3:[12]$/), 'U-2:created:1']);
    });

    test('an order that is answered nonsense is put aside with the answer, until a redrive', async () => {
      service.answer = ({ orderId }) =>
        orderId === 'P-1'
          ? [422, { detail: 'no such shop' }]
          : orderId === 'P-2'
            ? [200, { decision: 'maybe' }]
            : CONFIRM;
      await create('P-1', 'P-2', 'P-3');
      start(first);
      await expect.poll(lag, POLL).toEqual({ eventsBehind: 0, held: 0, aside: 2 });
      expect(await statusOf('P-3')).toBe('confirmed');
      const { items } = await first.store.finalizing.list('aside', { limit: 10, after: null });
      expect(items.map(({ orderId, answer }) => [orderId, answer])).toEqual([
        ['P-1', 'answered 422 Unprocessable Entity: "no such shop"'],
        ['P-2', 'answered 200 OK: "{"decision":"maybe"}"'],
      ]);
      passedMs = 48 * 3_600_000;
      await create('P-4');
      await expect.poll(() => statusOf('P-4'), POLL).toBe('confirmed');
      expect(service.asked).toHaveLength(4);

      service.answer = () => CONFIRM;
      const queue = await jobQueues[0]!.open();
      expect(await redrive({ queue: queue.first, store: first.store, clock })).toEqual({ files: 0, orders: 2 });
      await queue.close();
      await isDone();
      expect(service.keysOf('P-1')).toEqual(['P-1:created:1', 'P-1:created:2']);
      expect(await historyOf('P-2')).toEqual(CONFIRMED);
    });

    test('an order for which the service always fails stops no other, and is put aside in the end', async () => {
      service.answer = ({ orderId }) => (orderId === 'BAD' ? null : CONFIRM);
      await create('BAD');
      start(first);
      for (let n = 0; (await lag()).aside === 0; n++) {
        await create(`P-${n}`);
        await expect.poll(() => statusOf(`P-${n}`), POLL).toBe('confirmed');
        passedMs += limits.finalizerBackoff.lastMs;
      }
      expect(new Set(service.keysOf('BAD'))).toEqual(new Set(['BAD:created:1']));
      const { items } = await first.store.finalizing.list('aside', { limit: 10, after: null });
      expect(items[0]!.answer).toContain('could not be reached or broke off');
    });

    test('events that come again, and a position that was lost, change nothing twice', async () => {
      service.answer = ({ orderId }) => (orderId === 'HELD' ? [200, { decision: 'hold' }] : CONFIRM);
      await create('P-1', 'HELD', 'P-2');
      await apply(toMove('P-2', 'confirmed'), toMove('P-2', 'shipped'));
      const finalizer = start(first);
      await expect.poll(lag, POLL).toEqual({ eventsBehind: 0, held: 1, aside: 0 });
      await finalizer.stop();
      const asked = service.asked.length;
      await first.store.finalizing.move(first.events.beginning);
      start(opened.second);
      await create('P-3');
      await expect.poll(() => statusOf('P-3'), POLL).toBe('confirmed');
      await expect.poll(lag, POLL).toEqual({ eventsBehind: 0, held: 1, aside: 0 });
      expect(await historyOf('P-1')).toEqual(CONFIRMED);
      expect(service.asked.length).toBe(asked + 1);
    });
  });
