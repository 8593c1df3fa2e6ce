import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Tests write small databases and sync them all the time: on the disk of a build machine half of their time is waiting for it. Files in
// memory survive a killed process as well, and tests kill nothing but processes.
const MEMORY = '/dev/shm';
const MEMORY_BYTES = 4 * 1024 ** 3;
if (process.env.TMPDIR === undefined && freeBytes(MEMORY) >= MEMORY_BYTES) {
  const directory = mkdtempSync(join(MEMORY, 'oms-'));
  process.env.TMPDIR = directory;
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
}

// Otherwise each of the hundreds of processes that tests start would compile the program again.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compile');

function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

// Tests on engines outside our process. They are projects of their own, so that engines are started only when one of these is run.
const onEngines = [
  'test/contract/**/*.test.ts',
  'test/stack/**/*.test.ts',
  'test/faults/mongo-*.test.ts',
  'test/unit/adapters/*.{kafka,mongo,s3,sqs}.test.ts',
];
// What takes minutes: a tester that reads the OpenAPI document, engines that are taken away or hang, kills at random moments, the rest of
// the fault matrix, backfills of large stores, damaged stores, attacks, files that are large or without end, processes that wait for the
// leases and sessions of those that were killed, starts that wait for engines which never answer, and the proofs that other tests can
// fail: mutations of the code, each of which must be found.
const long = [
  'test/contract/backfills.test.ts',
  'test/crash/{kill,random-kills,retention}.test.ts',
  'test/faults/*-rest.test.ts',
  'test/flow/attacks.test.ts',
  'test/flow/damaged-store.test.ts',
  'test/flow/openapi-schemathesis.test.ts',
  'test/{simulator,flow}/*outages.test.ts',
  'test/stack/{request-limits,roles,start}.test.ts',
  'test/{stack,flow}/finalizer.test.ts',
  'test/flow/bad-input-large-files.test.ts',
  'test/**/*mutations.test.ts',
  'test/fuzz/memory.test.ts',
];
// They wait for time limits and start many processes that must be up in time, so nothing else runs beside them.
const outages = ['test/stack/*outages.test.ts'];
// In a browser, on the page that `npm run build:web` makes.
const inBrowser = ['test/web/**/*.test.ts'];
const globalSetup = 'test/support/engines.setup.ts';

// What users see through HTTP is the same on both profiles: these run on the embedded engines, and again on the others.
const onBothProfiles = [
  'files',
  'ingest',
  'invalid-files',
  'inventory',
  'order-changes',
  'orders',
  'progress',
  'stats',
  'upload',
  'bad-input-files',
].map((name) => `test/flow/${name}.test.ts`);

// Many tests start and kill processes, on as few as two cores: the timeout is a guard against hangs, not a measure. Many wait for
// engines more than they compute, hence a worker more than cores.
export default defineConfig({
  test: {
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // The default of a second is too short on a busy machine.
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    maxWorkers: 3,
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: [...onEngines, ...long, ...inBrowser] },
      },
      { extends: true, test: { name: 'web', include: inBrowser } },
      { extends: true, test: { name: 'engines', include: onEngines, exclude: [...long, ...outages], globalSetup } },
      {
        extends: true,
        test: { name: 'stack', include: onBothProfiles, globalSetup, env: { TEST_PROFILE: 'stack' } },
      },
      { extends: true, test: { name: 'long', include: long, globalSetup, testTimeout: 300_000, hookTimeout: 300_000 } },
      {
        extends: true,
        test: { name: 'outages', include: outages, globalSetup, testTimeout: 300_000, hookTimeout: 300_000 },
      },
    ],
  },
});
