/** The committed chunks of a file, and what is in them. */
import type { OrderBatch } from '../../../order-batch/order-batch.ts';
import type { Database } from '../database.ts';
import type { ChunkDocument, OrderDocument } from '../documents.ts';
import { orderDocument } from '../insert-orders.ts';
import { acceptedOrders, decodeRejections } from '../plan.ts';

/** In order, in small batches, as a chunk is a large document. */
export const committedChunks = ({ chunks }: Database, fileId: string, nextChunk: number) =>
  chunks.find({ file: fileId, state: 'committed', n: { $lt: nextChunk } }, { sort: { n: 1 }, batchSize: 2 });

/** Its accepted orders, the rows that they are of, and its rejections. */
export async function contentOf(
  chunk: ChunkDocument,
): Promise<{ accepted: OrderDocument[]; rows: number[]; rejected: { row: number }[] }> {
  const { orders, accepted } = await acceptedOrders(chunk);
  return {
    accepted: accepted.map((order) => orderDocument(orders, order, chunk)),
    rows: accepted.flatMap((order) => rowsOf(orders, order)),
    rejected: await decodeRejections(chunk.rejections),
  };
}

function rowsOf(orders: OrderBatch, order: number): number[] {
  const rows: number[] = [];
  for (let i = orders.first(order); i < orders.end(order); i++) rows.push(orders.row(i));
  return rows;
}
