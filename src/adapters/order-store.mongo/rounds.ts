/** Pauses between rounds of a compare-and-swap that others won: longer each time, and spread. */
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../limits.ts';

export const pauseBetweenRounds = (round: number): Promise<void> =>
  delay(Math.random() * Math.min(limits.mongoLastPauseMs, limits.mongoFirstPauseMs * 2 ** round));
