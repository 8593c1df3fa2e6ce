/**
 * A route and its description, declared together: `app.get(path, route({…}, handle))`. The description gives the handler its query
 * parser, and the OpenAPI document (`openapi.ts`) is built from the descriptions of all routes that the router has.
 */
import type { Context, Handler } from 'hono';
import type * as z from 'zod';
import { permissionOf } from './access-guard.ts';
import type { HttpEnv } from './env.ts';
import { type QueryReader, queryReader } from './parameters.ts';
import type { Engine, ProblemCode } from './problem-codes.ts';

export type { HttpEnv };

export const TAGS = ['Files', 'Orders', 'Inventory', 'Events', 'Statistics', 'Access', 'Service'] as const;

export interface ResponseDescription {
  description: string;
  /** Schema by media type; null for bytes or text without a schema. Without this field there is no body. */
  content?: Record<string, z.ZodType | null>;
  /** Names of headers that each such response has. */
  headers?: readonly string[];
}

export interface BodyDescription {
  required: boolean;
  description: string;
  /** Schema by media type; null for bytes or text without a schema. */
  content: Record<string, z.ZodType | null>;
  /** Content types of the parts of a form, by the names of its fields. */
  partTypes?: Record<string, string>;
}

export interface RouteDescription<Query extends z.ZodRawShape = z.ZodRawShape, Param extends string = string> {
  /** The operation's id, unique. */
  id: string;
  tag: (typeof TAGS)[number];
  summary: string;
  description?: string;
  /** By the names in the path. */
  params?: Record<Param, z.ZodType>;
  query?: Query;
  headers?: Record<string, z.ZodType>;
  body?: BodyDescription;
  responses: Record<number, ResponseDescription>;
  /** Besides the problems of every route, of its engines, of its method and of its permission. */
  problems?: readonly ProblemCode[];
  /** Where a problem has another status than on other routes. */
  problemStatus?: Partial<Record<ProblemCode, number>>;
  /** The engines that each request of the route needs. */
  engines?: readonly Engine[];
}

const descriptions = new WeakMap<object, RouteDescription>();

/** The description of a handler that `route` returned. */
export const descriptionOf = (handler: object): RouteDescription | undefined => descriptions.get(handler);

/**
 * A handler with its description. The handler calls `query` itself, because it decides in which order it checks the parts of a request.
 * If it does not, no query parameter is checked. It is called only for those who may use the route (`permissions.ts`).
 */
export function route<const Query extends z.ZodRawShape, const Param extends string = never>(
  description: RouteDescription<Query, Param>,
  handle: (c: Context<HttpEnv, `/:${Param}`>, query: QueryReader<Query>) => Response | Promise<Response>,
): Handler<HttpEnv> {
  const read = queryReader(description.query ?? ({} as Query));
  const permission = permissionOf(description.id);
  const handler: Handler<HttpEnv> = (c) => {
    const proceed = () => handle(c as Context<HttpEnv, `/:${Param}`>, read);
    return c.get('guard').admit(c, permission)?.then(proceed) ?? proceed();
  };
  descriptions.set(handler, description);
  return handler;
}

/** Describes a JSON response. */
export const json = (schema: z.ZodType, description: string, headers?: readonly string[]): ResponseDescription => ({
  description,
  content: { 'application/json': schema },
  ...(headers && { headers }),
});
