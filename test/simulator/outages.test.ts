/**
 * Each engine slow, failing, hanging or gone for ten minutes of virtual time in the middle of files: work waits, shows for what, retries
 * seldom, and resumes by itself to the end of an undisturbed run (INV-7). A call to a hanging engine fails after the time limit of its
 * adapter, see `HANG_MS`.
 */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isOmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { backoffMs } from '../../src/ports/retry.ts';
import { CODES, type Directed, type EndState, HANG_MS, OUTAGES, startPipeline } from './directed.ts';
import { PORTS, type PortName } from './scheduler.ts';
import type { SourceFile } from './source-files.ts';

const OUTAGE_MS = 10 * 60_000;
const SECOND_MS = 1_000;
/** An undisturbed pipeline needs far less. */
const SOON_MS = 60_000;
/** After an outage: the longest pause, a lease that ran out, and the sweeper that queues a file whose message was lost. */
const RECOVERY_MS = limits.outageBackoff.lastMs + 2 * limits.queueVisibilityMs + limits.strandedMs + 2 * limits.sweepMs;
const FILES = 7;
const WORKERS = 3;
const MANY = 24;

/** The most tries of a waiting file: with the shortest random pauses. */
function triesWithin(ms: number): number {
  let tries = 1;
  for (let atMs = 0; atMs < ms; tries++) atMs += backoffMs(limits.outageBackoff, tries - 1) / 2;
  return tries;
}
const TRIES = triesWithin(OUTAGE_MS);
const often = (everyMs: number) => Math.ceil(OUTAGE_MS / everyMs) + 1;

/** The most calls to an engine that does not respond for ten minutes. */
const MOST_CALLS: Record<PortName, number> = {
  // Beside the tries of a file, the reads that were under way.
  objects: FILES * (TRIES + 1),
  ims: FILES * TRIES,
  events: TRIES,
  queue: WORKERS * TRIES + FILES * (often(limits.queueVisibilityMs / 3) + 2) + 2 * often(limits.sweepMs),
  store:
    // Each try of a file also tries to record that it waits.
    2 * FILES * TRIES +
    FILES * (often(limits.cancelCheckMs) + often(limits.queueVisibilityMs / 3)) +
    // A message whose file could not be claimed is delivered again, to any worker.
    FILES * often(limits.queueVisibilityMs) +
    // The publisher, and the sweeper.
    TRIES +
    often(limits.sweepMs),
};

/** The calls that are repeated while there is no response. */
const RETRIED: Record<PortName, string> = {
  objects: 'objects.open',
  ims: 'ims.validate',
  store: 'store.chunks.commit',
  queue: 'queue.receive',
  events: 'events.publish',
};

/** The most of these times that lie within one second. */
function peak(moments: number[]): number {
  const sorted = moments.toSorted((a, b) => a - b);
  let from = 0;
  return sorted.reduce((most, atMs, n) => {
    while (atMs - sorted[from]! >= SECOND_MS) from++;
    return Math.max(most, n - from + 1);
  }, 0);
}

const running: Directed[] = [];
afterEach(() => {
  for (const pipeline of running.splice(0)) pipeline.close();
});

function start(options: { files: number; rows: number; workers: number }): Directed {
  const pipeline = startPipeline({ seed: 1, ...options });
  running.push(pipeline);
  return pipeline;
}

/** All files are halfway, except the last one, which is not uploaded. */
async function inTheMiddle({ files = FILES, workers = WORKERS } = {}): Promise<Directed> {
  const pipeline = start({ files, rows: 48, workers });
  const early = pipeline.sources.slice(0, -1);
  await pipeline.settled('the uploads', Promise.all(early.map(pipeline.uploadFile)), SOON_MS);
  await pipeline.until('work on all files', () => pipeline.shown().every(({ chunks }) => chunks > 0), SOON_MS);
  expect(pipeline.openFiles()).toHaveLength(early.length);
  // From here on they ask the inventory service again.
  pipeline.scheduler.advance(limits.pairsKeptMs + 1);
  return pipeline;
}

