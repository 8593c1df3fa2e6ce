/** `GET /audit`: the audit log, newest first, as pages or as JSON lines. */
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { limits } from '../limits.ts';
import { type AuditEntry, auditText } from '../model/audit-entry.ts';
import type { AuditFilter } from '../ports/audit.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { accepts } from './accept.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { timeIn } from './parameters.ts';
import { type AuditEntryResponse, auditEntryResponse, auditResponse } from './responses.ts';
import { type HttpEnv, route } from './route.ts';

type AuditStore = Pick<OrderStore, 'audit'>;

/** Entries have text in this form. */
const text = z.string().min(1, 'is empty').max(limits.maxAuditTextChars, 'is too long').transform(auditText).optional();

const JSON_LINES = 'application/x-ndjson';

export function auditRoutes({ store }: { store: AuditStore }, { timeZone }: { timeZone: string }) {
  const time = timeIn(timeZone);
  return new Hono<HttpEnv>().get(
    '/audit',
    route(
      {
        id: 'listAudit',
        tag: 'Access',
        summary: 'Read the audit log, newest first',
        description: `As JSON lines all entries are sent, from the cursor on, and \`limit\` does not count.`,
        query: {
          ...pageShape,
          principal: text.describe('Whose requests, such as `key:<id>`.'),
          action: text.describe('The `operationId` of a route, or the name of a command.'),
          target: text.describe('What it was about, such as `order A-1`.'),
          from: time,
          to: time,
        },
        responses: {
          200: {
            description: 'A page of entries; or all as JSON lines, for who accepts only those.',
            content: { 'application/json': auditResponse, [JSON_LINES]: auditEntryResponse },
          },
        },
        problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
        engines: ['store'],
      },
      async (c, readQuery) => {
        const query = readQuery(c);
        const { principal, action, target, from: fromMs, to: toMs } = query;
        const given = Object.entries({ principal, action, target, fromMs, toMs }).filter(
          ([, value]) => value !== undefined,
        );
        const filter: AuditFilter = Object.fromEntries(given);
        const list = ['audit', filter];
        const page = readPage(list, query);
        if (accepts(c.req.header('accept'), JSON_LINES)) return respondWithLines(c, store, filter, page.after);
        return respondWithPage(c, list, page, (slice) => store.audit.list(filter, slice), entryJson);
      },
    ),
  );
}

/** A slice is read when the socket has taken the one before. */
function respondWithLines(
  c: Context<HttpEnv>,
  { audit }: AuditStore,
  filter: AuditFilter,
  after: string | null,
): Response {
  let next = after;
  let isFirst = true;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (isFirst || next !== null) {
          isFirst = false;
          const page = await audit.list(filter, { limit: limits.sliceItems, after: next });
          next = page.next;
          await sliceTurn();
          if (page.items.length === 0) continue;
          return controller.enqueue(
            Buffer.from(page.items.map((entry) => `${JSON.stringify(entryJson(entry))}\n`).join('')),
          );
        }
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return c.body(body, 200, { 'content-type': JSON_LINES });
}

const entryJson = ({ atMs, requestId, ...rest }: AuditEntry): AuditEntryResponse => ({
  at: new Date(atMs).toISOString(),
  ...rest,
  request_id: requestId,
});
