/**
 * The simulator can fail: each mutation makes one mistake in a copy of the code, and a few seeds find it. A mistake that is not found
 * is a hole in the simulator, or in the tests beside it of what chance meets too seldom.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const COPIED = [
  'src',
  'test/simulator',
  'test/support/file-outcome.ts',
  'scripts/simulate.ts',
  'package.json',
  'vitest.config.ts',
];
/** Most mistakes are found by one of the first. */
const SEEDS = 200;
const AT_ONCE = 2;

interface Mutation {
  name: string;
  /** The call that is met by most faults, where chance would pick it too seldom. */
  focus?: string;
  /** The test that finds it where chance would take too long. */
  foundBy?: string;
  /** Each text is there exactly once. */
  edits: { file: string; from: string; to: string }[];
  seeds?: number;
}

const COMMIT = 'src/adapters/order-store.sqlite/commit-chunk.ts';
const FILES = 'src/adapters/order-store.sqlite/files.ts';
const INGEST = 'src/pipeline/ingest/ingest.ts';
const INGEST_CHUNKS = 'src/pipeline/ingest/ingest-chunks.ts';
const REDRIVE = 'src/pipeline/redrive.ts';
const HANDLE = 'src/pipeline/worker/handle-message.ts';
const WORK = 'src/pipeline/worker/work-on-file.ts';
const GIVE_UP = 'src/pipeline/worker/give-up.ts';

