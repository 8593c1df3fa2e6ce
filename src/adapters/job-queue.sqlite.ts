/**
 * The job queue as a table of `oms.db`, with the semantics of SQS: visibility timeout, redelivery, receipts that end with
 * the next delivery, and a bound on deliveries after which a message is moved to the dead letters.
 * Source: Amazon SQS Developer Guide, "Amazon SQS visibility timeout" and "Using dead-letter queues".
 */
import { randomUUID } from 'node:crypto';
import { limits } from '../limits.ts';
import type { Delivery, JobQueue } from '../ports/job-queue.ts';
import type { Calls, Commits, Probing } from './sqlite/calls.ts';
import type { Database } from './sqlite/database.ts';
import { inspectDatabase } from './sqlite/health.ts';

interface JobRow {
  job_no: number;
  body: string;
  deliveries: number;
}

type Received = { delivery: Delivery } | { delivery: null; nextVisibleAtMs: number | null };

export function queueOperations(db: Database, now: () => number) {
  const insert = db.prepare('insert into jobs (body, visible_at, sent_at) values (?, ?, ?)');
  const visible = db.prepare(`
    select job_no, body, deliveries from jobs
    where dead_because is null and visible_at <= ? order by visible_at, job_no limit 1`);
  const showAgain = db.prepare(`
    update jobs set visible_at = :now
    where dead_because is null and visible_at > :now and (receipt is null or visible_at > :now + :longest)`);
  const nextVisible = db.prepare('select min(visible_at) at from jobs where dead_because is null');
  const deliver = db.prepare(
    'update jobs set visible_at = ?, deliveries = deliveries + 1, receipt = ? where job_no = ?',
  );
  const markDead = db.prepare('update jobs set dead_because = ?, receipt = null where job_no = ?');
  const hide = db.prepare('update jobs set visible_at = ? where receipt = ? and dead_because is null');
  const remove = db.prepare('delete from jobs where receipt = ? and dead_because is null');
  const deadLetter = db.prepare(
    'update jobs set dead_because = ?, receipt = null where receipt = ? and dead_because is null',
  );
  const dead = db.prepare('select body from jobs where dead_because is not null order by job_no');
  const revive = db.prepare(
    'update jobs set dead_because = null, deliveries = 0, receipt = null, visible_at = ? where dead_because is not null',
  );
  const alive = db.prepare('select distinct body from jobs where dead_because is null');
  const freeAll = db.prepare('update jobs set visible_at = ? where receipt is not null and dead_because is null');

  return {
    sendJob(body: string): void {
      const at = now();
      insert.run(body, at, at);
    },
    receiveJob({ visibilityMs }: { visibilityMs: number }): Received {
      const at = now();
      for (;;) {
        const job = visible.get(at) as JobRow | undefined;
        // These were not hidden, or not for this long: the clock was set back since.
        if (!job && showAgain.run({ now: at, longest: limits.queueLongestHiddenMs }).changes > 0) continue;
        if (!job) return { delivery: null, nextVisibleAtMs: (nextVisible.get() as { at: number | null }).at };
        if (job.deliveries >= limits.maxDeliveries) {
          markDead.run(`delivered ${job.deliveries} times without being deleted`, job.job_no);
          continue;
        }
        const receipt = randomUUID();
        deliver.run(at + visibilityMs, receipt, job.job_no);
        return { delivery: { receipt, body: job.body, deliveries: job.deliveries + 1 } };
      }
    },
    extendJob({ receipt, ms }: { receipt: string; ms: number }): void {
      hide.run(now() + ms, receipt);
    },
    deleteJob(receipt: string): void {
      remove.run(receipt);
    },
    deadLetterJob({ receipt, why }: { receipt: string; why: string }): void {
      deadLetter.run(why, receipt);
    },
    redriveJobs(_: null): string[] {
      const bodies = (dead.all() as { body: string }[]).map((job) => job.body);
      revive.run(now());
      return bodies;
    },
    /**
     * Makes all delivered messages visible, and returns all that wait. Only for a process that holds the lock of the data directory: the
     * receivers of the messages are dead.
     */
    freeDeliveries(_: null): string[] {
      freeAll.run(now());
      return (alive.all() as { body: string }[]).map((job) => job.body);
    },
  };
}

export type QueueOperations = ReturnType<typeof queueOperations>;

export function createSqliteJobQueue(options: {
  db: Database;
  writer: Calls<QueueOperations & Probing> & Commits;
  now: () => number;
}): JobQueue {
  const { db, writer, now } = options;
  const depth = db.prepare(`
    select count(*) filter (where dead_because is null and visible_at <= :now) visible,
      count(*) filter (where dead_because is null and visible_at > :now) inFlight,
      count(*) filter (where dead_because is not null) dead
    from jobs`);
  const isVisible = db.prepare('select 1 from jobs where dead_because is null and visible_at <= ? limit 1');

  return {
    visibilityMs: limits.queueVisibilityMs,
    send: (job) => writer.call('sendJob', JSON.stringify(job)),

    async receive(waitMs, signal) {
      const until = now() + waitMs;
      while (!signal?.aborted) {
        const received = await writer.call('receiveJob', { visibilityMs: limits.queueVisibilityMs });
        if (received.delivery) return received.delivery;
        const left = until - now();
        if (left <= 0) return null;
        const untilVisible = received.nextVisibleAtMs === null ? left : Math.max(1, received.nextVisibleAtMs - now());
        await waitForMessage(Math.min(left, untilVisible), signal);
      }
      return null;
    },

    extend: (receipt, ms) => writer.call('extendJob', { receipt, ms }),
    delete: (receipt) => writer.call('deleteJob', receipt),
    deadLetter: ({ receipt }, why) => writer.call('deadLetterJob', { receipt, why }),
    redrive: () => writer.call('redriveJobs', null),
    async depth() {
      return depth.get({ now: now() }) as unknown as { visible: number; inFlight: number; dead: number };
    },
    inspect: () => inspectDatabase(db, writer),
  };

  /** Waits until a message is visible, after a commit or after some time, for at most `ms`. */
  async function waitForMessage(ms: number, signal?: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(ms);
    const stop = signal ? AbortSignal.any([signal, timeout]) : timeout;
    while (!stop.aborted) {
      await writer.nextCommit(stop);
      if (isVisible.get(now())) return;
    }
  }
}
