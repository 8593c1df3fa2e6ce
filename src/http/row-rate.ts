/** Rows per second over the last seconds, for `/stats`, from totals that are sampled once a second. */
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';

export class RowRate {
  #samples: { atMs: number; rows: number }[] = [];

  add(atMs: number, rows: number): void {
    // When the clock was set back or forward, older samples are dropped.
    const recent = this.#samples.filter((old) => old.atMs <= atMs && atMs - old.atMs <= limits.rateWindowMs);
    this.#samples = [...recent, { atMs, rows }];
  }

  clear(): void {
    this.#samples = [];
  }

  get rowsPerSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs <= first.atMs) return 0;
    return Math.max(0, Math.round(((last.rows - first.rows) * 1000) / (last.atMs - first.atMs)));
  }
}

/** Samples the totals once a second. */
export function sampleRowsPerSecond({ store, clock }: { store: Pick<OrderStore, 'statistics'>; clock: Clock }) {
  const rate = new RowRate();
  const sample = async () => {
    const atMs = clock.now();
    try {
      rate.add(atMs, (await store.statistics.totals()).rows.total);
    } catch {
      rate.clear();
    }
  };
  const timer = setInterval(sample, limits.rateSampleMs);
  sample();
  return { rowsPerSecond: () => rate.rowsPerSecond, stop: () => clearInterval(timer) };
}
