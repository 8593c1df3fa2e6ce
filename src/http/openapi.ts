/**
 * `GET /openapi.json`: the OpenAPI document, built from the descriptions of all routes that the router has.
 * Source: OpenAPI 3.1.1; JSON Schema 2020-12.
 */
import { type Env, Hono } from 'hono';
import { METHOD_NAME_ALL } from 'hono/router';
import type { RouterRoute } from 'hono/types';
import * as z from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { API_PREFIX } from './base-path.ts';
import { type Json, operation, options, problemResponse } from './openapi-operation.ts';
import { PROBLEM_STATUS, type ProblemCode } from './problem-codes.ts';
import { components } from './responses.ts';
import { descriptionOf, type HttpEnv, type RouteDescription, route, TAGS } from './route.ts';
import { SESSION_COOKIE } from './session-cookie.ts';

const ABOUT = `Order files in, orders, stock and events out.

Errors are problem documents (RFC 9457): \`code\` is for programs, \`detail\` for people. A 503 may be repeated after \`Retry-After\` seconds.
A list is read page by page with \`next_cursor\`. A method that a path does not have is answered with 405 and \`Allow\`. The addresses of
the page are some of these, too: a browser that asks for \`text/html\` receives the page.`;

export function openApiRoutes<E extends Env>(app: Hono<E>) {
  let text: string | null = null;
  return new Hono<HttpEnv>().get(
    '/openapi.json',
    route(
      {
        id: 'getOpenApi',
        tag: 'Service',
        summary: 'This document',
        responses: { 200: { description: 'An OpenAPI 3.1 document.', content: { 'application/json': null } } },
      },
      (c) => {
        text ??= JSON.stringify(openApiDocument(app.routes));
        return c.body(text, 200, { 'content-type': 'application/json' });
      },
    ),
  );
}

/** Throws when a route has no description, or one whose parameters are not those of its path. */
export function openApiDocument(routes: readonly RouterRoute[]) {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [path, methods] of describedRoutes(routes)) {
    const operations: Record<string, Json> = {};
    for (const [method, description] of methods) {
      checkParams(path, description);
      operations[method.toLowerCase()] = operation(method, description);
      if (method === 'GET') operations.head = operation('HEAD', description);
    }
    operations.options = options([...methods.keys()], [...methods.values()][0]!);
    paths[path.replace(/:(\w+)/g, '{$1}')] = operations;
  }
  return {
    openapi: '3.1.1',
    info: { title: 'OMS', version: packageJson.version, description: ABOUT, license: { name: packageJson.license } },
    servers: [{ url: '/' }, { url: API_PREFIX, description: 'The same.' }],
    tags: TAGS.map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A key or a token. Not needed where access is off.' },
        session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE, description: 'The session of a browser.' },
      },
      schemas: componentSchemas(),
      responses: componentResponses(),
    },
  };
}

function describedRoutes(routes: readonly RouterRoute[]): Map<string, Map<string, RouteDescription>> {
  const found = new Map<string, Map<string, RouteDescription>>();
  const undescribed = new Set<string>();
  for (const { path, method, handler } of routes) {
    if (method === METHOD_NAME_ALL) continue;
    const methods = found.get(path) ?? new Map<string, RouteDescription>();
    found.set(path, methods);
    const description = descriptionOf(handler);
    if (description) methods.set(method, description);
    // Or it is a middleware, and the handler of this method and path has the description.
    else undescribed.add(`${method} ${path}`);
  }
  for (const [path, methods] of found) for (const method of methods.keys()) undescribed.delete(`${method} ${path}`);
  if (undescribed.size > 0) throw new Error(`routes without a description: ${[...undescribed].join(', ')}`);
  return found;
}

function checkParams(path: string, { params = {} }: RouteDescription): void {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  if (inPath.join() !== Object.keys(params).join())
    throw new Error(`${path}: its description names the parameters ${Object.keys(params).join(', ')}`);
}

function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(components, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]));
}

const componentResponses = (): Json =>
  Object.fromEntries(
    (Object.keys(PROBLEM_STATUS) as ProblemCode[]).map((code) => [code, problemResponse([code], false)]),
  );
