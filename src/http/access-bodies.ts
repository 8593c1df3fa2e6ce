/** The JSON bodies of requests about access. */
import type { Context } from 'hono';
import type * as z from 'zod';
import { limits } from '../limits.ts';
import { hasBody } from './early-response.ts';
import type { HttpEnv } from './env.ts';
import type { JsonBodies } from './json-body.ts';
import type { ProblemCode } from './problem-codes.ts';
import { validBody } from './valid-body.ts';

/** Of any request with such a body. */
export const BODY_PROBLEMS: readonly ProblemCode[] = [
  'invalid_body',
  'unfinished_upload',
  'too_large',
  'too_many_bodies',
];

interface Reading {
  c: Context<HttpEnv>;
  bodies: JsonBodies;
}

/** Throws `invalid_body` and what the work throws. */
export function readBody<Schema extends z.ZodType>(
  { c, bodies }: Reading,
  schema: Schema,
  work: (body: z.output<Schema>) => Promise<Response>,
): Promise<Response> {
  const size = { maxBytes: limits.maxAccessBodyBytes, isBatch: false };
  return bodies.read(c, size, (body) => work(validBody(schema, body)));
}

/** Likewise; a request without a body is as one with `{}`. */
export async function readBodyIfAny<Schema extends z.ZodType>(
  reading: Reading,
  schema: Schema,
  work: (body: z.output<Schema>) => Promise<Response>,
): Promise<Response> {
  return hasBody(reading.c.env.incoming) ? readBody(reading, schema, work) : work(validBody(schema, {}));
}