/** Until nothing is left to do; the sweeper removes what refused uploads have left. */
async function comesToRest(pipeline: Directed): Promise<EndState> {
  await pipeline.until('rest', pipeline.atRest, RECOVERY_MS);
  await pipeline.stopWork(SOON_MS);
  await pipeline.until('a look for orphans', () => pipeline.orphans().length === 0, 3 * limits.orphanMs);
  await pipeline.expectEventsOfOrders();
  return pipeline.endState();
}

/** Uploads like a client that retries after a retryable error. Returns the last result. */
async function uploadUntilTaken(pipeline: Directed, source: SourceFile): Promise<'created' | 'duplicate'> {
  for (;;) {
    const result = await pipeline.settled('an upload', pipeline.uploadFile(source), SOON_MS);
    // The response that it was created may have been lost.
    if (result.status === 'fulfilled' && (result.value.kind === 'created' || result.value.kind === 'duplicate'))
      return result.value.kind;
    if (result.status === 'rejected' && !(isOmsError(result.reason) && result.reason.retryable)) throw result.reason;
  }
}

let expected: EndState;
beforeAll(async () => {
  const pipeline = await inTheMiddle();
  await uploadUntilTaken(pipeline, pipeline.sources.at(-1)!);
  expected = await comesToRest(pipeline);
  expect(expected.files).toEqual(Array(FILES).fill(expect.objectContaining({ status: 'completed' })));
  expect(expected.reports).toHaveLength(FILES);
});

