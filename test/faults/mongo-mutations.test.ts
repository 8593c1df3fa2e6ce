/**
 * The proof that the fault matrix can fail: small mutations of the real commit protocol, one at a time, each of which it finds.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, inject, test } from 'vitest';
import { ROOT, temporaryDirectory } from '../support/service.ts';

const { mongo, why } = inject('engines');
const STORE = 'src/adapters/order-store.mongo';

interface Mutation {
  what: string;
  file: string;
  /** Must be there exactly once. */
  from: string;
  to: string;
  /** The crash point at which it shows; without one in a run without any fault. */
  point?: string;
}

const MUTATIONS: Mutation[] = [
  {
    what: 'the hold of a take is not looked at',
    point: 'after plan',
    file: `${STORE}/take-stock.ts`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a program
    from: '            $or: [{ [hold]: { $exists: false } }, { [`${hold}.n`]: { $lt: n } }],\n',
    to: '',
  },
  {
    what: 'what is left decides again, not the hold',
    point: 'after plan',
    file: `${STORE}/take-stock.ts`,
    from: 'acceptWhatFits(orders, rows, view.hold.available)',
    to: 'acceptWhatFits(orders, rows, view.available)',
  },
  {
    what: 'what is given back is not recorded',
    point: 'insert | give back',
    file: `${STORE}/take-stock.ts`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a program
    from: ', [`${hold}.back`]: { $exists: false } } as never',
    to: ' } as never',
  },
  {
    what: 'nothing is given back',
    file: `${STORE}/commit-chunk.ts`,
    from: 'if (chunk.track_stock) await giveBack(database, chunk, back);',
    to: 'void giveBack;',
  },
  {
    what: 'the plan is not written first',
    file: `${STORE}/commit-chunk.ts`,
    from: '      await chunks.insertOne(planned);\n      const plan = { orders, taking: looked.taking };',
    to: '      const plan = { orders, taking: looked.taking };\n      await takeStock(database, planned, orders, new Map(looked.taking.map((i) => [keyOf(orders, i), looked.taking.filter((j) => keyOf(orders, j) === keyOf(orders, i))])), stock);\n      await chunks.insertOne(planned);',
  },
  {
    what: 'a plan that is there already is replaced by one of our own',
    point: 'look | plan',
    file: `${STORE}/commit-chunk.ts`,
    from: '      if (!isDuplicateKey(error)) throw error;\n      committed = await settle(planned._id);',
    to: "      if (!isDuplicateKey(error)) throw error;\n      await chunks.updateOne({ _id: planned._id, state: 'planned' }, { $set: { plan: planned.plan, keys: planned.keys, planned_rejections: planned.planned_rejections } });\n      committed = await settle(planned._id);",
  },
  {
    what: 'the checkpoint moves whatever it was',
    point: 'commit | checkpoint',
    file: `${STORE}/commit-chunk.ts`,
    from: "{ _id: claim.fileId, status: 'processing', epoch: claim.epoch, next_chunk: chunk.n },",
    to: '{ _id: claim.fileId },',
  },
  {
    what: 'a chunk is committed whatever its state',
    point: 'give back | commit',
    file: `${STORE}/commit-chunk.ts`,
    from: "chunks.updateOne({ _id: chunk._id, state: 'planned' }, { $set: outcome })",
    to: 'chunks.updateOne({ _id: chunk._id }, { $set: outcome })',
  },
  {
    what: 'a file that failed takes no number',
    point: 'look | plan',
    file: `${STORE}/files.ts`,
    from: "if (end.status === 'completed') {",
    to: "if (end.status !== 'cancelled') {",
  },
];

describe.skipIf(why.mongo !== undefined)('the fault matrix finds it when', () => {
  test.concurrent.each(MUTATIONS)('$what', { timeout: 600_000 }, async ({ file, from, to, point = '' }) => {
    const copy = await temporaryDirectory();
    for (const part of ['src', 'test', 'package.json', 'tsconfig.json'])
      await cp(join(ROOT, part), join(copy, part), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const source = await readFile(join(copy, file), 'utf8');
    expect(source.split(from)).toHaveLength(2);
    await writeFile(
      join(copy, file),
      source.replace(from, () => to),
    );
    const child = spawn(process.execPath, [join(copy, 'test/faults/matrix.ts'), mongo!, point], {
      stdio: 'pipe',
      // What is compiled of a copy is of no use to others.
      env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
    });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect({ output, code }).toEqual({ output: expect.stringMatching(/^\{"at":/), code: 1 });
  });
});
