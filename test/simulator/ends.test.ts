/** Files that do not simply complete: given up, retried, cancelled, with a zombie worker that resumes late. */
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import { reportKey } from '../../src/model/file.ts';
import type { IngestBounds } from '../../src/pipeline/ingest/options.ts';
import { redrive } from '../../src/pipeline/redrive.ts';
import type { ChunkToCommit } from '../../src/ports/chunks.ts';
import type { Claim } from '../../src/ports/files.ts';
import { createStage, type Stage, sourceFile, undisturbed } from './stage.ts';

const source = sourceFile('orders.csv');
const { name } = source;
let expected: Awaited<ReturnType<typeof undisturbed>>;

beforeAll(async () => {
  expected = await undisturbed(source);
});

/** Every worker that commits this chunk of the file dies, and another starts. */
function poison(stage: Stage, fileId: string, n: number) {
  const poisoned = { kills: 0, fixed: false, chunksAfter: [] as number[] };
  stage.scheduler.force = ({ what, about: [claim, chunk], actor }) => {
    if (what !== 'store.chunks.commit' || (claim as Claim).fileId !== fileId) return null;
    if (poisoned.fixed) poisoned.chunksAfter.push((chunk as ChunkToCommit).n);
    if (poisoned.fixed || (chunk as ChunkToCommit).n !== n) return null;
    poisoned.kills++;
    stage.charges.poisoned(actor, fileId);
    stage.startWorker();
    return 'poisoned';
  };
  return poisoned;
}

describe('a file whose commit fails without a reason from the store', () => {
  async function failing(times: number) {
    const stage = createStage([source]);
    await stage.upload(source);
    let tries = 0;
    stage.scheduler.force = ({ what, about: [, chunk] }) =>
      what === 'store.chunks.commit' && (chunk as ChunkToCommit).n === 2 && ++tries <= times
        ? 'failed, unknown why'
        : null;
    stage.startWorker();
    await stage.rest();
    expect(stage.outcome(name)).toEqual(expected);
    return stage.file(name).attempts;
  }

  test('waits as in an outage, without a charge', async () => {
    expect(await failing(limits.unknownErrorPauses)).toBe(1);
  });

  test('is charged when it has waited for long, as it may be the cause itself', async () => {
    expect(await failing(limits.unknownErrorPauses + 1)).toBe(2);
  });
});

describe('a file that kills every worker that works on it', () => {
  async function giveUp(atTheDeadLetter: 'done' | 'killed before') {
    const other = sourceFile('other.csv');
    const stage = createStage([source, other]);
    const fileId = await stage.upload(source);
    const poisoned = poison(stage, fileId, 2);
    if (atTheDeadLetter !== 'done') stage.next('queue.deadLetter', atTheDeadLetter);
    stage.startWorker();
    await stage.until(() => poisoned.kills === limits.suspectStrikes);
    return { stage, fileId, poisoned, other };
  }

  test('is given up after ten claims without a chunk; its rows before stay, its message is dead', async () => {
    const { stage, fileId, poisoned } = await giveUp('done');
    await stage.rest();
    // The first claim had committed chunks.
    expect(poisoned.kills).toBe(limits.maxStrikes + 1);
    expect(stage.file(name)).toMatchObject({ status: 'failed', next_chunk: 2, rows: 4, accepted: 3, invalid: 1 });
    expect(JSON.parse(stage.file(name).failure!)).toMatchObject({ code: 'internal' });
    expect(stage.queue.messages.map(({ body, dead }) => ({ ...JSON.parse(body), dead }))).toEqual([
      { version: 1, fileId, dead: true },
    ]);
  });

  test('holds up no other file, and none is charged', async () => {
    const { stage, poisoned, other } = await giveUp('done');
    await stage.upload(other);
    await stage.until(() => stage.file(other.name).status === 'completed');
    expect(poisoned.kills).toBeLessThan(limits.maxStrikes);
    expect(stage.file(other.name)).toMatchObject({ strikes: 0 });
    await stage.rest();
    expect(stage.file(name).status).toBe('failed');
  });

  test.each([
    ['a retry', 'done'],
    ['a redrive', 'done'],
    ['a redrive, though its worker died before the message was moved to the dead-letter queue', 'killed before'],
    ['the redrive after an interrupted one', 'done'],
  ] as const)('resumes at its checkpoint after %s, once it is fixed', async (by, atTheDeadLetter) => {
    const { stage, fileId, poisoned } = await giveUp(atTheDeadLetter);
    await stage.until(() => stage.file(name).status === 'failed');
    if (atTheDeadLetter !== 'done') {
      await stage.until(() => stage.workers.every(({ dead }) => dead));
      stage.startWorker();
    }
    await stage.rest();
    expect(stage.queue.messages).toHaveLength(atTheDeadLetter === 'done' ? 1 : 0);
    poisoned.fixed = true;
    if (by === 'a retry') await stage.retry(fileId);
    else {
      if (by.startsWith('the redrive after')) {
        stage.next('store.files.requeue', 'failed before');
        await expect(stage.user(redrive)).rejects.toMatchObject({ retryable: true });
        await stage.rest();
        expect(stage.file(name).status).toBe('failed');
      }
      expect(await stage.user(redrive)).toEqual({ files: 1, orders: 0 });
      expect(await stage.user(redrive)).toEqual({ files: 0, orders: 0 });
    }
    await stage.rest();
    expect(stage.outcome(name)).toEqual(expected);
    expect(poisoned.chunksAfter).toEqual([2, 3, 4, 5]);
  });
});

