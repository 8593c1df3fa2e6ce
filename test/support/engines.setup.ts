/**
 * Starts the engines once for a run that has tests on them, however many projects need them, gives the tests their addresses,
 * `inject('engines')`, and stops what it started. At the end it prints which engines were missing and how many tests were skipped.
 */
import type { TestProject } from 'vitest/node';
import { startEngines } from './engines.ts';

interface Shared {
  started: ReturnType<typeof startEngines>;
  projects: Set<TestProject>;
  skipped: number;
}

/** Each project loads this file for itself: what they share is kept beside it. */
const holder = globalThis as { sharedEngines?: Shared };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  holder.sharedEngines ??= { started: startEngines(process.env), projects: new Set(), skipped: 0 };
  const shared = holder.sharedEngines;
  shared.projects.add(project);
  const { engines, stop } = await shared.started;
  const missing = Object.entries(engines.why).map(([name, why]) => `${name} is missing: ${why}`);
  if (missing.length > 0 && process.env.CI === 'true') {
    await stop();
    throw new Error(`the tests need all engines where CI=true\n${missing.join('\n')}`);
  }
  project.provide('engines', engines);
  return async () => {
    shared.projects.delete(project);
    shared.skipped += project.vitest.state
      .getTestModules()
      .filter((module) => module.project === project)
      .reduce((count, module) => count + [...module.children.allTests('skipped')].length, 0);
    if (shared.projects.size > 0) return;
    await stop();
    if (missing.length > 0)
      console.log(`${shared.skipped} tests on engines were skipped:\n${missing.map((line) => `  ${line}`).join('\n')}`);
  };
}
