/** `/healthz`: the process responds. `/readyz`: each dependency by name, with its engine. */
import { setTimeout as delay } from 'node:timers/promises';
import { Hono } from 'hono';
import type { OidcIssuer } from '../access/oidc-issuer.ts';
import { inspectEngine } from '../check-engines.ts';
import type { Config } from '../config.ts';
import { limits } from '../limits.ts';
import type { FinalizerLag } from '../pipeline/finalizer/lag.ts';
import type { Inspected } from '../ports/inspection.ts';
import { maySee } from './access-guard.ts';
import { type HealthResponse, healthResponse, type ReadyResponse, readyResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';
import { lagJson } from './stats.ts';

/** Checks all dependencies concurrently, each with a time limit. The result has no paths of this machine. */
export async function checkDependencies(
  dependencies: Record<string, Inspected>,
): Promise<ReadyResponse['dependencies']> {
  const checks = Object.entries(dependencies).map(async ([name, dependency]) => {
    const { path: _, ...shown } = await inspectEngine(dependency, limits.pingMs);
    return [name, shown] as const;
  });
  return Object.fromEntries(await Promise.all(checks));
}

/** `lag`: null in a process without the finalizer. `issuer`: null without one. */
export function healthRoutes(
  dependencies: Record<string, Inspected>,
  lag: (() => Promise<FinalizerLag>) | null,
  issuer: OidcIssuer | null,
  { access }: Pick<Config, 'access'>,
) {
  const app = new Hono<HttpEnv>();
  app.get(
    '/healthz',
    route(
      {
        id: 'getHealth',
        tag: 'Service',
        summary: 'Whether the process answers',
        responses: { 200: json(healthResponse, 'It does.') },
      },
      (c) => c.json({ status: 'ok' } satisfies HealthResponse),
    ),
  );
  app.get(
    '/readyz',
    route(
      {
        id: 'getReadiness',
        tag: 'Service',
        summary: 'Whether each dependency answers',
        description:
          'Everybody sees the statuses. The rest is for those with the right `ops:read` who are not limited to hubs.',
        responses: {
          200: json(readyResponse, 'All dependencies answer.'),
          503: json(readyResponse, 'At least one dependency does not answer.'),
        },
      },
      async (c) => {
        // Neither work that waits nor an issuer that is down is a reason to take a process out of service.
        const [checks, finalizer, issuerIsUp] = await Promise.all([
          checkDependencies(dependencies),
          lag?.().then(lagJson, () => null),
          issuer && Promise.race([issuer.isUp(), delay(limits.pingMs, false, { ref: false })]),
        ]);
        const isShown = await maySee(c, ['ops:read', 'hub:*']);
        const ready = Object.values(checks).every(({ status }) => status === 'up');
        const response: ReadyResponse = {
          status: ready ? 'ready' : 'not_ready',
          dependencies: isShown ? checks : statusesOf(checks),
          ...(lag && isShown && { finalizer: finalizer ?? null }),
          ...(issuer && { issuer: { status: issuerIsUp ? ('up' as const) : ('down' as const) } }),
          ...(access.openToOthers && { access: 'off' as const }),
        };
        return c.json(response, ready ? 200 : 503);
      },
    ),
  );
  return app;
}

const statusesOf = (checks: ReadyResponse['dependencies']): ReadyResponse['dependencies'] =>
  Object.fromEntries(Object.entries(checks).map(([name, { status }]) => [name, { status }]));
