/** Query parameters, checked by zod: a bad value is 400 `invalid_parameter` with the parameter's name. Pages of lists. */
import type { Context } from 'hono';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { trimKey } from '../model/characters.ts';
import { createOrderDateParser } from '../model/order-date.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { Page, PageRequest } from '../ports/page.ts';

/** What OpenAPI says of a parameter whose form on the wire is not what its schema parses: a number, a time. */
export const wireForms = z.registry<Record<string, unknown>>();

export type QueryReader<Shape extends z.ZodRawShape> = (c: Context) => z.infer<z.ZodObject<Shape>>;

/** Parses the parameters of a request. Throws `invalid_parameter` for the first that is wrong; parameters not named are ignored. */
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

/** A key of an order or of stock: spaces and invisible characters at its ends do not count, as in a file. */
export const key = text.transform((value) => value && (trimKey(value) || value));

export const limit = z
  .string()
  .regex(/^\d{1,4}$/, 'is not a number from 1 to 1000')
  .transform(Number)
  .refine((value) => value >= 1 && value <= limits.maxPageItems, 'is not a number from 1 to 1000')
  .default(limits.pageItems)
  .register(wireForms, {
    type: 'integer',
    minimum: 1,
    maximum: limits.maxPageItems,
    default: limits.pageItems,
    description: 'How many items a page has at most.',
  });

/** As a spreadsheet counts. */
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

/** An ISO 8601 time as milliseconds; a day, and a time without an offset, as an order date is read: in this zone. */
export function timeIn(timeZone: string) {
  const parse = createOrderDateParser(timeZone);
  return z
    .string()
    .transform((value, context) => {
      // A plus sign in a query is a space unless it was escaped.
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

export const cursor = z
  .string()
  .max(limits.maxCursorChars, 'is no cursor')
  .optional()
  .register(wireForms, { type: 'string', maxLength: limits.maxCursorChars, pattern: '^[0-9A-Za-z_-]+$' });

export const pageShape = {
  limit,
  cursor: cursor.describe('`next_cursor` of the page before, with the same filters.'),
};

const CURSOR_VERSION = 1;

/** A cursor carries its version, the list it belongs to with its filters, and the store's position. */
const cursorSchema = z.tuple([z.literal(CURSOR_VERSION), z.string(), z.string()]);

/** The requested page. `list` names the list and all filters: throws `invalid_cursor` for a cursor of another one. */
export function readPage(list: unknown[], query: { limit: number; cursor?: string | undefined }): PageRequest {
  if (query.cursor === undefined) return { limit: query.limit, after: null };
  let decoded: unknown;
  try {
    decoded = JSON.parse(Buffer.from(query.cursor, 'base64url').toString());
  } catch {
    decoded = null;
  }
  const cursor = cursorSchema.safeParse(decoded);
  if (!cursor.success || cursor.data[1] !== JSON.stringify(list))
    throw new OmsError(
      'invalid_cursor',
      'the cursor is not one of this list with these filters: start again without it',
    );
  return { limit: query.limit, after: cursor.data[2] };
}

/**
 * Responds with a page of a list, read and serialized in slices, so that a large page does not block other requests. A page ends early
 * when it examined many rows and found few. `more`: members beside the items, from the last slice.
 */
export async function answerPage<Item, More>(
  c: Context,
  list: unknown[],
  request: PageRequest,
  read: (slice: PageRequest) => Promise<Page<Item> & More>,
  itemJson: (item: Item) => object,
  more: (last: More) => object = () => ({}),
): Promise<Response> {
  const items: string[] = [];
  let chars = 0;
  let { after } = request;
  let page: Page<Item> & More;
  for (let slice = 1; ; slice++) {
    page = await read({ limit: Math.min(request.limit - items.length, limits.sliceItems), after });
    for (const item of page.items) chars += items[items.push(JSON.stringify(itemJson(item))) - 1]!.length;
    after = page.next;
    if (after === null || items.length === request.limit) break;
    if (slice === limits.pageSlices || chars >= limits.pageChars) break;
    await sliceTurn();
  }
  const next = after === null ? null : JSON.stringify([CURSOR_VERSION, JSON.stringify(list), after]);
  const cursor = JSON.stringify(next === null ? null : Buffer.from(next).toString('base64url'));
  const rest = Object.entries(more(page)).map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = `{"items":[${items.join(',')}],"next_cursor":${cursor}${rest.join('')}}`;
  return c.body(json, 200, { 'content-type': 'application/json' });
}
