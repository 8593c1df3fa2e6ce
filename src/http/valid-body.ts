/** Checks a JSON body by a schema, and tells all mistakes in it together, each with a JSON pointer (RFC 6901) to the value. */
import type * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';

/** Throws `invalid_body`. */
export function validBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const errors = issues.slice(0, limits.maxMistakes).map(({ path, code, message }) => ({
    pointer: path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    code,
    detail: `${path.join('.') || 'the body'}: ${message.slice(0, limits.maxReasonChars)}`,
  }));
  throw new OmsError('invalid_body', errors[0]!.detail, { details: { errors, error_count: issues.length } });
}
