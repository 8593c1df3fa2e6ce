/** Mistakes in the commit protocol of MongoDB, each of which the fault matrix finds. */
import type { Edit } from '../support/mutate.ts';

export interface Mutation {
  name: string;
  edits: Edit[];
  /** The crash point at which it shows; without one in a run without any fault. */
  point?: string;
}

const inStore = (find: RegExp, to: string): Edit => ({ below: 'src/adapters/order-store.mongo', find, to });

export const mutations: Mutation[] = [
  {
    name: 'the hold of a take is ignored',
    point: 'after plan',
    edits: [inStore(/\$or: \[\{ \[\w+\]: \{ \$exists: false \} \}, \{ \[`.*`\]: \{ \$lt: \w+ \} \}\],/, '')],
  },
  {
    name: 'what is left decides again, not the hold',
    point: 'after plan',
    edits: [inStore(/(?<=\w+\(\w+, \w+, \w+\.)hold\.(?=available\))/, '')],
  },
  {
    name: 'what is given back is not recorded',
    point: 'insert | give back',
    edits: [inStore(/, \[`[^`]*\.back`\]: \{ \$exists: false \}/, '')],
  },
  {
    name: 'nothing is given back',
    edits: [inStore(/if \(\w+\.track_stock && [^)]+\)\s+await (giveBack)\(.*?\);/, 'void $1;')],
  },
  {
    name: 'the plan is not written first',
    point: 'after plan',
    edits: [
      inStore(
        /(?=await [\w.]+\.insertOne\((\w+)\);\s*const \w+ = await \w+\(\w+, \1, \{ plan: \{ (\w+), (\w+) \}, \w+, (\w+) \}\);)/,
        "const { takeStock } = await import('./take-stock.ts'); const { rowsByStockKey } = await import('./stock-keys.ts'); await takeStock(database, $1, $2, rowsByStockKey($2, $3), $4); ",
      ),
    ],
  },
  {
    name: 'an existing plan is replaced by one of our own',
    point: 'look | plan',
    edits: [
      inStore(
        /if \(!isDuplicateKey\(error\)\) throw error;(?=\s*\}\s*return \w+\(\w+, (\w+)\._id\);)/,
        "$& await database.chunks.updateOne({ _id: $1._id, state: 'planned' }, { $$set: { plan: $1.plan, keys: $1.keys, planned_rejections: $1.planned_rejections } });",
      ),
    ],
  },
  {
    name: 'the checkpoint moves whatever it was',
    point: 'commit | checkpoint',
    edits: [
      inStore(/(?<=_id: claim\.fileId), status: 'processing', epoch: claim\.epoch, next_chunk: \w+\.n(?= \},)/, ''),
    ],
  },
  {
    name: 'a chunk is committed whatever its state',
    point: 'give back | commit',
    edits: [inStore(/(?<=updateOne\(\{ _id: \w+\._id), state: 'planned'(?= \}, \{ \$set: \w+ \}\))/, '')],
  },
  {
    name: 'a failed file takes no chunk number',
    point: 'look | plan',
    edits: [inStore(/if \((\w+)\.status === 'completed'\) \{/, "if ($1.status !== 'cancelled') {")],
  },
];
