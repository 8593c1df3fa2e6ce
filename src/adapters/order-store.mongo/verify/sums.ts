/** Checks that the sums of orders by status and hub, and of their amounts, are those of the orders. */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { limits } from '../../../limits.ts';
import { isCounted, type Workflow } from '../../../model/workflow.ts';
import type { Totals } from '../../../ports/statistics.ts';
import type { Violation } from '../../../ports/verification.ts';
import type { Database } from '../database.ts';
import { HIDDEN } from '../documents.ts';
import { createStatistics } from '../statistics.ts';

const SHOWN = { $match: { status: { $nin: [...HIDDEN] } } };

/**
 * While files are in work their orders are there before they are counted, and while events wait for long so are changes: then nothing is
 * checked. What changes during a look is in work, and tells nothing; what is off must stay off by the same.
 */
export async function* checkSums(database: Database, workflow: Workflow): AsyncGenerator<Violation> {
  let off = new Map<string, string>();
  for (let look = 1; look <= limits.verifyLooks; look++) {
    if (look > 1) await delay(limits.verifyLookMs);
    const now = await lookAtSums(database, workflow);
    for (const [id, detail] of now) if (look > 1 && off.get(id) !== detail) now.delete(id);
    off = now;
    if (off.size === 0) return;
  }
  for (const [id, detail] of off) yield { check: 'sums', what: 'a sum is not that of the orders', id, detail };
}

async function lookAtSums(database: Database, workflow: Workflow): Promise<Map<string, string>> {
  const statistics = createStatistics(database);
  if (await isInWork(database)) return new Map();
  const { orders: before } = await statistics.totals();
  const actual = await sumsOfOrders(database, workflow);
  const { orders: sums } = await statistics.totals();
  if (!isDeepStrictEqual(before, sums) || (await isInWork(database))) return new Map();
  const off = new Map<string, string>();
  const compare = (id: string, sum: number | bigint = 0, orders: number | bigint = 0) => {
    if (sum !== orders) off.set(id, `${sum}, the orders make ${orders}`);
  };
  for (const [kind, name] of [
    ['status', 'byStatus'],
    ['hub', 'byHub'],
  ] as const)
    for (const key of new Set([...Object.keys(sums[name]), ...Object.keys(actual[name])]))
      compare(`${kind}:${key}`, sums[name][key], actual[name][key]);
  compare('amount', sums.amountMinor, actual.amountMinor);
  return off;
}

async function isInWork({ files, orders }: Database): Promise<boolean> {
  if (await files.findOne({ status: 'processing' }, { projection: { _id: 1 } })) return true;
  const waiting = { outbox_at: { $gt: new Date(0) } };
  return (await orders.countDocuments(waiting, { limit: limits.maxUncountedOrders + 1 })) > limits.maxUncountedOrders;
}

async function sumsOfOrders({ orders }: Database, workflow: Workflow): Promise<Omit<Totals['orders'], 'total'>> {
  const statuses = await orders
    .aggregate<{ _id: string; orders: number; amount: number }>([
      SHOWN,
      { $group: { _id: '$status', orders: { $sum: 1 }, amount: { $sum: '$total_minor' } } },
    ])
    .toArray();
  const hubs = await orders
    .aggregate<{ _id: string; orders: number }>([
      SHOWN,
      { $project: { hub: { $setUnion: ['$items.hub_id', []] } } },
      { $unwind: '$hub' },
      { $group: { _id: '$hub', orders: { $sum: 1 } } },
    ])
    .toArray();
  const counted = statuses.filter(({ _id }) => isCounted(workflow, _id));
  return {
    byStatus: Object.fromEntries(statuses.map((one) => [one._id, one.orders])),
    byHub: Object.fromEntries(hubs.map((one) => [one._id, one.orders])),
    amountMinor: counted.reduce((sum, { amount }) => sum + BigInt(amount), 0n),
  };
}
