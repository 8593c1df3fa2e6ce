/** Lists, page by page: their parameters, cursors and responses. */
import type { Context } from 'hono';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { Page, PageRequest } from '../ports/page.ts';
import { respondWithText } from './compression.ts';
import { wireForms } from './parameters.ts';

const limit = z
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

export const cursor = z
  .string()
  .max(limits.maxCursorChars, 'is not a cursor')
  .optional()
  .register(wireForms, { type: 'string', maxLength: limits.maxCursorChars, pattern: '^[0-9A-Za-z_-]+$' });

export const pageShape = {
  limit,
  cursor: cursor.describe('`next_cursor` of the page before, with the same filters.'),
};

const CURSOR_VERSION = 1;

/** A cursor holds its version, the list with its filters, and the store's position. */
const cursorSchema = z.tuple([z.literal(CURSOR_VERSION), z.string(), z.string()]);

/** The requested page. `list` names the list and its filters. Throws `invalid_cursor` for a cursor of another list. */
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
export async function respondWithPage<Item, More>(
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
  return respondWithText(c, json);
}
