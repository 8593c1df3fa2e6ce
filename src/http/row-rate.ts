/** Rows per second over the last seconds, for `/stats`: from totals that are sampled once a second. */
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';

export class RowRate {
  #seen: { atMs: number; rows: number }[] = [];

  see(atMs: number, rows: number): void {
    // Samples from before the clock was set back or forward are dropped.
    const recent = this.#seen.filter((old) => old.atMs <= atMs && atMs - old.atMs <= limits.rateWindowMs);
    this.#seen = [...recent, { atMs, rows }];
  }

  forget(): void {
    this.#seen = [];
  }

  get rowsPerSecond(): number {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
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
      rate.see(atMs, (await store.statistics.totals()).rows.total);
    } catch {
      rate.forget();
    }
  };
  const timer = setInterval(sample, limits.rateSampleMs);
  sample();
  return { rowsPerSecond: () => rate.rowsPerSecond, stop: () => clearInterval(timer) };
}
