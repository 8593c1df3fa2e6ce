/**
 * A few files on the engines of a simulation without chance: the test decides what goes wrong. All invariants are checked after
 * every step.
 */
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import { isEnded, reportKey } from '../../src/model/file.ts';
import type { IngestBounds } from '../../src/pipeline/ingest/options.ts';
import { upload } from '../../src/pipeline/upload.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { createInvariants, type FileState, Violation } from './invariants.ts';
import { createRandom } from './random.ts';
import type { Actor, Call, Outcome } from './scheduler.ts';
import type { SourceFile } from './source-files.ts';
import { createWorld } from './world.ts';

/** So long that no read brings two rows. */
const ADDRESS = '1 Mill Lane '.repeat(40).trim();
const MAX_STEPS = 20_000;
const STOCK = [{ sku: 'SKU-1', hubId: 'HUB-1', available: 20 }];

/** Of 12 rows: two with a defect, one in each half, and the last two find no stock when no other file is there. */
export function sourceFile(name: string): SourceFile {
  const rows = Array.from({ length: 12 }, (_, index) => {
    const defect = index === 2 || index === 8 ? ('invalid_email' as const) : null;
    const email = defect ? 'nobody' : 'ada@example.com';
    const [id, total] = [`${name}-${index}`, '7.50'];
    const cells = [id, 'Ada', email, 'Lamp', 'SKU-1', 'HUB-1', '3', '2.50', total, '2026-10-01T12:00:00Z', ADDRESS];
    return { row: index + 2, cells, defect };
  });
  const lines = [ORDER_COLUMNS, ...rows.map(({ cells }) => cells)].map((cells) => `${cells.join(',')}\n`);
  return { name, bytes: Buffer.from(lines.join('')), rows, broken: false, shared: false, expected: null };
}

export type Stage = ReturnType<typeof createStage>;

export function createStage(sources: readonly SourceFile[], bounds: Partial<IngestBounds> = {}) {
  let found: string | null = null;
  const random = createRandom(1);
  const known = ['HUB-1', 'SKU-1'];
  const world = createWorld(random, { known, stock: STOCK }, (what) => {
    found ??= what;
  });
  const { scheduler, store, objects, queue, files } = world;
  const invariants = createInvariants(world, new Map(sources.map((source) => [source.name, source])));
  const workers: Actor[] = [];
  /** Chunks of two rows, so that a file has six. */
  const startWorker = () => {
    const { actor } = world.startWorker({ maxPartRows: 2, maxChunkRows: 2, maxChunkBytes: 4_000, ...bounds });
    workers.push(actor);
    return actor;
  };

  /** Lets all that may happen happen, as soon as it may, until the condition holds. */
  async function until(condition: () => boolean): Promise<void> {
    for (const end = scheduler.step + MAX_STEPS; !condition(); ) {
      if (scheduler.step > end) throw new Violation(`not after ${MAX_STEPS} steps: ${condition}`);
      if (!(await scheduler.pickOne())) scheduler.advance(scheduler.nextMs() - scheduler.nowMs);
      if (found) throw new Violation(found);
      invariants.check();
    }
  }

  /** Runs an action until it is done. */
  async function user<Result>(work: (ports: Ports) => Promise<Result>): Promise<Result> {
    let settled = false;
    const result = work(world.portsOf(world.newActor('user', false))).finally(() => {
      settled = true;
    });
    result.catch(() => {});
    await until(() => settled);
    return result;
  }

  const file = (name: string): FileState => files().find((other) => other.name === name)!;

  return {
    ...world,
    workers,
    startWorker,
    until,
    user,
    file,

    async upload(source: SourceFile): Promise<string> {
      const options = {
        name: source.name,
        encoding: null,
        parentFileId: null,
        hubs: null,
        force: false,
        idempotencyKey: null,
      };
      const bytes = (async function* () {
        yield source.bytes;
      })();
      await user((ports) => upload({ ...ports, logger: world.logger }, bytes, { ...options, maxBytes: 1_000_000 }));
      return file(source.name).file_id;
    },

    retry: (fileId: string) =>
      user(async ({ store, queue }) => {
        await store.files.requeue(fileId);
        await queue.send({ version: 1, fileId });
      }),

    /** What the next such call comes to. */
    next(what: string, outcome: Outcome): void {
      const before = scheduler.force;
      scheduler.force = (call: Call) => {
        if (call.what !== what) return before(call);
        scheduler.force = before;
        return outcome;
      };
    },

    /** Until all files have ended and no message is there. */
    rest: () => until(() => files().every(({ status }) => isEnded(status)) && queue.alive().length === 0),

    report(name: string): string {
      const { report_name, report_rows } = file(name);
      return objects.stored.get(reportKey({ name: report_name!, rows: report_rows! }))!.bytes.toString();
    },

    /** What is left of a file, the same in each run; the ids that the server makes aside. */
    outcome(name: string) {
      const { file_id, file_no, status, rows, accepted, invalid, failure, strikes } = file(name);
      const without = (text: string) => text.replaceAll(file_id, 'FILE');
      return {
        file: { status, rows, accepted, invalid, failure, strikes },
        orders: store.rows<object>(
          `select order_id, row, sku, quantity, total_minor from orders where file_no = ${file_no} order by row`,
        ),
        stock: store.rows<object>('select sku, available, received from stock'),
        report: without(this.report(name)),
      };
    },
  };
}

/** What becomes of a file when nothing goes wrong. */
export async function undisturbed(source: SourceFile, bounds: Partial<IngestBounds> = {}) {
  const stage = createStage([source], bounds);
  stage.startWorker();
  await stage.upload(source);
  await stage.rest();
  return stage.outcome(source.name);
}
