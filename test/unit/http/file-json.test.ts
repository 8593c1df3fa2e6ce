/** The progress of a file never shows 100 % while something is left to do. */
import { expect, test } from 'vitest';
import { fileJson, needsAttention } from '../../../src/http/file-json.ts';
import { limits } from '../../../src/limits.ts';
import type { FileRecord } from '../../../src/model/file.ts';

const FILE = {
  status: 'processing',
  sizeBytes: 1_000,
  bytesRead: 500,
  rows: 100,
  accepted: 100,
  invalid: 0,
  warnings: [] as FileRecord['warnings'],
  reportedRows: 0,
  rowsPerSecond: 10,
  createdAtMs: 0,
  startedAtMs: 0,
  finishedAtMs: null,
  waitingSinceMs: null,
  nextTryAtMs: null,
  uploadDeletedAtMs: null,
  reportDeletedAtMs: null,
} as FileRecord;
const progressOf = (file: Partial<FileRecord>) => fileJson({ ...FILE, ...file }).progress;

test('a file without rejections has the progress of its bytes read', () => {
  expect(progressOf({})).toMatchObject({ percent: 50, eta_seconds: 10 });
});

test('a paused file has no time left', () => {
  expect(progressOf({ status: 'paused' })).toMatchObject({ percent: 50, eta_seconds: null });
});

test('rows of the report count as they are written', () => {
  const all = { bytesRead: 1_000, accepted: 0, invalid: 100 };
  const figures = [0, 40, 80, 100].map((reportedRows) => progressOf({ ...all, reportedRows }));
  expect(figures.map(({ percent }) => percent)).toEqual([80, 88, 96, 99.9]);
  expect(figures.map(({ eta_seconds }) => eta_seconds)).toEqual([3, 2, 1, 1]);
  expect(figures.map(({ reported }) => reported)).toEqual([undefined, 40, 80, 100]);
});

test('the share never decreases when rows are rejected, and is 100 % only at the end', () => {
  let before = 0;
  for (let bytesRead = 0; bytesRead <= 1_000; bytesRead += 10) {
    const invalid = Math.max(0, bytesRead - 700);
    const { percent } = progressOf({ bytesRead, rows: bytesRead, accepted: bytesRead - invalid, invalid });
    expect(percent).toBeGreaterThanOrEqual(before);
    expect(percent).toBeLessThan(100);
    before = percent;
  }
  expect(progressOf({ status: 'completed', bytesRead: 1_000, finishedAtMs: 1 })).toMatchObject({
    percent: 100,
    eta_seconds: 0,
  });
});

test.each<[string, Partial<FileRecord>, number, boolean]>([
  ['in work', {}, 0, false],
  ['completed', { status: 'completed' }, 0, false],
  ['cancelled', { status: 'cancelled' }, 0, false],
  ['failed', { status: 'failed' }, 0, true],
  ['paused', { status: 'paused' }, 0, true],
  ['with rows to fix', { status: 'completed', invalid: 3 }, 2, true],
  ['with rows to fix, of a dry run,', { status: 'completed', invalid: 3, dryRun: true }, 0, false],
  ['with rows that were all fixed', { status: 'completed', invalid: 3 }, 3, false],
  ['that waits', { status: 'waiting', waitingFor: 'ims', waitingSinceMs: 1 }, 0, false],
  ['that waits for long', { status: 'waiting', waitingFor: 'ims', waitingSinceMs: 0 }, 0, true],
])('whether a file %s needs attention', (_, file, fixed, needs) => {
  const json = fileJson({ ...FILE, ...file }, { rows: fixed, by: [] });
  expect(needsAttention(json, limits.attentionWaitMs)).toBe(needs);
});
