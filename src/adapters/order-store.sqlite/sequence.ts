/** The sequence that numbers orders and their changes. */
import type { Database } from '../sqlite/database.ts';

/** Returns the highest number so far; 0 when there is none. */
export function newestNumber(db: Database): () => number {
  const newest = db.prepare(
    'select max(coalesce((select max(seq) from orders), 0), coalesce((select max(seq) from order_changes), 0)) seq',
  );
  return () => (newest.get() as { seq: number }).seq;
}

/**
 * Returns the time of orders that are created together. Later ones get later times even when the clock stops or is set back: lists are
 * ordered by time.
 */
export function creationTime(db: Database): (nowMs: number) => number {
  const last = db.prepare('select created_at from orders order by seq desc limit 1');
  return (nowMs) => Math.max(nowMs, ((last.get() as { created_at: number } | undefined)?.created_at ?? 0) + 1);
}