const mutations: Mutation[] = [
  {
    name: 'a chunk is committed whatever the epoch',
    edits: [{ file: COMMIT, from: ' || file.epoch !== claim.epoch', to: '' }],
  },
  {
    name: 'a chunk is committed whatever its number',
    edits: [
      { file: COMMIT, from: 'if (file.next_chunk === chunk.n + 1) {', to: 'if (false) {' },
      { file: COMMIT, from: 'if (file.next_chunk !== chunk.n)', to: 'if (false)' },
    ],
  },
  {
    name: 'a chunk that is committed again counts again',
    edits: [
      {
        file: COMMIT,
        from: 'return { ...done, rejected, cancelRequested };',
        to: "db.prepare('update files set rows = rows + ?, accepted = accepted + ? where file_no = ?').run(done.accepted, done.accepted, file.file_no); return { ...done, rejected, cancelRequested };",
      },
    ],
  },
  {
    name: 'the checkpoint lies behind the last row of a chunk that was not written',
    edits: [
      {
        file: COMMIT,
        from: 'insertOrders(db, rows, orderIds, accepted,',
        to: 'insertOrders(db, rows, orderIds, accepted.slice(0, 3),',
      },
    ],
  },
  {
    name: 'stock is taken without looking at what the chunk took already',
    edits: [
      {
        file: COMMIT,
        from: 'if (quantity > stock.left)',
        to: 'if (quantity > (stock.level?.available ?? 0))',
      },
    ],
  },
  {
    name: 'stock that was taken for one file is not remembered for the next',
    edits: [
      {
        file: 'src/adapters/order-store.sqlite/stock-levels.ts',
        from: '        level.available -= quantity;\n',
        to: '',
      },
    ],
  },
  {
    name: 'an order that exists is not looked for',
    edits: [{ file: COMMIT, from: 'here === undefined ? stored.get(orderId)', to: 'here === undefined ? undefined' }],
  },
  {
    name: 'the highest order that exists is not looked for',
    edits: [
      { file: COMMIT, from: ': countUpTo(orderIds, byId, highest)', to: ': countUpTo(orderIds, byId, highest) - 1' },
    ],
  },
  {
    name: 'an order that its chunk has twice is not noticed',
    edits: [
      {
        file: 'src/adapters/order-store.sqlite/sort-ids.ts',
        from: 'repeated[byId[n]!] = repeated[byId[n - 1]!] = 1',
        to: 'continue',
      },
    ],
  },
  {
    name: 'a row that was taken by its bytes is an order whatever the inventory service says',
    edits: [
      { file: 'src/pipeline/chunk-builder.ts', from: 'this.#reject(this.#asked, answer)', to: 'this.#packer.row(0)' },
    ],
  },
  {
    name: 'a claim neither sees the lease nor raises the epoch',
    edits: [
      { file: FILES, from: "file.status === 'processing' && file.lease_until > at", to: 'false' },
      { file: FILES, from: 'epoch = epoch + 1,', to: '' },
      { file: FILES, from: 'claim: { fileId, epoch: file.epoch + 1 }', to: 'claim: { fileId, epoch: file.epoch }' },
    ],
  },
  {
    name: 'a cancelled file forgets its rows',
    edits: [
      {
        file: FILES,
        from: "update files set status = 'cancelled', failure = ?",
        to: "update files set status = 'cancelled', rows = 0, accepted = 0, invalid = 0, failure = ?",
      },
    ],
  },
  {
    name: 'a retried file begins at its first row',
    edits: [
      {
        file: FILES,
        from: "update files set status = 'queued', failure = null,",
        to: "update files set status = 'queued', next_chunk = 0, position_offset = 0, position_row = 0, failure = null,",
      },
    ],
  },
  {
    name: 'stock is changed again by the same request',
    focus: 'store.stock.change',
    edits: [{ file: 'src/adapters/order-store.sqlite/stock.ts', from: 'if (known) {', to: 'if (known && false) {' }],
  },
  {
    name: 'the message is deleted before the file has ended',
    edits: [
      {
        file: WORK,
        from: '    const result = await ingest(',
        to: '    await queue.delete(receipt);\n    const result = await ingest(',
      },
    ],
  },
  {
    name: 'a file that had its turn is not queued again',
    edits: [
      {
        file: WORK,
        from: '  await queue.send({ version: 1, fileId: claim.fileId });\n',
        to: '',
      },
    ],
  },
  {
    name: 'the message of a file in other hands is deleted',
    edits: [
      {
        file: HANDLE,
        from: 'return queue.extend(receipt, Math.min(queue.visibilityMs, leaseMs));',
        to: 'return queue.delete(receipt);',
      },
    ],
  },
  {
    name: 'the report ends with its first page',
    edits: [{ file: 'src/pipeline/report.ts', from: '} while (after !== null);', to: '} while (false);' }],
  },
  {
    name: 'a file ends without its report',
    edits: [{ file: INGEST, from: '{ ...end, report }', to: '{ ...end, report: null }' }],
  },
  {
    name: 'an outage of the inventory service rejects rows',
    edits: [
      {
        file: INGEST_CHUNKS,
        from: "outage.retry('ims', () => ims.validate(pairs, options.lost))",
        to: 'ims.validate(pairs, options.lost).catch(() => pairs.map(() => ({ skuValid: false, hubValid: true })))',
      },
    ],
  },
  {
    name: 'a cancel that comes while a file waits is taken for a mistake',
    edits: [
      {
        file: 'src/pipeline/ingest/file-end.ts',
        from: "if (isStop(error, 'cancelled'))",
        to: 'if (false)',
      },
    ],
  },
  {
    name: 'events are marked before they are published',
    edits: [
      {
        file: 'src/pipeline/publish.ts',
        from: '    await events.publish!(batch);\n    await outbox.markPublished(batch.id);\n',
        to: '    await outbox.markPublished(batch.id);\n    await events.publish!(batch);\n',
      },
    ],
  },
  {
    name: 'an event has the time of its publication',
    edits: [
      {
        file: 'src/pipeline/publish.ts',
        from: 'await events.publish!(batch);',
        to: 'await events.publish!({ ...batch, orders: batch.orders.map((order) => ({ ...order, createdAtMs: clock.now() })) });',
      },
    ],
  },
  {
    name: 'the sweeper queues nothing',
    edits: [
      {
        file: 'src/pipeline/sweep.ts',
        from: '    await queue.send({ version: 1, fileId });\n',
        to: '',
      },
    ],
  },
  {
    name: 'the sweeper deletes the objects of files',
    edits: [
      {
        file: 'src/pipeline/sweep.ts',
        from: '    if (await store.files.get(key.slice(UPLOADS.length))) continue;\n',
        to: '',
      },
    ],
  },
  {
    name: 'an upload whose answer was lost loses its object',
    edits: [
      {
        file: 'src/pipeline/upload.ts',
        from: 'if (recorded === null) await objects.delete(key);',
        to: 'await objects.delete(key);',
      },
    ],
  },
  {
    name: 'a message is put aside before its file has ended',
    edits: [
      {
        file: GIVE_UP,
        from: "    const end = await store.files.close(claim, { status: 'failed', failure });\n",
        to: "    await queue.deadLetter(delivery, message);\n    const end = await store.files.close(claim, { status: 'failed', failure });\n",
      },
    ],
  },
  {
    name: 'a file is given up without its report',
    edits: [{ file: GIVE_UP, from: '{ ...end, report }', to: '{ ...end, report: null }' }],
  },
  {
    name: 'a file is given up too soon',
    edits: [{ file: FILES, from: 'file.strikes >= limits.maxStrikes', to: 'file.strikes >= limits.maxStrikes - 1' }],
  },
  {
    name: 'a file is never given up',
    edits: [{ file: FILES, from: 'file.strikes >= limits.maxStrikes', to: 'file.strikes < 0' }],
  },
  {
    name: 'a chunk does not clear what its file is charged with',
    edits: [{ file: COMMIT, from: ' strikes = 0,', to: '' }],
  },
  {
    name: 'a retry does not clear what its file is charged with',
    edits: [{ file: FILES, from: 'strikes = 0, lease_until = 0,', to: 'lease_until = 0,' }],
  },
  {
    name: 'a claim that is given back is charged',
    edits: [{ file: FILES, from: 'strikes = max(0, strikes - 1), ', to: '' }],
  },
  {
    name: 'a claim that is refused is charged',
    edits: [
      {
        file: FILES,
        from: 'file.lease_until > at) return',
        to: "file.lease_until > at && db.prepare('update files set strikes = strikes + 1 where file_no = ?').run(file.file_no)) return",
      },
    ],
  },
  {
    name: 'an outage is charged',
    edits: [{ file: INGEST_CHUNKS, from: 'if (endBy(error)) throw error;', to: 'throw error;' }],
  },
  {
    name: 'a file that may be what crashes the worker is worked on beside others',
    edits: [
      {
        file: HANDLE,
        from: "(isSuspect || state.mode.name === 'exclusive') && !(await state.becomeExclusive(slot))",
        to: 'false',
      },
    ],
  },
  {
    name: 'a file is begun beside one that is worked on alone',
    edits: [{ file: HANDLE, from: "(isSuspect || state.mode.name === 'exclusive') &&", to: 'isSuspect &&' }],
  },
  {
    name: 'a redrive passes over a file that the store does not answer for',
    focus: 'store.files.requeue',
    edits: [{ file: REDRIVE, from: ' && !error.retryable', to: '' }],
  },
  {
    name: 'a redrive brings back only the files whose message is dead',
    foundBy: 'test/simulator/ends.test.ts',
    edits: [
      { file: REDRIVE, from: '  let files = 0;\n', to: '  let files = 0;\n  const bodies = await queue.redrive();\n' },
      {
        file: REDRIVE,
        from: "failure?.code !== 'internal'",
        to: "failure?.code !== 'internal' || !bodies.some((body) => body.includes(fileId))",
      },
    ],
  },
  {
    name: 'a report is named without its number of rows',
    foundBy: 'test/simulator/ends.test.ts',
    edits: [
      {
        file: 'src/model/file.ts',
        from: "{ name, rows }: Pick<ReportRecord, 'name' | 'rows'>)",
        to: '{ name }: ReportRecord, rows = 0)',
      },
    ],
  },
  {
    name: 'a cancel is noticed in the middle of a chunk',
    edits: [
      {
        file: COMMIT,
        from: 'insertOrders(db, rows, orderIds, accepted,',
        to: 'insertOrders(db, rows, orderIds, cancelRequested ? accepted.slice(0, 1) : accepted,',
      },
    ],
  },
  {
    name: 'a cancel that a commit tells of is dropped when the object cannot be read',
    foundBy: 'test/simulator/ends.test.ts',
    edits: [
      {
        file: INGEST_CHUNKS,
        from: '    await committing;\n    throw error;',
        to: '    await committing.catch(() => {});\n    throw error;',
      },
    ],
  },
  {
    name: 'a cancel that a commit tells of is not heard',
    edits: [{ file: INGEST_CHUNKS, from: 'if (result.cancelRequested && !last)', to: 'if (false)' }],
  },
];

