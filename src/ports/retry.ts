/** Pauses between tries: each is twice as long as the one before, up to a bound, with jitter. The bounds are in `limits.ts`. */
import type { Clock } from './clock.ts';

export interface Backoff {
  firstMs: number;
  lastMs: number;
}

/** The pause after a failure, when so many came before it in a row. */
export const backoffMs = ({ firstMs, lastMs }: Backoff, failuresBefore: number): number =>
  Math.min(lastMs, firstMs * 2 ** failuresBefore);

/** Between half and all of it, so that callers which failed at the same moment do not try again at the same moment. */
export const jitter = ({ random }: Pick<Clock, 'random'>, ms: number): number => ms * (0.5 + random() / 2);

export const retryPauseMs = (clock: Pick<Clock, 'random'>, backoff: Backoff, failuresBefore: number): number =>
  jitter(clock, backoffMs(backoff, failuresBefore));
