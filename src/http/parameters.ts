/** Query parameters, checked by zod: a bad value is 400 `invalid_parameter` with the parameter's name. */
import type { Context } from 'hono';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { trimKey } from '../model/characters.ts';
import { createOrderDateParser } from '../model/order-date.ts';

/** The OpenAPI schemas of parameters whose text is parsed into something else, such as a number or a time. */
export const wireForms = z.registry<Record<string, unknown>>();

export type QueryReader<Shape extends z.ZodRawShape> = (c: Context) => z.infer<z.ZodObject<Shape>>;

/** Parses the parameters of a request. Throws `invalid_parameter` for the first wrong one; unknown parameters are ignored. */
export function queryReader<Shape extends z.ZodRawShape>(shape: Shape): QueryReader<Shape> {
  const schema = z.object(shape);
  const names = Object.keys(shape);
  return (c) => {
    const given: Record<string, string> = {};
    for (const name of names) {
      const values = c.req.queries(name);
      if (!values) continue;
      if (values.length > 1)
        throw new OmsError('invalid_parameter', `${name} is given ${values.length} times: give it once`);
      given[name] = values[0]!;
    }
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data as never;
    const { path, message } = parsed.error.issues[0]!;
    const name = String(path[0]);
    throw new OmsError('invalid_parameter', `${name}=${JSON.stringify(given[name]?.slice(0, 100))} ${message}`);
  };
}

export const text = z
  .string()
  .min(1, 'is empty')
  .max(limits.maxTextChars, `is longer than ${limits.maxTextChars} characters`)
  .optional();

/** A key of an order or of stock. Spaces and invisible characters at its ends are ignored, as in a file. */
export const key = text.transform((value) => value && (trimKey(value) || value));

/** Rows are counted as in a spreadsheet. */
export const rowNumber = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'is not the number of a row')
  .transform(Number)
  .optional()
  .register(wireForms, { type: 'integer', minimum: 1, maximum: 999_999_999_999_999 });

export const oneOf = <const Value extends string>(values: readonly Value[]) =>
  z.enum(values, { error: `is not one of ${values.join(', ')}` }).optional();

export const flag = z
  .enum(['true', 'false', '1', '0', ''], { error: 'is neither true nor false' })
  .optional()
  .transform((value) => value === 'true' || value === '1' || value === '');

/** An ISO 8601 time as milliseconds. A day, and a time without an offset, are read in this zone, as order dates are. */
export function timeIn(timeZone: string) {
  const parse = createOrderDateParser(timeZone);
  return z
    .string()
    .transform((value, context) => {
      // In a query an unescaped plus sign means a space.
      const ms = parse(value.replace(/ (\d\d:?\d\d)$/, '+$1'));
      if (typeof ms === 'number') return ms;
      context.addIssue({
        code: 'custom',
        message: 'is not an ISO 8601 time such as 2026-11-20 or 2026-11-20T14:03:00Z',
      });
      return z.NEVER;
    })
    .optional()
    .register(wireForms, {
      anyOf: [
        { type: 'string', format: 'date' },
        { type: 'string', format: 'date-time' },
      ],
      description: `An ISO 8601 time; a day, or a time without an offset, is one of ${timeZone}.`,
      examples: ['2026-11-20', '2026-11-20T14:03:00Z'],
    });
}
