import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { OmsError } from '../../src/errors.ts';
import { rateLimited } from '../../src/log.ts';

test('a line that requests repeat is logged immediately, then once in each interval with the number of repetitions', async () => {
  const lines: { level: string; message: string; lines: unknown; err: unknown }[] = [];
  const push = (level: string) => (fields: { err: unknown; lines?: unknown }, message: string) =>
    void lines.push({ level, message, lines: fields.lines, err: fields.err });
  const log = rateLimited({ warn: push('warn'), error: push('error') }, 20);
  const full = new OmsError('disk_full', 'no room');
  for (let i = 0; i < 1_000; i++) log.warn({ err: full }, 'a request could not be served');
  log.warn({ err: new OmsError('too_many_uploads', 'later') }, 'a request could not be served');
  log.error({ err: new Error('x') }, 'a request failed');
  expect(lines.map(({ level, lines }) => [level, lines])).toEqual([
    ['warn', undefined],
    ['warn', undefined],
    ['error', undefined],
  ]);
  await expect.poll(() => lines.length).toBe(4);
  expect(lines[3]).toEqual({ level: 'warn', message: 'a request could not be served', lines: 999, err: full });

  // After a quiet time the next line is logged immediately again.
  await delay(100);
  expect(lines).toHaveLength(4);
  log.warn({ err: full }, 'a request could not be served');
  expect(lines[4]).toMatchObject({ lines: undefined, err: full });
});
