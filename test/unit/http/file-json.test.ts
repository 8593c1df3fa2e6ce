/** The progress of a file: a figure that people wait by never says that all is done while something is left to do. */
import { expect, test } from 'vitest';
import { fileJson } from '../../../src/http/file-json.ts';
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
} as FileRecord;
const progressOf = (file: Partial<FileRecord>) => fileJson({ ...FILE, ...file }).progress;

test('a file without rejections is as far as it was read', () => {
  expect(progressOf({})).toMatchObject({ percent: 50, eta_seconds: 10 });
});

test('a report that is still to be written is something to do, whose rows count as they are written', () => {
  const all = { bytesRead: 1_000, accepted: 0, invalid: 100 };
  const figures = [0, 40, 80, 100].map((reportedRows) => progressOf({ ...all, reportedRows }));
  expect(figures.map(({ percent }) => percent)).toEqual([80, 88, 96, 99.9]);
  expect(figures.map(({ eta_seconds }) => eta_seconds)).toEqual([3, 2, 1, 1]);
  expect(figures.map(({ reported }) => reported)).toEqual([undefined, 40, 80, 100]);
});

test('the share never goes back as rejected rows come in, and only an end is all of it', () => {
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
