/**
 * The operations of the OpenAPI document: the description of a route with what all routes have in common, which are the problems of any
 * request, of the method and of the engines, and the operations HEAD and OPTIONS.
 */
import * as z from 'zod';
import { permissionOf } from './access-guard.ts';
import { wireForms } from './parameters.ts';
import { ENGINE_PROBLEMS, PROBLEM_STATUS, type ProblemCode } from './problem-codes.ts';
import { components } from './responses.ts';
import type { BodyDescription, ResponseDescription, RouteDescription } from './route.ts';

export type Json = Record<string, unknown>;

/** The problems of any request: it is unreadable, names a foreign host, is too slow or too large, or the service has a fault. */
const PROBLEMS_OF_ANY_REQUEST: readonly ProblemCode[] = [
  'invalid_request',
  'foreign_host',
  'request_idle',
  'headers_too_large',
  'internal',
];
/** Of a route that not everyone may use: who asks may have to be looked up. */
const PROBLEMS_OF_ACCESS: readonly ProblemCode[] = [
  'unauthenticated',
  'forbidden',
  'issuer_unavailable',
  ...ENGINE_PROBLEMS.store,
];
/** The checks of health are never limited. */
const UNLIMITED: readonly string[] = ['getHealth', 'getReadiness'];
const PROBLEMS_OF_WRITES: readonly ProblemCode[] = ['foreign_origin', 'body_too_slow'];

export function operation(method: string, description: RouteDescription): Json {
  const isHead = method === 'HEAD';
  const isWrite = !isHead && method !== 'GET';
  const isOpen = permissionOf(description.id) === 'everyone';
  const problems = [
    ...PROBLEMS_OF_ANY_REQUEST,
    ...(isWrite ? PROBLEMS_OF_WRITES : []),
    ...(isOpen ? [] : PROBLEMS_OF_ACCESS),
    ...(UNLIMITED.includes(description.id) ? [] : (['rate_limited'] as const)),
    ...(description.problems ?? []),
    ...(description.engines ?? []).flatMap((engine) => ENGINE_PROBLEMS[engine]),
    ...(isWrite && description.engines ? (['disk_full'] as const) : []),
  ];
  const responses = Object.fromEntries(
    Object.entries(description.responses).map(([status, one]) => [status, response(one, isHead)]),
  );
  for (const [status, one] of problemResponses(problems, isHead, description.problemStatus))
    responses[status] = responses[status] ? bothResponses(responses[status], one) : one;
  return {
    operationId: isHead ? `${description.id}Head` : description.id,
    tags: [description.tag],
    summary: isHead ? `The headers of: ${description.summary}` : description.summary,
    ...(description.description && { description: description.description }),
    parameters: parameters(description),
    security: isOpen ? [] : [{ bearer: [] }, { session: [] }, {}],
    ...(isWrite && description.body && { requestBody: requestBody(description.body) }),
    responses,
  };
}

/** The operation OPTIONS of a path with these methods. */
export function options(methods: readonly string[], description: RouteDescription): Json {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ');
  return {
    tags: [description.tag],
    summary: `The methods of this path: ${allow}`,
    parameters: parameters({ ...description, query: {}, headers: {} }),
    responses: {
      204: response({ description: 'No content.', headers: ['allow'] }, true),
      ...Object.fromEntries(problemResponses(PROBLEMS_OF_ANY_REQUEST, false)),
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
  'set-cookie': 'The session of a browser, its end, or what a sign-in needs.',
  'www-authenticate': 'How to sign in.',
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

/** One response for each status, with its possible codes. A response with a single code is a component. */
function problemResponses(
  codes: readonly ProblemCode[],
  isHead: boolean,
  ownStatus: Partial<Record<ProblemCode, number>> = {},
): [status: number, Json][] {
  const byStatus = Map.groupBy(new Set(codes), (code) => ownStatus[code] ?? PROBLEM_STATUS[code]);
  return [...byStatus].map(([status, those]) => [
    status,
    isHead || those.length > 1 || ownStatus[those[0]!] !== undefined
      ? problemResponse(those, isHead, status)
      : { $ref: `#/components/responses/${those[0]}` },
  ]);
}

const HEADERS_OF_STATUS: Record<number, string[]> = {
  401: ['www-authenticate'],
  416: ['content-range'],
  429: ['retry-after'],
  503: ['retry-after'],
};

export function problemResponse(
  codes: readonly ProblemCode[],
  isHead: boolean,
  status: number = PROBLEM_STATUS[codes[0]!],
): Json {
  const headers = HEADERS_OF_STATUS[status] ?? [];
  const own = { properties: { status: { const: status }, code: { enum: codes } } };
  const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, own] };
  return {
    ...response({ description: codes.map((code) => `\`${code}\``).join(', '), headers }, isHead),
    ...(!isHead && { content: { [PROBLEM_TYPE]: { schema } } }),
  };
}

/** For a status that both a response of the route and a problem have. */
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
    override({ zodSchema, jsonSchema: built }) {
      const wire = wireForms.get(zodSchema as never);
      if (!wire) return;
      for (const name of Object.keys(built)) if (name !== 'description') delete built[name as never];
      Object.assign(built, { ...wire, ...built });
    },
  });
  return rest as Json;
}
