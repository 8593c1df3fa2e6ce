/** Sums for `/stats`, from the files, whose counters move with their checkpoints, and its history, from an index of the chunks. */
import { FILE_STATUSES } from '../../model/file.ts';
import { REASON_CODES } from '../../model/rejection.ts';
import type { Statistics } from '../../ports/statistics.ts';
import type { Database } from './database.ts';
import { hubOfField, type NO_AMOUNT } from './documents.ts';
import { shownStatus } from './file-document.ts';

interface StatusSums {
  _id: { status: 'queued'; waiting: 'ims' | null };
  files: number;
  rows: number;
  accepted: number;
  invalid: number;
  amount: typeof NO_AMOUNT;
  [code: `code_${string}`]: number;
}

export function createStatistics(database: Database): Statistics {
  const { files, chunks } = database;
  const sum = (field: string) => ({ $sum: `$${field}` });
  const byStatus = [
    { $match: { status: { $ne: 'creating' } } },
    {
      $group: {
        _id: { status: '$status', waiting: '$waiting_for' },
        files: { $sum: 1 },
        rows: sum('rows'),
        accepted: sum('accepted'),
        invalid: sum('invalid'),
        amount: sum('amount_minor'),
        ...Object.fromEntries(REASON_CODES.map((code) => [`code_${code}`, sum(`invalid_by_code.${code}`)])),
      },
    },
  ];
  const byHub = [
    { $match: { accepted: { $gt: 0 } } },
    { $project: { hub: { $objectToArray: '$accepted_by_hub' } } },
    { $unwind: '$hub' },
    { $group: { _id: '$hub.k', orders: sum('hub.v') } },
  ];
  const toPublish = [{ $match: { publish: 'pending' } }, { $group: { _id: null, events: sum('accepted') } }];

  return {
    async totals() {
      const [statuses, hubs, unpublished] = await Promise.all([
        files.aggregate<StatusSums>(byStatus).toArray(),
        files.aggregate<{ _id: string; orders: number }>(byHub).toArray(),
        chunks.aggregate<{ events: number }>(toPublish).toArray(),
      ]);
      const ofStatus = Object.fromEntries(FILE_STATUSES.map((status) => [status, 0])) as Record<
        (typeof FILE_STATUSES)[number],
        number
      >;
      const invalidByCode: Record<string, number> = {};
      let amountMinor = 0n;
      for (const group of statuses) {
        ofStatus[shownStatus({ status: group._id.status, waiting_for: group._id.waiting ?? null })] += group.files;
        amountMinor += toBigInt(group.amount);
        for (const code of REASON_CODES)
          if (group[`code_${code}`]! > 0) invalidByCode[code] = (invalidByCode[code] ?? 0) + group[`code_${code}`]!;
      }
      const total = (field: 'rows' | 'accepted' | 'invalid') => statuses.reduce((sum, group) => sum + group[field], 0);
      const accepted = total('accepted');
      const pending = unpublished[0]?.events ?? 0;
      return {
        files: ofStatus,
        rows: { total: total('rows'), accepted, invalid: total('invalid') },
        orders: {
          total: accepted,
          byStatus: accepted > 0 ? { on_hold: accepted } : {},
          byHub: Object.fromEntries(hubs.map(({ _id, orders }) => [hubOfField(_id), orders])),
          amountMinor,
        },
        invalidByCode,
        // A chunk is committed a moment before its file counts it.
        events: { published: Math.max(0, accepted - pending), pending: Math.min(accepted, pending) },
      };
    },

    async history(bucketMs, fromMs, toMs) {
      const time = { $subtract: ['$committed_at', new Date(0)] };
      const buckets = await chunks
        .aggregate<{ _id: number; rows: number; accepted: number; invalid: number }>([
          { $match: { committed_at: { $gte: new Date(fromMs), $lt: new Date(toMs) } } },
          {
            $group: {
              _id: { $subtract: [time, { $mod: [time, bucketMs] }] },
              rows: sum('rows'),
              accepted: sum('accepted'),
              invalid: sum('invalid'),
            },
          },
          { $sort: { _id: 1 } },
        ])
        .toArray();
      return buckets.map(({ _id, ...counts }) => ({ atMs: Number(_id), ...counts }));
    },
  };
}

/** Sums of decimals come as they like: 12E+3, or 5 as an integer where there was nothing to add. */
function toBigInt(amount: typeof NO_AMOUNT | number): bigint {
  const [digits, exponent = '0'] = amount.toString().split('E');
  return BigInt(digits!.replace(/\.0*$/, '')) * 10n ** BigInt(exponent.replace('+', ''));
}
