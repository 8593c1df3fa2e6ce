/**
 * How many requests each may send: a bucket that holds a burst, is refilled all the time, and loses one for each request. The answer is
 * always there at once, from the bucket of this process.
 *
 * Where several processes serve the same principals, each tells the store what it has let through, a lump of requests at a time, and
 * learns what is left of the bucket of all. What they let through beyond that is bounded, for each by a lump and what comes while the store
 * answers, at most a burst, and it is a debt: the refill pays it before anything else is allowed. While the store is down each process goes
 * on by its own bucket.
 */
import { LRUCache } from 'lru-cache';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { SmallRecords } from '../ports/small-records.ts';

export interface Allowance {
  isAllowed: boolean;
  /** Requests that may follow immediately. */
  remaining: number;
  /** Until all of the burst may be sent again; when this request is not allowed, until the next is. */
  resetSeconds: number;
}

export interface Rate {
  perSecond: number;
  burst: number;
}

/** What a bucket holds; less than nothing while it is in debt. */
interface Level {
  level: number;
  atMs: number;
}

interface Bucket extends Level {
  /** Let through, and not yet told to the store. */
  untold: number;
  isTelling: boolean;
}

export class Allowances {
  readonly #rate: Rate;
  /** Requests that are told together. */
  readonly #lump: number;
  readonly #clock: Clock;
  readonly #records: SmallRecords | null;
  readonly #buckets: LRUCache<string, Bucket>;

  /** `records`: null where no other process shares the buckets. */
  constructor(rate: Rate, clock: Clock, records: SmallRecords | null) {
    this.#rate = rate;
    this.#lump = Math.ceil(rate.perSecond * limits.allowanceLumpSeconds);
    this.#clock = clock;
    this.#records = records;
    this.#buckets = new LRUCache({ max: limits.allowances });
  }

  /** Takes one request from the bucket of `owner`, if it is there. */
  take(owner: string): Allowance {
    const { perSecond, burst } = this.#rate;
    const nowMs = this.#clock.now();
    let bucket = this.#buckets.get(owner);
    if (!bucket) {
      bucket = { level: burst, atMs: nowMs, untold: 0, isTelling: false };
      this.#buckets.set(owner, bucket);
    }
    this.#refill(bucket, nowMs);
    if (bucket.level < 1)
      return { isAllowed: false, remaining: 0, resetSeconds: Math.ceil((1 - bucket.level) / perSecond) };
    bucket.level--;
    bucket.untold = Math.min(bucket.untold + 1, burst);
    if (this.#records && bucket.untold >= this.#lump && !bucket.isTelling)
      void this.#tell(this.#records, owner, bucket);
    return {
      isAllowed: true,
      remaining: Math.floor(bucket.level),
      resetSeconds: Math.ceil((burst - bucket.level) / perSecond),
    };
  }

  #refill(bucket: Level, nowMs: number): void {
    const { perSecond, burst } = this.#rate;
    // A clock that was set back gives nothing, and takes nothing.
    const seconds = Math.max(0, nowMs - bucket.atMs) / 1000;
    bucket.level = Math.min(burst, bucket.level + seconds * perSecond);
    bucket.atMs = nowMs;
  }

  async #tell(records: SmallRecords, owner: string, bucket: Bucket): Promise<void> {
    bucket.isTelling = true;
    try {
      for (let tries = 0; tries < limits.allowanceTries; tries++) {
        const told = bucket.untold;
        const left = await this.#takeFromAll(records, owner, told);
        if (left === null) continue;
        bucket.untold -= told;
        bucket.level = left.level - bucket.untold;
        bucket.atMs = this.#clock.now();
        return;
      }
    } catch {
      // The store is down: the next lump is told with this one.
    } finally {
      bucket.isTelling = false;
    }
  }

  /** What is left in the bucket of all processes; null when another one was faster. */
  async #takeFromAll(records: SmallRecords, owner: string, requests: number): Promise<Level | null> {
    const { perSecond, burst } = this.#rate;
    const found = await records.get<Level>('allowance', owner);
    const nowMs = this.#clock.now();
    const all = found ? { ...found.data } : { level: burst, atMs: nowMs };
    // The clocks of processes differ: who is behind refills nothing.
    this.#refill(all, Math.max(nowMs, all.atMs));
    all.level = Math.max(-burst, all.level - requests);
    const expiresMs = all.atMs + (2 * burst * 1000) / perSecond;
    const version = (found?.version ?? 0) + 1;
    const isWritten = await records.put({ kind: 'allowance', id: owner, version, owner: null, expiresMs, data: all });
    return isWritten ? all : null;
  }
}
