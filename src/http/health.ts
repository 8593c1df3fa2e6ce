/** `/healthz`: the process answers. `/readyz`: each dependency by name. */
import { Hono } from 'hono';
import { limits } from '../limits.ts';

export interface Dependencies {
  [name: string]: { ping(): Promise<void> };
}

/** Asks each dependency, all at once, each with a bound. */
export type DependencyState = { status: 'up' } | { status: 'down'; detail: string };

export async function checkDependencies(dependencies: Dependencies): Promise<Record<string, DependencyState>> {
  const checks = Object.entries(dependencies).map(async ([name, dependency]): Promise<[string, DependencyState]> => {
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => timeout.reject(new Error(`no answer within ${limits.pingMs} ms`)), limits.pingMs);
    try {
      await Promise.race([dependency.ping(), timeout.promise]);
      return [name, { status: 'up' }];
    } catch (error) {
      return [name, { status: 'down', detail: (error as Error).message }];
    } finally {
      clearTimeout(timer);
    }
  });
  return Object.fromEntries(await Promise.all(checks));
}

export function healthRoutes(dependencies: Dependencies) {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const checks = await checkDependencies(dependencies);
    const ready = Object.values(checks).every(({ status }) => status === 'up');
    return c.json({ status: ready ? 'ready' : 'not_ready', dependencies: checks }, ready ? 200 : 503);
  });
  return app;
}
