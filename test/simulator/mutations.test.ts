/**
 * The simulator can fail: each mutation makes one mistake in a copy of the code, and a few seeds find it. A mistake that is not found
 * is a hole in the simulator.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const COPIED = ['src', 'test/simulator', 'test/support/file-outcome.ts', 'scripts/simulate.ts', 'package.json'];
const SEEDS = 60;
const AT_ONCE = 2;

interface Mutation {
  name: string;
  /** Each text is there exactly once. */
  edits: { file: string; from: string; to: string }[];
}

const COMMIT = 'src/adapters/order-store.sqlite/commit-chunk.ts';
const FILES = 'src/adapters/order-store.sqlite/files.ts';
const INGEST = 'src/pipeline/ingest.ts';
const WORKER = 'src/pipeline/worker.ts';

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
        from: 'return { accepted: done.accepted, invalid: done.invalid, cancelRequested };',
        to: "db.prepare('update files set rows = rows + ?, accepted = accepted + ? where file_no = ?').run(done.accepted, done.accepted, file.file_no); return { accepted: done.accepted, invalid: done.invalid, cancelRequested };",
      },
    ],
  },
  {
    name: 'the checkpoint lies behind the last row of a chunk that was not written',
    edits: [{ file: COMMIT, from: 'for (const i of accepted) {', to: 'for (const i of accepted.slice(0, 4)) {' }],
  },
  {
    name: 'stock is taken without looking at what the chunk took already',
    edits: [
      {
        file: COMMIT,
        from: 'level.available - (taken.get(level) ?? 0)',
        to: 'level.available',
      },
    ],
  },
  {
    name: 'stock that was taken for one file is not remembered for the next',
    edits: [
      { file: 'src/adapters/order-store.sqlite/stock-levels.ts', from: '      level.available -= quantity;\n', to: '' },
    ],
  },
  {
    name: 'an order that exists is not looked for',
    edits: [{ file: COMMIT, from: 'here === undefined ? stored.get(orderId)', to: 'here === undefined ? undefined' }],
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
    edits: [{ file: 'src/adapters/order-store.sqlite/stock.ts', from: 'if (known) {', to: 'if (known && false) {' }],
  },
  {
    name: 'the message is deleted before the file has ended',
    edits: [
      {
        file: WORKER,
        from: '      const result = await ingest(\n',
        to: '      await queue.delete(receipt);\n      const result = await ingest(\n',
      },
    ],
  },
  {
    name: 'a file that had its turn is not queued again',
    edits: [
      {
        file: WORKER,
        from: '        await queue.send({ version: 1, fileId: claim.fileId });\n',
        to: '',
      },
    ],
  },
  {
    name: 'the message of a file in other hands is deleted',
    edits: [
      {
        file: WORKER,
        from: 'await queue.extend(receipt, Math.max(1, claimed.untilMs - clock.now()));',
        to: 'await queue.delete(receipt);',
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
        file: INGEST,
        from: "(pairs) => outage.retry('ims', () => ims.validate(pairs, options.lost))",
        to: '(pairs) => ims.validate(pairs, options.lost).catch(() => pairs.map(() => ({ skuValid: false, hubValid: true })))',
      },
    ],
  },
  {
    name: 'a cancel that comes while a file waits is taken for a mistake',
    edits: [
      {
        file: INGEST,
        from: "error instanceof Leave && error.reason === 'cancelled'",
        to: "error instanceof Leave && error.reason === 'cancelled' && false",
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
];

/** What the simulator printed about a copy with the mutation in it. */
async function simulateMutated({ name, edits }: Mutation): Promise<string> {
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
      const args = ['scripts/simulate.ts', '--seeds', String(SEEDS)];
      execFile(process.execPath, args, { cwd: copy }, (_, output, errors) => resolve(output + errors));
    });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

describe('a mistake that the simulator finds:', () => {
  const outputs = mutations.map(() => Promise.withResolvers<string>());
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < mutations.length; i = next++)
      await simulateMutated(mutations[i]!).then(outputs[i]!.resolve, outputs[i]!.reject);
  };
  for (const { promise } of outputs) promise.catch(() => {});

  test('none in the code as it is', async () => {
    expect(await simulateMutated({ name: 'none', edits: [] })).toContain(`${SEEDS} seeds held`);
    for (let lanes = 0; lanes < AT_ONCE; lanes++) void lane();
  });

  for (const [i, { name }] of mutations.entries())
    test(name, async () => {
      expect(await outputs[i]!.promise).toMatch(/^seed \d+, step \d+: .+$/m);
    });
});
