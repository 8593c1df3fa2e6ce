/**
 * Backfills: what a newer release wants of data that older releases have written, filled in by bounded steps beside a running service.
 * One process works on them at a time, under the lease `backfill`.
 */
export interface Backfills {
  /**
   * Runs the next step, at most `limits.backfillRows` rows, and returns the name of its backfill, of which more is left; null when all are
   * done, as in a new store. MUST be safe to interrupt and to repeat: the position moves with what the step wrote, or after it.
   */
  step(): Promise<string | null>;
}

/** `Db`: what a step works on. */
export interface Backfill<Db, Next> {
  name: string;
  /** Writers of this schema version and later write the data themselves. It runs once no older writer may join. */
  sinceVersion: number;
  /** `cursor`: null for the first step, then what the step before returned. Returns null when nothing is left. */
  step(db: Db, cursor: string | null): Next;
}
