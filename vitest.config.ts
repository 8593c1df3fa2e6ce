import { defineConfig } from 'vitest/config';

// Processes are spawned and killed by many tests, on as few as two cores: the timeout is a guard against hangs, not a measure.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
  },
});
