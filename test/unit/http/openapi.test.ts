/** The OpenAPI document has every route of the router, and no operation that is not a route. */
import { Hono } from 'hono';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { UserAccess } from '../../../src/access/user-access.ts';
import { readConfig } from '../../../src/config.ts';
import { openApiDocument } from '../../../src/http/openapi.ts';
import { type RouteDescription, route } from '../../../src/http/route.ts';
import { createHttpApp } from '../../../src/http/router.ts';
import type { Ports } from '../../../src/ports/ports.ts';
import { type OpenApiDocument, operationsOf } from '../../support/openapi.ts';

const app = createHttpApp(
  // Only the list of routes is read; no route is called.
  {
    ports: {} as Ports,
    config: readConfig({}, '/nowhere'),
    roles: ['api'],
    access: null,
    audit: null,
    users: {} as UserAccess,
    oidc: null,
    logger: pino({ level: 'silent' }),
  },
  new AbortController().signal,
  () => 0,
);
const document = openApiDocument(app.routes);

describe('the OpenAPI document', () => {
  test('has an operation for each route, HEAD for each GET, OPTIONS for each path, and no others', () => {
    const routes = app.routes.filter(({ method }) => method !== 'ALL');
    const paths = routes.map(({ path }) => path.replace(/:(\w+)/g, '{$1}'));
    const expected = routes.flatMap(({ method }, i) => [
      `${method} ${paths[i]}`,
      `OPTIONS ${paths[i]}`,
      ...(method === 'GET' ? [`HEAD ${paths[i]}`] : []),
    ]);
    expect(operationsOf(document as unknown as OpenApiDocument).sort()).toEqual([...new Set(expected)].sort());
  });

  test('has a unique id for each operation', () => {
    const ids = [...JSON.stringify(document).matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('resolves each of its references', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(50);
    const { components } = document as { components: Record<string, Record<string, unknown>> };
    expect(references.filter(([, kind, name]) => !components[kind!]?.[name!])).toEqual([]);
  });
});

const description: RouteDescription = { id: 'getHealth', tag: 'Service', summary: 'Get', responses: {} };

test('a route without a description is refused', () => {
  const bare = new Hono().get('/bare', (c) => c.text(''));
  expect(() => openApiDocument(bare.routes)).toThrow('routes without a description: GET /bare');
});

test('a description whose parameters differ from its path is refused', () => {
  const named = new Hono().get(
    '/a/:id',
    route({ ...description, params: { name: z.string() } }, (c) => c.text('') as Response),
  );
  expect(() => openApiDocument(named.routes as never)).toThrow('/a/:id: its description names the parameters name');
});
