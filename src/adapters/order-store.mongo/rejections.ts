/** The rejections of a file, from its committed chunks: their list in row order, for the API and for the report, and their deletion. */
import { limits } from '../../limits.ts';
import type { Rejection } from '../../model/rejection.ts';
import { copyOrders } from '../../order-batch/copy-orders.ts';
import type { Rejections } from '../../ports/rejections.ts';
import { readPosition } from '../page.ts';
import type { Database } from './database.ts';
import type { ChunkDocument } from './documents.ts';
import { acceptedOrders, decodeRejections, encodePlan, planAsRead } from './plan.ts';

/** Of an ended file: nothing else changes its chunks. */
const withRejections = (fileId: string) =>
  ({ file: fileId, state: 'committed', invalid: { $gt: 0 }, rejections_deleted: { $exists: false } }) as const;

/** The plan of the accepted orders alone. It is what the events of the chunk are made from. */
async function planOfAccepted(chunk: ChunkDocument) {
  const { orders, accepted } = await acceptedOrders(chunk);
  return encodePlan(
    copyOrders(orders, accepted),
    accepted.map((_, i) => i),
  );
}

export function createRejections({ chunks, files }: Database): Rejections {
  return {
    async delete(fileId) {
      const marked = await files.findOne(
        { _id: fileId, report_deleted_at: { $exists: true } },
        { projection: { _id: 1 } },
      );
      const chunk = marked && (await chunks.findOne(withRejections(fileId)));
      if (!chunk) return false;
      const { filter, next } = planAsRead(chunk);
      // No match: somebody was erased from it meanwhile.
      await chunks.updateOne(
        { ...filter, state: 'committed' },
        { $set: { ...next, plan: await planOfAccepted(chunk), rejections: null, rejections_deleted: true } },
      );
      return true;
    },
    async list(fileId, { code, fromRow = 1 }, { limit, after }) {
      const from = readPosition<[number]>(after, 'number')?.[0] ?? fromRow - 1;
      const found = chunks.find(
        { file: fileId, state: 'committed', row: { $gt: from } },
        { sort: { n: 1 }, projection: { row: 1, invalid: 1, invalid_by_code: 1, rejections: 1 }, batchSize: 2 },
      );
      const items: Rejection[] = [];
      let scanned = 0;
      let chars = 0;
      for await (const chunk of found) {
        if (chunk.invalid === 0 || (code && !chunk.invalid_by_code?.[code])) continue;
        for (const rejection of await decodeRejections(chunk.rejections)) {
          if (rejection.row <= from) continue;
          if (items.length === limit || chars >= limits.rejectionPageChars)
            return { items, next: JSON.stringify([items.at(-1)!.row]) };
          scanned++;
          if (code && !rejection.reasons.some((reason) => reason.code === code)) continue;
          items.push(rejection);
          chars += rejection.record?.length ?? 0;
          for (const value of rejection.values) chars += value.length;
        }
        if (scanned >= limits.maxScanRejections) return { items, next: JSON.stringify([chunk.row]) };
      }
      return { items, next: null };
    },
  };
}
