/** Checks that a file, its chunks and its orders fit together. */
import { isDeepStrictEqual } from 'node:util';
import type { FileUndo } from '../../../model/file.ts';
import type { Violation } from '../../../ports/verification.ts';
import type { Database } from '../database.ts';
import { type FileDocument, ordersOf } from '../documents.ts';
import { checkChunk } from './chunk.ts';
import { committedChunks, contentOf } from './chunks.ts';

export async function* checkFile(database: Database, fileId: string): AsyncGenerator<Violation> {
  const file = await database.files.findOne({ _id: fileId });
  if (!file) return;
  const { rows, accepted, invalid, skipped = 0 } = file;
  if (rows !== accepted + invalid + skipped || (skipped > 0 && !file.format))
    yield {
      check: 'rows',
      what: 'rows are not accepted + invalid + skipped',
      id: fileId,
      detail: `${rows} rows, ${accepted} accepted, ${invalid} invalid, ${skipped} skipped`,
    };
  const sums = { rows: 0, accepted: 0, invalid: 0, more_items: 0, taken_again: 0 };
  const byCode: Record<string, number> = {};
  let row = 1;
  let right = 0;
  for await (const chunk of committedChunks(database, fileId, file.next_chunk)) {
    right += yield* checkChunk(database, chunk, row);
    row = chunk.row;
    sums.rows += chunk.rows + (chunk.skipped ?? 0);
    sums.accepted += chunk.accepted!;
    sums.invalid += chunk.invalid!;
    sums.more_items += chunk.more_items ?? 0;
    sums.taken_again += chunk.taken_again?.length ?? 0;
    for (const [code, count] of Object.entries(chunk.invalid_by_code!)) byCode[code] = (byCode[code] ?? 0) + count;
  }
  for (const field of ['rows', 'accepted', 'invalid', 'more_items', 'taken_again'] as const)
    if (sums[field] !== (file[field] ?? 0))
      yield {
        check: 'rows',
        what: 'the chunks do not add up to the file',
        id: fileId,
        detail: `${sums[field]} ${field} in chunks, ${file[field] ?? 0} in the file`,
      };
  if (!isDeepStrictEqual(byCode, file.invalid_by_code))
    yield {
      check: 'rows',
      what: 'the rejections of a code are not as many as the file has',
      id: fileId,
      detail: `${JSON.stringify(byCode)} in chunks, ${JSON.stringify(file.invalid_by_code)} in the file`,
    };
  if (file.undo) yield* checkUndo(database, file, file.undo);
  yield* checkOrdersOf(database, fileId, right);
}

/** A step writes the orders that stay before it is noted. */
async function* checkUndo(
  { keptOrders }: Database,
  file: FileDocument,
  { state, undone, kept }: FileUndo,
): AsyncGenerator<Violation> {
  const listed = await keptOrders.countDocuments({ file: file._id });
  const orders = ordersOf(file);
  if (listed < kept || (state === 'done' && (listed > kept || undone + kept !== orders)) || undone + kept > orders)
    yield {
      check: 'rows',
      what: 'the undo of a file is not of its orders',
      id: file._id,
      detail: `${undone} undone, ${kept} kept, ${listed} of them listed, ${orders} orders`,
    };
}

/** Checks that each order that names this file was accepted by one of its chunks, or may be accepted by a chunk in work. */
async function* checkOrdersOf({ orders, chunks }: Database, fileId: string, known: number): AsyncGenerator<Violation> {
  if ((await orders.countDocuments({ file: fileId })) === known) return;
  const ofFile = { file: fileId, state: { $in: ['planned' as const, 'committed' as const] } };
  const spans = await chunks.find(ofFile, { sort: { n: 1 }, projection: { n: 1, row: 1 } }).toArray();
  const last = spans.at(-1)?.n ?? -1;
  let current = { index: -1, ids: null as Set<string> | null };
  for await (const { _id, row } of orders.find({ file: fileId }, { projection: { row: 1 }, sort: { created_at: 1 } })) {
    const index = spans.findIndex((span) => row! <= span.row);
    if (index === -1) {
      // Its chunk was planned after the chunks were read.
      if (await chunks.findOne({ ...ofFile, n: { $gt: last } }, { projection: { n: 1 } })) continue;
    } else {
      if (index !== current.index) {
        const chunk = (await chunks.findOne({ _id: spans[index]!._id }))!;
        // Which of its orders a planned chunk accepts is known when it is committed.
        const ids = chunk.state === 'planned' ? null : (await contentOf(chunk)).accepted.map((order) => order._id);
        current = { index, ids: ids && new Set(ids) };
      }
      if (current.ids === null || current.ids.has(_id)) continue;
    }
    yield { check: 'rows', what: 'an order was never accepted', id: _id, detail: `it says row ${row} of ${fileId}` };
  }
}