describe('a file with more rejected rows than it may have', () => {
  const LAST_CHUNK = 3;
  const unstruck = ({ file: { strikes: _, ...file }, ...rest }: Awaited<ReturnType<typeof undisturbed>>) => ({
    file,
    ...rest,
  });
  const bounds = { maxRejectedRows: 1 };

  test('fails after the chunk with one too many, with the report of the rows so far, and so does a retry', async () => {
    const stage = createStage([source], bounds);
    const fileId = await stage.upload(source);
    stage.startWorker();
    await stage.rest();
    expect(stage.file(name)).toMatchObject({
      status: 'failed',
      rows: 8,
      invalid: 2,
      accepted: 6,
      next_chunk: LAST_CHUNK + 1,
    });
    expect(JSON.parse(stage.file(name).failure!)).toEqual({
      code: 'too_many_invalid',
      message: expect.stringMatching(
        /^2 rows were rejected, more than the 1 that one file may have: see .* in parts\.$/,
      ),
      row: null,
    });
    expect(stage.report(name).trim().split('\n')).toHaveLength(3);
    const before = unstruck(stage.outcome(name));
    await stage.retry(fileId);
    await stage.rest();
    expect(unstruck(stage.outcome(name))).toEqual(before);
  });

  test.each(['killed before', 'killed after', 'failed after', 'frozen before', 'frozen after'] as const)(
    'ends the same when the commit of that chunk is %s',
    async (outcome) => {
      const stage = createStage([source], bounds);
      await stage.upload(source);
      let met = 0;
      stage.scheduler.force = ({ what, about: [, chunk] }) => {
        if (what !== 'store.chunks.commit' || (chunk as ChunkToCommit).n !== LAST_CHUNK || met++ > 0) return null;
        stage.startWorker();
        return outcome;
      };
      stage.startWorker();
      await stage.rest();
      expect(met).toBeGreaterThan(0);
      expect(unstruck(stage.outcome(name))).toEqual(unstruck(await undisturbed(source, bounds)));
    },
  );

  test.each(['store.files.close', 'objects.commitReport', 'store.files.finish'])(
    'ends the same when its worker is killed after %s',
    async (what) => {
      const stage = createStage([source], bounds);
      await stage.upload(source);
      stage.next(what, 'killed after');
      stage.startWorker();
      await stage.until(() => stage.workers[0]!.dead);
      stage.startWorker();
      await stage.rest();
      expect(unstruck(stage.outcome(name))).toEqual(unstruck(await undisturbed(source, bounds)));
    },
  );

  test('fails also when its report would be too large', async () => {
    const { file } = await undisturbed(source, { maxRejectedBytes: 1_000 });
    expect(file).toMatchObject({
      status: 'failed',
      invalid: 2,
      failure: expect.stringContaining('more than the 0 MiB'),
    });
  });
});