/** What the simulator printed about a copy with the mutation in it. */
async function simulateMutated({ name, focus, foundBy, edits, seeds = SEEDS }: Mutation): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'oms-mutation-'));
  try {
    await mkdir(join(copy, 'test/support'), { recursive: true });
    for (const path of COPIED) await cp(join(ROOT, path), join(copy, path), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    for (const { file, from, to } of edits) {
      const parts = (await readFile(join(copy, file), 'utf8')).split(from);
      if (parts.length !== 2) throw new Error(`${name}: ${file} has the text ${parts.length - 1} times: ${from}`);
      await writeFile(join(copy, file), parts.join(to));
    }
    return await new Promise((resolve) => {
      const args = foundBy
        ? ['node_modules/vitest/vitest.mjs', 'run', '--project', 'alone', '--reporter', 'tap-flat', foundBy]
        : ['scripts/simulate.ts', '--seeds', String(seeds), ...(focus ? ['--focus', focus] : [])];
      // What is compiled of a copy is of no use to others.
      execFile(
        process.execPath,
        args,
        { cwd: copy, env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' } },
        (_, output, errors) => resolve(output + errors),
      );
    });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Each waits for those before it, too. */
const TIMEOUT_MS = 300_000;

describe('a mistake that the simulator finds:', { timeout: TIMEOUT_MS }, () => {
  const outputs = mutations.map(() => Promise.withResolvers<string>());
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < mutations.length; i = next++)
      await simulateMutated(mutations[i]!).then(outputs[i]!.resolve, outputs[i]!.reject);
  };
  for (const { promise } of outputs) promise.catch(() => {});

  test('none in the code as it is', async () => {
    expect(await simulateMutated({ name: 'none', edits: [], seeds: 10 })).toContain('10 seeds held');
    for (let lanes = 0; lanes < AT_ONCE; lanes++) void lane();
  });

  for (const [i, { name, foundBy }] of mutations.entries())
    test(name, async () => {
      expect(await outputs[i]!.promise).toMatch(foundBy ? /^not ok .+$/m : /^seed \d+, step \d+: .+$/m);
    });
});
