/**
 * The backfills of this store. A step writes first and moves its position afterwards, so it may run twice: each write MUST change nothing
 * the second time.
 */
import { packRejections } from '../../model/packed-rejections.ts';
import type { Backfill, Backfills } from '../../ports/backfills.ts';
import type { Database } from './database.ts';
import { isDuplicateKey } from './errors.ts';
import { ENDED } from './file-document.ts';
import { decodeRejections } from './plan.ts';
import { readSchema } from './schema.ts';

export type MongoBackfill = Backfill<Database, Promise<string | null>>;

/** The size of the rejections of a file, which releases before 1.2 did not record. The limit of a retried file counts it. */
const rejectedBytes: MongoBackfill = {
  name: 'rejected-bytes',
  sinceVersion: 1,
  async step({ files, chunks }, cursor) {
    const at = cursor === null ? { file: '', n: 0, bytes: 0 } : (JSON.parse(cursor) as Position);
    const incomplete = { rejected_bytes: { $exists: false }, invalid: { $gt: 0 }, status: { $in: [...ENDED] } };
    const next = await files.findOne(
      { _id: { $gte: at.file }, ...incomplete },
      { sort: { _id: 1 }, projection: { next_chunk: 1 } },
    );
    if (!next) return null;
    const { _id: file, next_chunk } = next;
    const from = file === at.file ? at : { n: 0, bytes: 0 };
    const chunk = await chunks.findOne(
      { file, state: 'committed', n: { $gte: from.n, $lt: next_chunk } },
      { sort: { n: 1 }, projection: { n: 1, rejections: 1 } },
    );
    if (chunk) {
      const bytes = from.bytes + packRejections(await decodeRejections(chunk.rejections)).bytes;
      return JSON.stringify({ file, n: chunk.n + 1, bytes } satisfies Position);
    }
    await files.updateOne({ _id: file, next_chunk, ...incomplete }, { $set: { rejected_bytes: from.bytes } });
    return JSON.stringify({ file: `${file}\0`, n: 0, bytes: 0 } satisfies Position);
  },
};

/** The next chunk to count, and the sum of the chunks of its file before it. */
interface Position {
  file: string;
  n: number;
  bytes: number;
}

export const BACKFILLS: readonly MongoBackfill[] = [rejectedBytes];

/** `latest`: the version of this writer. */
export function createBackfills(
  database: Database,
  backfills: readonly MongoBackfill[],
  latest: number,
  now: () => number,
): Backfills {
  const positions = database.backfills;

  /** Moves only from the position at which the step began: another process may have taken over meanwhile. */
  async function move(name: string, from: string | null | undefined, next: string | null): Promise<void> {
    const position = { cursor: next, done_at: next === null ? new Date(now()) : null };
    if (from !== undefined) {
      await positions.updateOne({ _id: name, cursor: from, done_at: null }, { $set: position });
      return;
    }
    try {
      await positions.insertOne({ _id: name, ...position });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  return {
    async step() {
      const { leastWriter } = await readSchema(database, latest);
      for (const { name, sinceVersion, step } of backfills) {
        const known = await positions.findOne({ _id: name });
        if (known?.done_at || leastWriter < sinceVersion) continue;
        const next = await step(database, known?.cursor ?? null);
        await move(name, known?.cursor, next);
        if (next !== null) return name;
      }
      return null;
    },
  };
}
