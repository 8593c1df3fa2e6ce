/** Checks a committed chunk against its rows and its orders. */
import { isDeepStrictEqual } from 'node:util';
import { DELETED } from '../../../model/order-change.ts';
import type { Violation } from '../../../ports/verification.ts';
import type { Database } from '../database.ts';
import { type ChunkDocument, type OrderDocument, ordersOf, type SourceDocument } from '../documents.ts';
import { findOrders } from '../insert-orders.ts';
import { sourcesOf } from '../order-document.ts';
import { contentOf } from './chunks.ts';
import { checkHistory, contentOf as contentOfOrder, isFirstOfApi, isSameContent } from './order.ts';

/**
 * Checks that each row of the chunk is in one place, and that each accepted order is stored as the file had it, or was so in a former version
 * (INV-1). Returns the number of those that are of their row still. `after`: the row before the chunk.
 */
export async function* checkChunk(
  database: Database,
  chunk: ChunkDocument,
  after: number,
): AsyncGenerator<Violation, number> {
  const { file, n, _id } = chunk;
  const { accepted, rows, rejected } = await contentOf(chunk);
  const places = new Map<number, number>();
  for (const row of [...rows, ...rejected.map((one) => one.row)]) places.set(row, (places.get(row) ?? 0) + 1);
  for (const [row, count] of places) {
    if (count > 1)
      yield {
        check: 'rows',
        what: 'a row is in several places',
        id: _id,
        detail: `row ${row} of ${file}: ${count} times`,
      };
    if (row <= after || row > chunk.row)
      yield {
        check: 'rows',
        what: 'a row lies where nothing was read',
        id: _id,
        detail: `row ${row} of ${file}, chunk ${n} is of rows ${after + 1} to ${chunk.row}`,
      };
  }
  const deleted = chunk.rejections_deleted ? chunk.invalid! : 0;
  // Accepted rows that made no order, nor may have.
  const tried = chunk.dry_run ? chunk.accepted! : 0;
  if (
    rows.length + tried !== chunk.accepted ||
    accepted.length + (chunk.dry_run ? ordersOf(chunk) : 0) !== ordersOf(chunk) ||
    rejected.length + deleted !== chunk.invalid ||
    places.size + deleted + tried !== chunk.rows
  )
    yield {
      check: 'rows',
      what: 'the figures of a chunk are not those of its rows',
      id: _id,
      detail: `${rows.length} of ${chunk.accepted} accepted, ${accepted.length} of ${ordersOf(chunk)} orders, ${rejected.length} of ${chunk.invalid} rejected, ${places.size} of ${chunk.rows} rows`,
    };
  const published = chunk.publish === 'pending' || chunk.publish === 'published';
  const again = new Set(chunk.taken_again);
  if (published !== accepted.length > again.size)
    yield {
      check: 'events',
      what: 'a chunk with orders is not to be published, or one without is',
      id: _id,
      detail: `${accepted.length} orders, ${again.size} of them taken again, publish is ${chunk.publish}`,
    };
  const stored = await findOrders(
    database,
    accepted.map((order) => order._id),
  );
  let right = 0;
  for (const order of accepted) {
    const found = stored.get(order._id);
    const at = `row ${order.row} of ${file}`;
    if (!found) yield { check: 'rows', what: 'the order of an accepted row is not there', id: order._id, detail: at };
    else if (isOfRow(found, order, again.has(order.row!))) {
      if (isOf(found, order)) right++;
      if (!again.has(order.row!)) yield* checkHistory(found, order);
      else if (isFirstOfApi(found)) yield* checkHistory(found, null);
    } else
      yield {
        check: 'rows',
        what: 'an order is not what its row and its event say',
        id: order._id,
        detail: `${at}; it says row ${found.row} of ${found.file}`,
      };
  }
  return right;
}

const isOf = (source: SourceDocument, { file, row }: SourceDocument): boolean =>
  source.file === file && source.row === row;

/** Whether the row made it, or took it again. What it says may have changed since, and then its history tells. */
function isOfRow(found: OrderDocument, created: OrderDocument, isTakenAgain: boolean): boolean {
  if (!sourcesOf(found).some((source) => isOf(source, created))) return false;
  if (isTakenAgain) return true;
  if (!isDeepStrictEqual(found.created_at, created.created_at)) return false;
  return (
    found.status === DELETED ||
    found.log !== undefined ||
    (found.stock_taken === created.stock_taken && isSameContent(contentOfOrder(found), contentOfOrder(created)))
  );
}