describe('a cancelled file', () => {
  test('keeps the rows of whole chunks, and its report has exactly the rejected ones', async () => {
    const stage = createStage([source]);
    const fileId = await stage.upload(source);
    stage.startWorker();
    await stage.until(() => stage.file(name).next_chunk === 2);
    await stage.user(({ store }) => store.files.requestCancel(fileId));
    const { next_chunk: asked } = stage.file(name);
    await stage.rest();
    const { status, next_chunk, rows, accepted, invalid } = stage.file(name);
    expect({ status, rows, accepted, invalid }).toEqual({
      status: 'cancelled',
      rows: 2 * next_chunk,
      accepted: rows - 1,
      invalid: 1,
    });
    expect(next_chunk - asked).toBeLessThanOrEqual(1);
    expect(stage.report(name).trim().split('\n')).toHaveLength(2);
  });

  test('ends at the chunk whose commit reports the cancel, though the object could not be read meanwhile', async () => {
    const stage = createStage([source]);
    await stage.upload(source);
    stage.startWorker();
    let failed = false;
    let committing = false;
    const request = (cancel: 0 | 1) => stage.store.db.exec(`update files set cancel_requested = ${cancel}`);
    // The commit of the last chunk but one is under way until the last bytes cannot be read, and only it reports the cancel.
    stage.scheduler.force = ({ what, about: [, at, bytes] }) => {
      if (failed) request(0);
      if (what === 'objects.read' && (at as number) + (bytes as number) >= source.bytes.length && !failed) {
        failed = committing;
        return failed ? 'failed before' : 'slow';
      }
      if (what !== 'store.chunks.commit' || (at as ChunkToCommit).n !== 4) return null;
      committing = true;
      if (!failed) return 'slow';
      request(1);
      return 'done';
    };
    await stage.rest();
    expect(failed).toBe(true);
    expect(stage.file(name)).toMatchObject({ status: 'cancelled', next_chunk: 5, rows: 10 });
  });

  /** Requests a cancel while the report is being written, with slow pages. */
  async function cancelReport(bounds: Partial<IngestBounds> = {}) {
    const stage = createStage([source], bounds);
    const fileId = await stage.upload(source);
    // It is asked again when its time has come.
    let slow = false;
    stage.scheduler.force = ({ what }) => {
      if (what !== 'store.rejections.list') return null;
      stage.store.db.exec('update files set cancel_requested = 1');
      slow = !slow;
      return slow ? 'slow' : 'done';
    };
    stage.startWorker();
    await stage.rest();
    stage.scheduler.force = () => null;
    return { stage, fileId };
  }

  test('whose report was being written ends immediately, with all its rows; a retry writes the report', async () => {
    const { stage, fileId } = await cancelReport();
    expect(stage.file(name)).toMatchObject({ status: 'cancelled', rows: 12, report_name: null });
    await stage.retry(fileId);
    await stage.rest();
    const { file, ...rest } = stage.outcome(name);
    expect({ file: { ...file, strikes: 0 }, ...rest }).toEqual(expected);
  });

  test('that had failed before keeps its failure', async () => {
    const { stage, fileId } = await cancelReport({ maxRejectedRows: 1 });
    expect(stage.file(name)).toMatchObject({ status: 'failed', rows: 8, report_name: null });
    expect(stage.file(name).failure).toContain('too_many_invalid');
    await stage.retry(fileId);
    await stage.rest();
    expect(stage.report(name).trim().split('\n')).toHaveLength(3);
  });

  test('that was retried keeps its report when a zombie worker writes the report of the cancel late', async () => {
    const stage = createStage([source]);
    const fileId = await stage.upload(source);
    const late = stage.startWorker();
    await stage.until(() => stage.file(name).next_chunk === 2);
    await stage.user(({ store }) => store.files.requestCancel(fileId));
    stage.next('objects.commitReport', 'frozen before');
    await stage.until(() => late.frozenUntilMs > stage.scheduler.nowMs);
    late.frozenUntilMs = Number.POSITIVE_INFINITY;

    stage.startWorker();
    await stage.rest();
    const cancelled = stage.file(name);
    expect(cancelled.status).toBe('cancelled');
    const former = () =>
      stage.objects.stored.get(reportKey({ name: cancelled.report_name!, rows: cancelled.report_rows! }))!;
    await stage.retry(fileId);
    await stage.rest();
    expect(stage.outcome(name)).toEqual(expected);
    const { version } = former();

    late.frozenUntilMs = 0;
    await stage.until(() => former().version !== version);
    expect(stage.outcome(name)).toEqual(expected);
  });
});
