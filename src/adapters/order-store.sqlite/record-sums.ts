/** Adds to the sums over all files and orders, for the statistics: those of a chunk, and what changes of orders move. */
import type { StoredOrder } from '../../model/order.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from '../sqlite/database.ts';

export interface Counts {
  /** Without those that are skipped. */
  rows: number;
  accepted: number;
  invalid: number;
  /** What the accepted rows make. */
  orders: number;
  skipped: number;
}

/** The names of the sums that follow orders. */
export const STATUS_SUM = 'status:';
export const HUB_SUM = 'hub:';

export function totalOf(rows: OrderBatch, order: number): number {
  const end = rows.end(order);
  let totalMinor = 0;
  for (let i = rows.first(order); i < end; i++) totalMinor += rows.totalMinor(i);
  return totalMinor;
}

/** Of the accepted orders: their rows, their amount in minor units, and how many there are by hub, each once in each of its hubs. */
export function sumUp(rows: OrderBatch, accepted: Uint32Array) {
  const byPair = new Uint32Array(rows.pairs.hubIds.length);
  let amountMinor = 0n;
  let partMinor = 0;
  const byHub = new Map<string, number>();
  let acceptedRows = 0;
  for (const order of accepted) {
    const items = rows.end(order) - rows.first(order);
    acceptedRows += items;
    if (items === 1) byPair[rows.pair(rows.first(order))]!++;
    else for (const hubId of hubsOf(rows, order)) byHub.set(hubId, (byHub.get(hubId) ?? 0) + 1);
    // Numbers are faster than BigInts; a single total is below 2^50, so the part is exact up to this bound.
    partMinor += totalOf(rows, order);
    if (partMinor > 2 ** 52) {
      amountMinor += BigInt(partMinor);
      partMinor = 0;
    }
  }
  for (const [pair, count] of byPair.entries()) {
    const hubId = rows.pairs.hubIds[pair]!;
    if (count > 0) byHub.set(hubId, (byHub.get(hubId) ?? 0) + count);
  }
  return { acceptedRows, amountMinor: amountMinor + BigInt(partMinor), byHub };
}

function hubsOf(rows: OrderBatch, order: number): Set<string> {
  const hubs = new Set<string>();
  for (let i = rows.first(order); i < rows.end(order); i++) hubs.add(rows.pairs.hubIds[rows.pair(i)]!);
  return hubs;
}

/** Statements that add to a sum. */
function adders(db: Database) {
  const addTotal = db.prepare(
    'insert into totals (name, value) values (?, ?) on conflict (name) do update set value = value + excluded.value',
  );
  const readAmount = db.prepare('select minor from amounts where name = ?');
  const writeAmount = db.prepare(
    'insert into amounts (name, minor) values (?, ?) on conflict (name) do update set minor = excluded.minor',
  );
  return {
    addTotal: (name: string, value: number): void => {
      addTotal.run(name, value);
    },
    addAmount(name: string, minor: bigint): void {
      if (minor === 0n) return;
      const known = (readAmount.get(name) as { minor: string } | undefined)?.minor ?? '0';
      writeAmount.run(name, (BigInt(known) + minor).toString());
    },
  };
}

/** `status`: that of the accepted rows. */
export function sumRecorder(db: Database) {
  const { addTotal, addAmount } = adders(db);
  const addHistory = db.prepare(`
    insert into history (minute, rows, accepted, invalid) values (?, ?, ?, ?)
    on conflict (minute) do update set rows = rows + excluded.rows, accepted = accepted + excluded.accepted,
      invalid = invalid + excluded.invalid`);

  return (
    counts: Counts,
    { amountMinor, byHub }: Pick<ReturnType<typeof sumUp>, 'amountMinor' | 'byHub'>,
    codes: ReadonlyMap<ReasonCode, number>,
    status: string,
    at: number,
  ): void => {
    addTotal('rows', counts.rows + counts.skipped);
    addTotal('accepted', counts.accepted);
    addTotal('invalid', counts.invalid);
    addTotal(STATUS_SUM + status, counts.orders);
    for (const [hubId, count] of byHub) addTotal(HUB_SUM + hubId, count);
    for (const [code, count] of codes) addTotal(`code:${code}`, count);
    addAmount(STATUS_SUM + status, amountMinor);
    addHistory.run(Math.floor(at / 60_000), counts.rows, counts.accepted, counts.invalid);
  };
}

/** Collects what changes of orders move between the sums, and writes it once. */
export function orderSums(db: Database) {
  const { addTotal, addAmount } = adders(db);
  const counts = new Map<string, number>();
  const amounts = new Map<string, bigint>();

  const count = ({ order, deleted }: StoredOrder, sign: 1 | -1): void => {
    if (deleted) return;
    const status = STATUS_SUM + order.status;
    for (const name of [status, ...new Set(order.items.map(({ hubId }) => HUB_SUM + hubId))])
      counts.set(name, (counts.get(name) ?? 0) + sign);
    amounts.set(status, (amounts.get(status) ?? 0n) + BigInt(sign * order.totalMinor));
  };

  return {
    /** `before`: null for a new order. */
    move(before: StoredOrder | null, after: StoredOrder): void {
      if (before) count(before, -1);
      count(after, 1);
    },
    remove(before: StoredOrder): void {
      count(before, -1);
    },
    write(): void {
      for (const [name, value] of counts) if (value !== 0) addTotal(name, value);
      for (const [name, minor] of amounts) addAmount(name, minor);
      this.forget();
    },
    forget(): void {
      counts.clear();
      amounts.clear();
    },
  };
}
