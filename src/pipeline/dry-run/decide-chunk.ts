/**
 * A chunk of a dry run, in place of its commit: its rows are decided on what the store and the scratch have, then recorded, then the
 * accepted ones are added to the scratch. Only in this order is the scratch what the record says, whatever breaks off in between.
 */
import type { FileRecord } from '../../model/file.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { ChunkResult, ChunkToCommit } from '../../ports/chunks.ts';
import type { Scratch, TriedOrder } from '../../ports/scratches.ts';
import type { IngestContext } from '../ingest/context.ts';

export async function decideChunk(
  { ports, claim, outage }: IngestContext,
  file: FileRecord,
  scratch: Scratch,
  { orders, ...chunk }: ChunkToCommit,
): Promise<ChunkResult> {
  const { dryRuns } = ports.store;
  // Decided once: a second decision may be another, but what was recorded first counts.
  const { accepted, rejected } = await outage.retry('store', () => dryRuns.decide(file, orders, scratch));
  const rejections = [...chunk.rejections, ...rejected].sort((a, b) => a.row - b.row);
  const counts = { accepted: orders.length - rejected.length, orders: accepted.length };
  const decided = { ...chunk, ...counts, rejections };
  const result = await outage.retry('store', () => dryRuns.record(claim, decided));
  await outage.retry('store', () => scratch.add(triedOrders(orders, accepted), chunk.end));
  return result;
}

export function* triedOrders(orders: OrderBatch, accepted: Iterable<number>): Generator<TriedOrder> {
  const orderIds = orders.orderIds();
  for (const i of accepted)
    yield { orderId: orderIds[i]!, row: orders.row(orders.first(i)), content: orders.content(i) };
}
