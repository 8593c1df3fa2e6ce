/**
 * Commits a chunk: in the writer's transaction every row is decided and orders, stock, rejections, checkpoint and sums are
 * written together, or not at all (INV-1 to INV-4). The fence is the claim's epoch. Runs in the writer thread.
 */
import { assert } from '../../assert.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import { addWarnings } from '../../model/warnings.ts';
import { type BatchMessage, OrderBatch } from '../../order-batch/order-batch.ts';
import type { ChunkResult, ChunkToCommit } from '../../ports/chunks.ts';
import type { Claim } from '../../ports/files.ts';
import { type Database, fromJson } from '../sqlite/database.ts';
import { rowDecider } from './decide-rows.ts';
import { type FileRow, hubsOf } from './file-row.ts';
import { storedOrderFinder } from './find-stored.ts';
import { insertOrders } from './insert-orders.ts';
import { chunkOpener, progressOf } from './open-chunk.ts';
import { rejectionRecorder } from './record-rejections.ts';
import { type Counts, orderSums, sumRecorder, sumUp } from './record-sums.ts';
import { creationTime, newestNumber } from './sequence.ts';
import { statusWindows } from './status-windows.ts';
import type { StockLevels } from './stock-levels.ts';
import { orderTaker } from './take-again.ts';

/** A chunk as it is sent to the writer thread. */
export type ChunkMessage = Omit<ChunkToCommit, 'orders'> & { orders: BatchMessage };

interface Commit {
  claim: Claim;
  chunk: ChunkMessage;
  /** Of the orders that are accepted. */
  status: string;
  trackStock: boolean;
}

export function chunkOperations(db: Database, levels: StockLevels, now: () => number) {
  const openChunk = chunkOpener(db);
  const newest = newestNumber(db);
  const timeOfCreation = creationTime(db);
  const decide = rowDecider({ findStored: storedOrderFinder(db), levels });
  const recordRejections = rejectionRecorder(db);
  const moveCheckpoint = checkpointMover(db);
  const recordSums = sumRecorder(db);
  const windows = statusWindows(db);
  const formerSums = orderSums(db);
  const takeAgain = orderTaker(db, formerSums);

  function commitChunk({ claim, chunk, status, trackStock }: Commit): ChunkResult {
    const { file, done } = openChunk(claim, chunk.n);
    if (done) return done;
    const rows = OrderBatch.fromMessage(chunk.orders);
    const orderIds = rows.orderIds();
    const { accepted, again, rejected, takings } = decide(
      rows,
      orderIds,
      { fileId: claim.fileId, hubs: hubsOf(file) },
      trackStock,
    );
    rejected.push(...chunk.rejections);
    rejected.sort((a, b) => a.row - b.row);
    const ofChunk = sumUp(rows, accepted);
    const counts = {
      rows: rows.length + chunk.rejections.length,
      accepted: ofChunk.acceptedRows,
      invalid: rejected.length,
      skipped: chunk.skipped ?? 0,
      orders: accepted.length,
    };
    assert(counts.accepted + counts.invalid === counts.rows, 'each row of a chunk is accepted or rejected (INV-1)');

    const firstSeq = newest() + 1;
    const at = now();
    const atMs = timeOfCreation(at);
    const fresh = again.size === 0 ? accepted : accepted.filter((order) => !again.has(order));
    insertOrders(db, rows, orderIds, fresh, {
      fileNo: file.file_no,
      firstSeq,
      status,
      stockTaken: trackStock ? 1 : 0,
      atMs,
    });
    windows.add(status, firstSeq, fresh.length);
    formerSums.forget();
    let seq = firstSeq + fresh.length;
    for (const order of accepted)
      if (again.has(order))
        takeAgain(seq++, rows, order, { fileNo: file.file_no, fileId: claim.fileId, status, trackStock, atMs });
    formerSums.write();
    levels.take(takings);
    const { codes, bytes } = recordRejections(file.file_no, rejected);
    moveCheckpoint(file, chunk, { ...counts, codes, bytes, firstSeq, at });
    recordSums(counts, ofChunk, codes, status, at);
    const { rows: rowsOfChunk, accepted: acceptedRows, invalid } = counts;
    return { accepted: acceptedRows, invalid, ...progressOf(file, { rows: rowsOfChunk, invalid, bytes }) };
  }

  return { commitChunk };
}

interface Outcome extends Counts {
  codes: ReadonlyMap<ReasonCode, number>;
  /** The size of the rejections in a report. */
  bytes: number;
  firstSeq: number;
  at: number;
}

/** Records the chunk, and where its file continues. */
export function checkpointMover(db: Database) {
  const insertChunk = db.prepare(
    'insert into chunks (file_no, n, rows, accepted, invalid, orders, first_seq, committed_at) values (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const checkpoint = db.prepare(`
    update files set next_chunk = ?, position_offset = ?, position_row = ?, open_order = ?, bytes_read = ?, rows = rows + ?,
      accepted = accepted + ?, invalid = invalid + ?, skipped = skipped + ?, orders = orders + ?, invalid_by_code = ?, warnings = ?,
      rejected_bytes = rejected_bytes + ?, strikes = 0,
      committed_at = ?, changed_at = ?
    where file_no = ?`);

  return (
    file: FileRow,
    chunk: Omit<ChunkToCommit, 'orders' | 'rejections'>,
    { rows, accepted, invalid, skipped, orders, codes, bytes, firstSeq, at }: Outcome,
  ): void => {
    const { offset, row } = chunk.end;
    assert(offset >= file.position_offset && row >= file.position_row, 'a checkpoint never goes back');
    const invalidByCode = fromJson<Record<string, number>>(file.invalid_by_code);
    for (const [code, count] of codes) invalidByCode[code] = (invalidByCode[code] ?? 0) + count;
    insertChunk.run(file.file_no, chunk.n, rows, accepted, invalid, file.dry_run === 1 ? 0 : orders, firstSeq, at);
    checkpoint.run(
      chunk.n + 1,
      offset,
      row,
      chunk.openOrder ?? null,
      chunk.bytesRead,
      rows + skipped,
      accepted,
      invalid,
      skipped,
      orders,
      JSON.stringify(invalidByCode),
      JSON.stringify(addWarnings(fromJson(file.warnings), chunk.warnings ?? [])),
      bytes,
      at,
      at,
      file.file_no,
    );
  };
}
