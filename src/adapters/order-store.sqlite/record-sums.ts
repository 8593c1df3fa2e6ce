/** Adds the sums of a chunk to those over all files, for the statistics. */
import type { ReasonCode } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import type { Database } from '../sqlite/database.ts';

export interface Counts {
  rows: number;
  accepted: number;
  invalid: number;
}

/** The amount of the accepted rows in minor units, and their number by hub. */
export function sumUp(rows: OrderBatch, accepted: Uint32Array) {
  const byPair = new Uint32Array(rows.pairs.hubIds.length);
  let amountMinor = 0n;
  let partMinor = 0;
  for (const i of accepted) {
    byPair[rows.pair(i)]!++;
    // Numbers are faster than BigInts; a single total is below 2^50, so the part is exact up to this bound.
    partMinor += rows.totalMinor(i);
    if (partMinor > 2 ** 52) {
      amountMinor += BigInt(partMinor);
      partMinor = 0;
    }
  }
  const byHub = new Map<string, number>();
  for (const [pair, count] of byPair.entries()) {
    const hubId = rows.pairs.hubIds[pair]!;
    if (count > 0) byHub.set(hubId, (byHub.get(hubId) ?? 0) + count);
  }
  return { amountMinor: amountMinor + BigInt(partMinor), byHub };
}

export function sumRecorder(db: Database) {
  const addTotal = db.prepare(
    'insert into totals (name, value) values (?, ?) on conflict (name) do update set value = value + excluded.value',
  );
  const readAmount = db.prepare("select minor from amounts where name = 'orders'");
  const writeAmount = db.prepare(
    "insert into amounts (name, minor) values ('orders', ?) on conflict (name) do update set minor = excluded.minor",
  );
  const addHistory = db.prepare(`
    insert into history (minute, rows, accepted, invalid) values (?, ?, ?, ?)
    on conflict (minute) do update set rows = rows + excluded.rows, accepted = accepted + excluded.accepted,
      invalid = invalid + excluded.invalid`);

  return (
    counts: Counts,
    { amountMinor, byHub }: ReturnType<typeof sumUp>,
    codes: ReadonlyMap<ReasonCode, number>,
    at: number,
  ): void => {
    addTotal.run('rows', counts.rows);
    addTotal.run('accepted', counts.accepted);
    addTotal.run('invalid', counts.invalid);
    addTotal.run('status:on_hold', counts.accepted);
    for (const [hubId, count] of byHub) addTotal.run(`hub:${hubId}`, count);
    for (const [code, count] of codes) addTotal.run(`code:${code}`, count);
    if (amountMinor > 0n) {
      const { minor } = (readAmount.get() as { minor: string } | undefined) ?? { minor: '0' };
      writeAmount.run((BigInt(minor) + amountMinor).toString());
    }
    addHistory.run(Math.floor(at / 60_000), counts.rows, counts.accepted, counts.invalid);
  };
}
