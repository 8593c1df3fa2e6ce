/** Pauses between the rounds of a compare-and-swap that other writers won: longer each time, with jitter. */
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import { backoffMs } from '../../ports/retry.ts';

export const pauseBetweenRounds = (round: number): Promise<void> =>
  delay(Math.random() * backoffMs(limits.mongoRoundBackoff, round));
