/** Dry runs: rows are decided in the calling thread, by the code of the commit, and recorded in the writer thread. */
import { assert } from '../../assert.ts';
import type { ChunkResult } from '../../ports/chunks.ts';
import type { DecidedChunk, DryRuns, EarlierRows } from '../../ports/dry-runs.ts';
import type { Claim } from '../../ports/files.ts';
import type { Calls } from '../sqlite/calls.ts';
import type { Database } from '../sqlite/database.ts';
import { checkpointMover } from './commit-chunk.ts';
import { type Known, rowDecider } from './decide-rows.ts';
import { storedOrderFinder } from './find-stored.ts';
import { chunkOpener, progressOf } from './open-chunk.ts';
import { rejectionRecorder } from './record-rejections.ts';
import type { StockLevel } from './stock-levels.ts';

/** Chunks of dry runs have no orders, so no numbers of orders. */
const NO_SEQ = 0;

export function dryRunOperations(db: Database, now: () => number) {
  const openChunk = chunkOpener(db);
  const recordRejections = rejectionRecorder(db);
  const moveCheckpoint = checkpointMover(db);

  return {
    recordDryRun({ claim, chunk }: { claim: Claim; chunk: DecidedChunk }): ChunkResult {
      const { file, done } = openChunk(claim, chunk.n);
      if (done) return done;
      assert(file.dry_run === 1, 'only rows of a dry run are recorded without their orders (INV-1)');
      const { accepted, orders, rejections } = chunk;
      const invalid = rejections.length;
      const { codes, bytes } = recordRejections(file.file_no, rejections);
      const counts = { rows: accepted + invalid, accepted, invalid, skipped: chunk.skipped ?? 0, orders };
      moveCheckpoint(file, chunk, { ...counts, codes, bytes, firstSeq: NO_SEQ, at: now() });
      return { accepted, invalid, ...progressOf(file, { rows: counts.rows, invalid, bytes }) };
    },
  };
}

export function createDryRuns(
  db: Database,
  writer: Calls<ReturnType<typeof dryRunOperations>>,
  trackStock: boolean,
): DryRuns {
  const findStored = storedOrderFinder(db);
  const readLevel = db.prepare('select stock_no stockNo, available from stock where sku = ? and hub_id = ?');

  /** The store with the earlier rows of the file. */
  const knownWith = (earlier: EarlierRows): Known => ({
    findStored: (rows, orderIds, byId) => new Map([...findStored(rows, orderIds, byId), ...earlier.find(orderIds)]),
    levels: {
      get(sku, hubId) {
        const level = readLevel.get(sku, hubId) as StockLevel | undefined;
        return level ? { ...level, available: Math.max(0, level.available - earlier.taken(sku, hubId)) } : null;
      },
      trim() {},
    },
  });

  return {
    decide: async (file, orders, earlier) =>
      rowDecider(knownWith(earlier))(orders, orders.orderIds(), file, trackStock),
    record: (claim, chunk) => writer.call('recordDryRun', { claim, chunk }),
  };
}
