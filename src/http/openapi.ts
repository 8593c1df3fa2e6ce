/**
 * `GET /openapi.json`: the OpenAPI document, built from the descriptions of all routes that the router has. What every route has in
 * common is added here: the problems of any request, of the method and of the engines, and the operations HEAD and OPTIONS.
 * Source: OpenAPI 3.1.1; JSON Schema 2020-12.
 */
import { type Env, Hono } from 'hono';
import { METHOD_NAME_ALL } from 'hono/router';
import type { RouterRoute } from 'hono/types';
import * as z from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { wireForms } from './parameters.ts';
import { ENGINE_PROBLEMS, PROBLEM_STATUS, type ProblemCode } from './problem-codes.ts';
import { components } from './responses.ts';
import {
  type BodyDescription,
  descriptionOf,
  type HttpEnv,
  type ResponseDescription,
  type RouteDescription,
  route,
  TAGS,
} from './route.ts';

type Json = Record<string, unknown>;

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

/** Throws when a route has no description, or one that does not fit its path. */
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
    servers: [{ url: '/' }],
    tags: TAGS.map((name) => ({ name })),
    paths,
    components: { schemas: componentSchemas(), responses: componentResponses() },
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
    // A middleware of this method and path comes before the handler.
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

/** Of any request: it can be unreadable, come to a foreign host, arrive too slowly or too large, or meet a fault of the service. */
const OF_ANY_REQUEST: readonly ProblemCode[] = [
  'invalid_request',
  'foreign_host',
  'request_idle',
  'headers_too_large',
  'internal',
];
const OF_WRITES: readonly ProblemCode[] = ['foreign_origin', 'body_too_slow'];

function operation(method: string, description: RouteDescription): Json {
  const isHead = method === 'HEAD';
  const isWrite = !isHead && method !== 'GET';
  const problems = [
    ...OF_ANY_REQUEST,
    ...(isWrite ? OF_WRITES : []),
    ...(description.problems ?? []),
    ...(description.engines ?? []).flatMap((engine) => ENGINE_PROBLEMS[engine]),
    ...(isWrite && description.engines ? (['disk_full'] as const) : []),
  ];
  const responses = Object.fromEntries(
    Object.entries(description.responses).map(([status, one]) => [status, response(one, isHead)]),
  );
  for (const [status, one] of problemResponses(problems, isHead))
    responses[status] = responses[status] ? bothResponses(responses[status], one) : one;
  return {
    operationId: isHead ? `${description.id}Head` : description.id,
    tags: [description.tag],
    summary: isHead ? `The headers of: ${description.summary}` : description.summary,
    ...(description.description && { description: description.description }),
    parameters: parameters(description),
    ...(isWrite && description.body && { requestBody: requestBody(description.body) }),
    responses,
  };
}

function options(methods: readonly string[], description: RouteDescription): Json {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ');
  return {
    tags: [description.tag],
    summary: `The methods of this path: ${allow}`,
    parameters: parameters({ ...description, query: {}, headers: {} }),
    responses: {
      204: response({ description: 'No content.', headers: ['allow'] }, true),
      ...Object.fromEntries(problemResponses(OF_ANY_REQUEST, false)),
    },
  };
}

const HEADERS: Record<string, string> = {
  'accept-ranges': '`bytes`',
  allow: 'The methods of the path.',
  'content-disposition': 'A name for the downloaded file.',
  'content-range': 'Which bytes these are, and how many there are.',
  etag: 'A strong entity tag.',
  location: 'The path of what was created.',
  'retry-after': 'Seconds after which a repeated request may succeed.',
};

function response({ description, content, headers = [] }: ResponseDescription, isHead: boolean): Json {
  return {
    description,
    ...(headers.length > 0 && {
      headers: Object.fromEntries(
        headers.map((name) => [name, { required: true, description: HEADERS[name], schema: { type: 'string' } }]),
      ),
    }),
    ...(content && !isHead && { content: mediaTypes(content, 'output') }),
  };
}

const mediaTypes = (content: Record<string, z.ZodType | null>, io: 'input' | 'output'): Json =>
  Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [type, schema ? { schema: jsonSchema(schema, io) } : {}]),
  );

const PROBLEM_TYPE = 'application/problem+json';

/** One response for each status, with the codes that it may have; those of a single code are components. */
function problemResponses(codes: readonly ProblemCode[], isHead: boolean): [status: number, Json][] {
  const byStatus = Map.groupBy(new Set(codes), (code) => PROBLEM_STATUS[code]);
  return [...byStatus].map(([status, those]) => [
    status,
    isHead || those.length > 1 ? problemResponse(those, isHead) : { $ref: `#/components/responses/${those[0]}` },
  ]);
}

function problemResponse(codes: readonly ProblemCode[], isHead: boolean): Json {
  const status = PROBLEM_STATUS[codes[0]!];
  const headers = [...(status === 503 ? ['retry-after'] : []), ...(status === 416 ? ['content-range'] : [])];
  const own = { properties: { status: { const: status }, code: { enum: codes } } };
  const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, own] };
  return {
    ...response({ description: codes.map((code) => `\`${code}\``).join(', '), headers }, isHead),
    ...(!isHead && { content: { [PROBLEM_TYPE]: { schema } } }),
  };
}

/** A status that the route answers with itself, and that is a problem's as well. */
const bothResponses = (own: Json, problem: Json): Json => ({
  ...own,
  description: `${own.description} Or a problem: ${problem.description}`,
  content: { ...(own.content as Json), ...(problem.content as Json) },
});

function parameters({ params = {}, query = {}, headers = {} }: RouteDescription): Json[] {
  const { properties = {} } = jsonSchema(z.object(query as z.ZodRawShape), 'input') as {
    properties?: Record<string, Json>;
  };
  const parameter = (where: string, name: string, { description, ...schema }: Json): Json => ({
    name,
    in: where,
    required: where === 'path',
    ...(description !== undefined && { description }),
    schema,
  });
  return [
    ...Object.entries(params).map(([name, schema]) => parameter('path', name, jsonSchema(schema, 'input'))),
    ...Object.entries(properties).map(([name, schema]) => parameter('query', name, schema)),
    ...Object.entries(headers).map(([name, schema]) => parameter('header', name, jsonSchema(schema, 'input'))),
  ];
}

function requestBody({ content, partTypes, ...rest }: BodyDescription): Json {
  const types = mediaTypes(content, 'input');
  for (const [name, contentType] of Object.entries(partTypes ?? {}))
    Object.assign(types['multipart/form-data'] as Json, { encoding: { [name]: { contentType } } });
  return { ...rest, content: types };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const id = components.get(schema)?.id;
  if (id) return { $ref: `#/components/schemas/${id}` };
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    override({ zodSchema, jsonSchema: made }) {
      const wire = wireForms.get(zodSchema as never);
      if (!wire) return;
      for (const name of Object.keys(made)) if (name !== 'description') delete made[name as never];
      Object.assign(made, { ...wire, ...made });
    },
  });
  return rest as Json;
}

function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(components, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]));
}

const componentResponses = (): Json =>
  Object.fromEntries(
    (Object.keys(PROBLEM_STATUS) as ProblemCode[]).map((code) => [code, problemResponse([code], false)]),
  );