describe.each(PORTS.flatMap((port) => OUTAGES.map((kind) => ({ port, kind }))))(
  'with $port $kind',
  ({ port, kind }) => {
    const dead = kind === 'gone' || kind === 'hanging';
    const hangMs = kind === 'hanging' ? HANG_MS[port] : 0;
    /** Files in work cannot continue without it, and can show that. */
    const isShown = port === 'objects' || port === 'ims';
    /** An upload succeeds without it. */
    const isNoneOfUploads = port !== 'objects' && port !== 'store';

    test('for ten minutes files wait, show it, retry seldom, and end as in an undisturbed run', async () => {
      const pipeline = await inTheMiddle();
      const { scheduler, until, shown, openFiles } = pipeline;
      const late = pipeline.sources.at(-1)!;
      const fromMs = scheduler.nowMs;
      scheduler.outages.set(port, kind);
      const waitedFor = new Set<string>();
      async function passUntil(ms: number): Promise<void> {
        while (scheduler.nowMs < fromMs + ms) {
          // A first pause may be as short.
          const untilMs = scheduler.nowMs + limits.outageBackoff.firstMs / 2;
          await until('a moment', () => scheduler.nowMs >= untilMs, SECOND_MS);
          for (const { waitingFor } of shown()) if (waitingFor !== null) waitedFor.add(waitingFor);
          // By then the calls under way have failed.
          if (!dead || !isShown || scheduler.nowMs < fromMs + 2 * hangMs + limits.outageBackoff.lastMs) continue;
          const early = openFiles().filter(({ name }) => name !== late.name);
          expect(early).toEqual(Array(FILES - 1).fill(expect.objectContaining({ waitingFor: port })));
        }
      }

      await passUntil(OUTAGE_MS / 5);
      const refused = dead && !isNoneOfUploads;
      if (refused) {
        const result = await pipeline.settled('an upload', pipeline.uploadFile(late), 3 * hangMs + SOON_MS);
        expect(result).toMatchObject({ status: 'rejected', reason: { code: CODES[port], retryable: true } });
      } else {
        const result = await uploadUntilTaken(pipeline, late);
        if (kind !== 'failing' || isNoneOfUploads) expect(result).toBe('created');
      }
      if (dead && port === 'store') {
        const { files } = pipeline.portsFor('reader').store;
        const look = await pipeline.settled('a look', files.get(shown()[0]!.fileId), hangMs + SOON_MS);
        expect(look).toMatchObject({ status: 'rejected', reason: { code: CODES.store, retryable: true } });
      }
      await passUntil(OUTAGE_MS);
      if (port === 'queue' && dead) expect(openFiles()).toMatchObject([{ name: late.name, status: 'queued' }]);
      if (port === 'events') expect(openFiles()).toEqual([]);
      if (dead) {
        const asked = scheduler.calls.filter(({ atMs, actor, what }) => {
          const ofWork = !actor.startsWith('upload') && actor !== 'reader';
          return atMs >= fromMs && ofWork && what.startsWith(`${port}.`);
        });
        expect(asked.length).toBeGreaterThan(OUTAGE_MS / (3 * hangMs + limits.outageBackoff.lastMs) / 2);
        expect(asked.length).toBeLessThanOrEqual(MOST_CALLS[port]);
      }

      const before = new Map(shown().map(({ name, chunks }) => [name, chunks]));
      scheduler.outages.clear();
      if (dead && isShown) {
        const onTheirWay = () => openFiles().filter(({ name, chunks }) => chunks > before.get(name)!);
        await until('work', () => onTheirWay().length > 0, hangMs + limits.outageBackoff.lastMs);
        for (const { waitingFor } of onTheirWay()) expect(waitingFor).toBeNull();
      }
      if (refused) expect(await uploadUntilTaken(pipeline, late)).toMatch(/created|duplicate/);
      expect(await comesToRest(pipeline)).toEqual(expected);
      if (isShown && kind !== 'slow') expect([...waitedFor]).toEqual([port]);
      else expect([...waitedFor].filter((engine) => engine !== port)).toEqual([]);
      // Only an outage of the store, which keeps the leases, looks like a crash.
      if (port !== 'store') expect(new Set(shown().map(({ attempts }) => attempts))).toEqual(new Set([1]));
    });

    test('a stop ends in time, and a later start resumes', async () => {
      const pipeline = await inTheMiddle();
      const { scheduler, until } = pipeline;
      const fromMs = scheduler.nowMs;
      scheduler.outages.set(port, kind);
      await until('a minute', () => scheduler.nowMs >= fromMs + SOON_MS, 2 * SOON_MS);
      // Calls under way are not cut off: one call, and three more to release the file and its message.
      await pipeline.stopWork(4 * hangMs + SOON_MS);
      await pipeline.stopSweeper(4 * hangMs + SOON_MS);
      scheduler.outages.clear();
      pipeline.startAgain();
      await uploadUntilTaken(pipeline, pipeline.sources.at(-1)!);
      expect(await comesToRest(pipeline)).toEqual(expected);
    });
  },
);

/** The steps of an upload after which something is durable, or may be. */
const STEPS = [
  { step: 'complete an object', at: ['objects.commit'] },
  { step: 'record a file', at: ['store.files.create'] },
  { step: 'record or withdraw a file', at: ['store.files.create', 'store.files.withdraw'] },
  { step: 'queue a job', at: ['queue.send'] },
];

