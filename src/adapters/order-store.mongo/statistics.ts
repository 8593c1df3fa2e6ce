/** Sums for `/stats`, from the files, whose counters move with their checkpoints, and its history, from an index of the chunks. */
import { FILE_STATUSES } from '../../model/file.ts';
import { REASON_CODES } from '../../model/rejection.ts';
import type { Statistics, Totals } from '../../ports/statistics.ts';
import type { Database } from './database.ts';
import { hubOfField, type NO_AMOUNT } from './documents.ts';
import { shownStatus } from './file-document.ts';

/** The sums of the files of one status. */
interface StatusSums {
  _id: { status: 'queued'; waiting: 'ims' | null };
  files: number;
  rows: number;
  accepted: number;
  invalid: number;
  amount: typeof NO_AMOUNT;
  [code: `code_${string}`]: number;
}

interface HubSum {
  _id: string;
  orders: number;
}

const sum = (field: string) => ({ $sum: `$${field}` });

const BY_STATUS = [
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

const BY_HUB = [
  { $match: { accepted: { $gt: 0 } } },
  { $project: { hub: { $objectToArray: '$accepted_by_hub' } } },
  { $unwind: '$hub' },
  { $group: { _id: '$hub.k', orders: sum('hub.v') } },
];

const TO_PUBLISH = [{ $match: { publish: 'pending' } }, { $group: { _id: null, events: sum('accepted') } }];

export function createStatistics({ files, chunks }: Database): Statistics {
  return {
    async totals() {
      const [statuses, hubs, unpublished] = await Promise.all([
        files.aggregate<StatusSums>(BY_STATUS).toArray(),
        files.aggregate<HubSum>(BY_HUB).toArray(),
        chunks.aggregate<{ events: number }>(TO_PUBLISH).toArray(),
      ]);
      return totalsOf(statuses, hubs, unpublished[0]?.events ?? 0);
    },

    async history(bucketMs, fromMs, toMs) {
      const buckets = await chunks
        .aggregate<{ _id: number; rows: number; accepted: number; invalid: number }>(byTime(bucketMs, fromMs, toMs))
        .toArray();
      return buckets.map(({ _id, ...counts }) => ({ atMs: Number(_id), ...counts }));
    },
  };
}

function byTime(bucketMs: number, fromMs: number, toMs: number) {
  const time = { $subtract: ['$committed_at', new Date(0)] };
  return [
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
  ];
}

function totalsOf(statuses: StatusSums[], hubs: HubSum[], pending: number): Totals {
  const files = Object.fromEntries(FILE_STATUSES.map((status) => [status, 0])) as Totals['files'];
  const invalidByCode: Record<string, number> = {};
  let amountMinor = 0n;
  for (const group of statuses) {
    files[shownStatus({ status: group._id.status, waiting_for: group._id.waiting ?? null })] += group.files;
    amountMinor += toBigInt(group.amount);
    for (const code of REASON_CODES)
      if (group[`code_${code}`]! > 0) invalidByCode[code] = (invalidByCode[code] ?? 0) + group[`code_${code}`]!;
  }
  const total = (field: 'rows' | 'accepted' | 'invalid') => statuses.reduce((sum, group) => sum + group[field], 0);
  const accepted = total('accepted');
  return {
    files,
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
}

/** The server writes sums of decimals in several forms: 12E+3, or the integer 5 where there was nothing to add. */
function toBigInt(amount: typeof NO_AMOUNT | number): bigint {
  const [digits, exponent = '0'] = amount.toString().split('E');
  return BigInt(digits!.replace(/\.0*$/, '')) * 10n ** BigInt(exponent.replace('+', ''));
}
