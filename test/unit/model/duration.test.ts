/** How long something is kept. */
import { expect, test } from 'vitest';
import { parseDuration } from '../../../src/model/duration.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

test.each([
  ['12h', DAY_MS / 2],
  ['90d', 90 * DAY_MS],
  ['2w', 14 * DAY_MS],
  ['1y', 365 * DAY_MS],
  ['forever', null],
] as const)('%s is read', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '0d', '1', 'd', '1m', '-1d', '1.5d', '1 d', '10000d', '1d1h', 'Forever', '1d\n'])(
  '%j is none',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);
