/**
 * Very large files of one shape through reading, validation and the lines of the report, in a process of its own with a small heap (INV-6).
 * By hand, a GiB of each: see `read-shape.ts`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from '../support/service.ts';
import { SHAPES } from './shapes.ts';

const HEAP_MIB = 128;
/** The heap, the young generation, buffers, the program: what a process takes that holds no more than a chunk. */
const MAX_MEMORY_MIB = 512;
const GIB = 1024 ** 3;

test.each(Object.entries(SHAPES))('%s: in bounded memory', async (name, { ends, bytes = GIB }) => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${HEAP_MIB}`,
    `${ROOT}test/fuzz/read-shape.ts`,
    name,
    String(bytes),
  ]);
  const outcome = JSON.parse(stdout) as { ends: string | null; rows: number; accepted: number; peakMiB: number };
  expect(outcome).toMatchObject({ ends, accepted: expect.any(Number) });
  if (ends === null) expect(outcome.rows).toBeGreaterThan(bytes / (1.1 * 1024 * 1024));
  expect(outcome.peakMiB).toBeLessThan(MAX_MEMORY_MIB);
});
