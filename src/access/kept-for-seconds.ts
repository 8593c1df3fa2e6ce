/**
 * What the store said of records about access, also that there is none, kept for some seconds. Requests for one id at the same time share a
 * read, so the store is asked little, and a change counts soon on every process.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../ports/clock.ts';

interface Bounds {
  max: number;
  /** Milliseconds. */
  ttl: number;
}

export const keptForSeconds = <Kept extends object>(
  bounds: Bounds,
  clock: Clock,
  read: (id: string) => Promise<Kept>,
): LRUCache<string, Kept> =>
  new LRUCache<string, Kept>({
    ...bounds,
    ...{ perf: clock, ttlResolution: 0, ignoreFetchAbort: true },
    fetchMethod: read,
  });
