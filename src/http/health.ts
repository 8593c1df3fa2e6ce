/** `/healthz`: the process answers. `/readyz`: each dependency by name, with its engine. */
import { Hono } from 'hono';
import { inspectEngine } from '../check-engines.ts';
import { limits } from '../limits.ts';
import type { Inspected } from '../ports/inspection.ts';
import type { HealthResponse, ReadyResponse } from './responses.ts';

/** Asks each dependency, all at once, each with a bound. Told to anybody, so without the paths of this machine. */
export async function checkDependencies(
  dependencies: Record<string, Inspected>,
): Promise<ReadyResponse['dependencies']> {
  const checks = Object.entries(dependencies).map(async ([name, dependency]) => {
    const { path: _, ...told } = await inspectEngine(dependency, limits.pingMs);
    return [name, told] as const;
  });
  return Object.fromEntries(await Promise.all(checks));
}

export function healthRoutes(dependencies: Record<string, Inspected>) {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok' } satisfies HealthResponse));
  app.get('/readyz', async (c) => {
    const checks = await checkDependencies(dependencies);
    const ready = Object.values(checks).every(({ status }) => status === 'up');
    const answer: ReadyResponse = { status: ready ? 'ready' : 'not_ready', dependencies: checks };
    return c.json(answer, ready ? 200 : 503);
  });
  return app;
}
