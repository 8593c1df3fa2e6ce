/** The committed chunks of a file, and what is in them. */
import type { Database } from '../database.ts';
import type { ChunkDocument, OrderDocument } from '../documents.ts';
import { orderDocument } from '../insert-orders.ts';
import { decodePlan, decodeRejections } from '../plan.ts';

/** In order, in small batches, as a chunk is a large document. */
export const committedChunks = ({ chunks }: Database, fileId: string, nextChunk: number) =>
  chunks.find({ file: fileId, state: 'committed', n: { $lt: nextChunk } }, { sort: { n: 1 }, batchSize: 2 });

export async function contentOf(
  chunk: ChunkDocument,
): Promise<{ accepted: OrderDocument[]; rejected: { row: number }[] }> {
  const { orders, taking } = await decodePlan(chunk.plan);
  const refused = new Set(chunk.refused);
  const accepted = taking.map((i) => orderDocument(orders, i, chunk)).filter(({ row }) => !refused.has(row!));
  return { accepted, rejected: await decodeRejections(chunk.rejections) };
}
