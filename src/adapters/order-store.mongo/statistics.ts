/**
 * Sums for `/stats`, from the files, whose counters move with their checkpoints, and from the counted and uncounted changes of orders; its
 * history from an index of the chunks.
 */
import { FILE_STATUSES } from '../../model/file.ts';
import { REASON_CODES } from '../../model/rejection.ts';
import type { Statistics, Totals } from '../../ports/statistics.ts';
import type { Database } from './database.ts';
import { hubOfField, initialStatus, type NO_AMOUNT, type TotalsDocument } from './documents.ts';
import { shownStatus } from './file-document.ts';
import { type ChangeSums, uncountedSums } from './publish-changes.ts';

/** The sums of the files of one status. */
interface StatusSums {
  _id: { status: 'queued'; waiting: 'ims' | null };
  files: number;
  rows: number;
  accepted: number;
  invalid: number;
  /** Accepted rows that are further items. */
  more: number;
  /** Orders that were there before. */
  again: number;
  amount: typeof NO_AMOUNT;
  [code: `code_${string}`]: number;
}

/** The sum of a field that has a number by name. */
interface NamedSum {
  _id: string;
  orders: number;
}

const sum = (field: string) => ({ $sum: `$${field}` });
/** Of files that are no dry runs. */
const realSum = (field: string) => ({ $sum: { $cond: [{ $eq: ['$dry_run', true] }, 0, `$${field}`] } });

const OF_FILES = [
  { $match: { status: { $ne: 'creating' } } },
  {
    $group: {
      _id: { status: '$status', waiting: '$waiting_for' },
      files: { $sum: 1 },
      rows: realSum('rows'),
      accepted: realSum('accepted'),
      invalid: realSum('invalid'),
      more: realSum('more_items'),
      again: realSum('taken_again'),
      amount: sum('amount_minor'),
      ...Object.fromEntries(REASON_CODES.map((code) => [`code_${code}`, realSum(`invalid_by_code.${code}`)])),
    },
  },
];

const sumsByName = (field: 'accepted_by_hub' | 'accepted_by_status') => [
  { $match: { accepted: { $gt: 0 }, dry_run: { $exists: false } } },
  { $project: { named: { $objectToArray: `$${field}` } } },
  { $unwind: '$named' },
  { $group: { _id: '$named.k', orders: sum('named.v') } },
];

const TO_PUBLISH = [
  { $match: { publish: 'pending' } },
  { $group: { _id: null, accepted: sum('accepted'), more: sum('more_items') } },
];

const NOTHING_COUNTED: TotalsDocument = { _id: 'orders', seq: 0, batch: [] };

export function createStatistics({ files, chunks, totals, orders }: Database): Statistics {
  /** What changes add, counted or not. */
  async function changes() {
    const counted = (await totals.findOne({ _id: 'orders' })) ?? NOTHING_COUNTED;
    return { counted, uncounted: await uncountedSums({ orders }, counted) };
  }

  return {
    async totals() {
      const [statuses, byHub, byStatus, unpublished, changed] = await Promise.all([
        files.aggregate<StatusSums>(OF_FILES).toArray(),
        files.aggregate<NamedSum>(sumsByName('accepted_by_hub')).toArray(),
        files.aggregate<NamedSum>(sumsByName('accepted_by_status')).toArray(),
        chunks.aggregate<{ accepted: number; more: number }>(TO_PUBLISH).toArray(),
        changes(),
      ]);
      const { accepted = 0, more = 0 } = unpublished[0] ?? {};
      return {
        ...totalsOf(statuses, accepted - more, changed),
        orders: ordersOf(createdIn(statuses), { statuses, byHub, byStatus }, changed),
      };
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

interface Changed {
  counted: TotalsDocument;
  uncounted: ChangeSums;
}

/** The orders that the accepted rows of files made. */
const createdIn = (statuses: StatusSums[]): number =>
  statuses.reduce((sum, { accepted, more }) => sum + accepted - more, 0);

/** All but those of orders. */
function totalsOf(statuses: StatusSums[], pending: number, { counted, uncounted }: Changed): Omit<Totals, 'orders'> {
  const files = Object.fromEntries(FILE_STATUSES.map((status) => [status, 0])) as Totals['files'];
  const invalidByCode: Record<string, number> = {};
  for (const group of statuses) {
    files[shownStatus({ status: group._id.status, waiting_for: group._id.waiting ?? null })] += group.files;
    for (const code of REASON_CODES)
      if (group[`code_${code}`]! > 0) invalidByCode[code] = (invalidByCode[code] ?? 0) + group[`code_${code}`]!;
  }
  const total = (field: 'rows' | 'accepted' | 'invalid') => statuses.reduce((sum, group) => sum + group[field], 0);
  const created = createdIn(statuses) - statuses.reduce((sum, { again }) => sum + again, 0);
  return {
    files,
    rows: { total: total('rows'), accepted: total('accepted'), invalid: total('invalid') },
    invalidByCode,
    events: {
      // A chunk is committed a moment before its file counts it.
      published: Math.max(0, created - pending) + (counted.events ?? 0),
      pending: Math.min(created, pending) + uncounted.events,
    },
  };
}

function ordersOf(
  created: number,
  ofFiles: { statuses: StatusSums[]; byHub: NamedSum[]; byStatus: NamedSum[] },
  { counted, uncounted }: Changed,
): Totals['orders'] {
  const named = (sums: NamedSum[]) => sums.map(({ _id, orders }): [string, number] => [_id, orders]);
  const knownStatus = ofFiles.byStatus.reduce((sum, { orders }) => sum + orders, 0);
  const byStatus = added([
    [initialStatus({}), created - knownStatus],
    ...named(ofFiles.byStatus),
    ...Object.entries(counted.by_status ?? {}),
    ...uncounted.byStatus,
  ]);
  const byHub = added([...named(ofFiles.byHub), ...Object.entries(counted.by_hub ?? {}), ...uncounted.byHub]);
  const amountMinor = ofFiles.statuses.reduce((sum, { amount }) => sum + toBigInt(amount), 0n);
  return {
    total: [...byStatus.values()].reduce((sum, orders) => sum + orders, 0),
    byStatus: Object.fromEntries(byStatus),
    byHub: Object.fromEntries([...byHub].map(([field, orders]) => [hubOfField(field), orders])),
    amountMinor: amountMinor + toBigInt(counted.amount_minor ?? 0) + uncounted.amountMinor,
  };
}

/** The sums that are not 0, by name. */
function added(parts: Iterable<[string, number]>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, by] of parts) sums.set(name, (sums.get(name) ?? 0) + by);
  for (const [name, sum] of sums) if (sum === 0) sums.delete(name);
  return sums;
}

/** The server writes sums of decimals in several forms: 12E+3, or the integer 5 where there was nothing to add. */
function toBigInt(amount: typeof NO_AMOUNT | number): bigint {
  const [digits, exponent = '0'] = amount.toString().split('E');
  return BigInt(digits!.replace(/\.0*$/, '')) * 10n ** BigInt(exponent.replace('+', ''));
}