describe.each(STEPS.flatMap((step) => (['failing', 'hanging', 'gone'] as const).map((kind) => ({ ...step, kind }))))(
  'with the calls $kind that $step',
  ({ at, kind }) => {
    test('no upload is lost or doubled, and none leaves an object behind', async () => {
      const pipeline = start({ files: 12, rows: 4, workers: WORKERS });
      const { scheduler, sources, shown } = pipeline;
      for (const what of at) scheduler.outages.set(what, kind);
      const uploads = Promise.allSettled(sources.map(pipeline.uploadFile));
      await pipeline.settled('the uploads', uploads, 3 * HANG_MS.store);
      scheduler.outages.clear();
      const results = await uploads;
      const refused = sources.filter((_, n) => results[n]!.status === 'rejected');
      for (const [n, { name }] of sources.entries()) {
        const result = results[n]!;
        // INV-5
        if (result.status === 'fulfilled') expect(shown().map((file) => file.name)).toContain(name);
        else expect(result.reason).toMatchObject({ retryable: true });
      }
      if (at.includes('queue.send')) expect(refused).toEqual([]);
      else expect(refused.length).toBeGreaterThan(0);
      // Only what could not be removed immediately is left to the sweeper.
      if (at.length > 1 && kind !== 'failing') expect(pipeline.orphans().length).toBeGreaterThan(0);
      if (at.length === 1 && at[0] === 'store.files.create') {
        expect(pipeline.orphans()).toEqual([]);
        // An upload with a record was confirmed, although the response to the record was lost.
        expect(refused.filter(({ name }) => shown().some((file) => file.name === name))).toEqual([]);
      }
      for (const source of refused) await uploadUntilTaken(pipeline, source);
      const { files } = await comesToRest(pipeline);
      const names = sources.map(({ name }) => name).toSorted();
      expect(files).toEqual(names.map((name) => expect.objectContaining({ name, status: 'completed' })));
    });
  },
);

describe.each(['failing', 'hanging', 'gone'] as const)('with the queue %s', (kind) => {
  test('a file that is long in work keeps its lease', async () => {
    const pipeline = await inTheMiddle();
    const { scheduler, until, store, openFiles } = pipeline;
    scheduler.outages.set('objects', 'slow').set('queue', kind);
    const fromMs = scheduler.nowMs;
    while (openFiles().length > 0) {
      const untilMs = scheduler.nowMs + SECOND_MS;
      await until('a second', () => scheduler.nowMs >= untilMs, 2 * SECOND_MS);
      for (const file of store.rows<{ name: string; lease_until: number }>(
        "select name, lease_until from files where status = 'processing'",
      ))
        expect(file.lease_until, file.name).toBeGreaterThan(scheduler.nowMs);
    }
    expect(scheduler.nowMs - fromMs).toBeGreaterThan(limits.queueVisibilityMs);
    for (const file of pipeline.shown()) expect(file).toMatchObject({ status: 'completed', attempts: 1 });
  });
});

describe.each([
  { port: 'ims', kind: 'gone' },
  { port: 'ims', kind: 'hanging' },
  { port: 'objects', kind: 'gone' },
  { port: 'objects', kind: 'hanging' },
] as const)('a cancel with $port $kind', ({ port, kind }) => {
  test('ends the file in time; one with a report once that can be written', async () => {
    const pipeline = await inTheMiddle();
    const { scheduler, until, shown } = pipeline;
    scheduler.outages.set(port, kind);
    const hangMs = kind === 'hanging' ? HANG_MS[port] : 0;
    await until('the wait', () => shown().every(({ waitingFor }) => waitingFor === port), 2 * hangMs + SOON_MS);
    const { files } = pipeline.portsFor('user').store;
    const { name, fileId, chunks } = shown()[0]!;
    await pipeline.settled('the cancel', files.requestCancel(fileId), SOON_MS);
    const isCancelled = () => shown()[0]!.status === 'cancelled';
    const inTimeMs = hangMs + limits.outageBackoff.lastMs + limits.cancelCheckMs;
    if (port === 'objects') {
      await until('a pause', () => scheduler.calls.at(-1)!.what === 'objects.stage', inTimeMs);
      scheduler.outages.clear();
    }
    await until('the end of the cancelled file', isCancelled, inTimeMs);
    scheduler.outages.clear();
    await until('rest', pipeline.atRest, RECOVERY_MS);
    expect(shown()[0]).toMatchObject({ name, status: 'cancelled', chunks: expect.toSatisfy((n) => n >= chunks) });
    const others = (state: EndState) => state.files.slice(1, FILES - 1);
    expect(others(pipeline.endState())).toEqual(others(expected));
  });
});

