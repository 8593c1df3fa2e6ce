/** The rejections of a file in row order, from its committed chunks: for the API's list and for the report. */
import { limits } from '../../limits.ts';
import type { Rejection } from '../../model/rejection.ts';
import type { Rejections } from '../../ports/rejections.ts';
import { readPosition } from '../page.ts';
import type { Database } from './database.ts';
import { decodeRejections } from './plan.ts';

export function createRejections({ chunks }: Database): Rejections {
  return {
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