describe.each(
  (['objects', 'ims', 'store', 'queue'] as const).flatMap((port) =>
    (['gone', 'hanging'] as const).map((kind) => ({ port, kind })),
  ),
)(`with $port $kind and ${MANY} that wait for it`, ({ port, kind }) => {
  test('they do not all ask at the same time, nor when it is back', async () => {
    const workers = port === 'queue' ? MANY : MANY / limits.workerSlots;
    const pipeline = await inTheMiddle({ files: MANY + 1, workers });
    const { scheduler, shown, step } = pipeline;
    const fromMs = scheduler.nowMs;
    scheduler.outages.set(port, kind);
    await pipeline.until('the end', () => scheduler.nowMs >= fromMs + OUTAGE_MS, 2 * OUTAGE_MS);
    const tries = scheduler.calls.filter(({ what }) => what === RETRIED[port]);
    // The pauses are short at first, and spread what began together only as they grow.
    const late = tries.filter(({ atMs }) => atMs > fromMs + OUTAGE_MS / 2).map(({ atMs }) => atMs);
    expect(late.length).toBeGreaterThan(MANY / 2);
    // An order store that hangs is asked so seldom that pauses of seconds spread nothing: each asks once in its time limit.
    if (port === 'store' && kind === 'hanging')
      return expect(late.length).toBeLessThanOrEqual(MANY * Math.ceil(OUTAGE_MS / 2 / HANG_MS.store));
    expect(peak(late)).toBeLessThanOrEqual(MANY / 2);

    scheduler.outages.clear();
    const backMs = scheduler.nowMs;
    const before = new Map(shown().map((file) => [file.name, file.chunks]));
    /** When each resumed: a file with its next chunk, a worker with its next receive. */
    const on = new Map<string, number>();
    const waiting = port === 'queue' ? MANY : pipeline.openFiles().length;
    const open = new Set(pipeline.openFiles().map(({ name }) => name));
    for (let seen = backMs; on.size < waiting; await step()) {
      expect(scheduler.nowMs - backMs).toBeLessThan(RECOVERY_MS);
      if (scheduler.nowMs < seen + SECOND_MS / 20) continue;
      seen = scheduler.nowMs;
      if (port === 'queue') {
        for (const { atMs, actor, what } of scheduler.calls)
          if (what === RETRIED.queue && atMs >= backMs && !on.has(actor)) on.set(actor, atMs);
      } else
        for (const { name, chunks, status } of shown())
          if (open.has(name) && !on.has(name) && (chunks > before.get(name)! || status === 'completed'))
            on.set(name, scheduler.nowMs);
    }
    expect(peak([...on.values()])).toBeLessThanOrEqual(MANY / 2);
  });
});

test('a backlog does not fall on an order store that is gone', async () => {
  const pipeline = start({ files: 60, rows: 4, workers: WORKERS });
  const { scheduler } = pipeline;
  await pipeline.settled('the uploads', Promise.all(pipeline.sources.map(pipeline.uploadFile)), SOON_MS);
  const fromMs = scheduler.nowMs;
  scheduler.outages.set('store', 'gone');
  await pipeline.until('the end', () => scheduler.nowMs >= fromMs + OUTAGE_MS, 2 * OUTAGE_MS);
  const claims = scheduler.calls.filter(({ atMs, what }) => what === 'store.files.claim' && atMs >= fromMs);
  expect(claims.length).toBeGreaterThan(WORKERS * (TRIES / 4));
  expect(claims.length).toBeLessThanOrEqual(WORKERS * limits.workerSlots * TRIES);
  const late = claims.filter(({ atMs }) => atMs > fromMs + SOON_MS).map(({ atMs }) => atMs);
  expect(peak(late)).toBeLessThanOrEqual(WORKERS * limits.workerSlots);
  scheduler.outages.clear();
  await pipeline.until('rest', pipeline.atRest, 2 * RECOVERY_MS);
});
