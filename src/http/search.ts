/** `GET /search`: one question about orders, customers, products and files: a few of each. */
import { Hono } from 'hono';
import * as z from 'zod';
import { limits } from '../limits.ts';
import { may, type Principal, sees, type View } from '../model/access.ts';
import { trimKey } from '../model/characters.ts';
import type { StoredOrder } from '../model/order.ts';
import { lowerAscii, seesFile, seesOrder, shownOrder } from '../model/views.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { Ports } from '../ports/ports.ts';
import { principalOf, viewFor } from './access-guard.ts';
import { customerJson } from './customers.ts';
import { seenBy } from './files.ts';
import { productJson } from './products.ts';
import { type SearchResponse, searchResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

type SearchPorts = Pick<Ports, 'store' | 'views'>;

const FOUND = limits.searchFound;

export const searchRoutes = (ports: SearchPorts) => new Hono<HttpEnv>().get('/search', search(ports));

const question = z
  .string({ error: 'is missing' })
  .min(1, 'is empty')
  .max(limits.maxTextChars, `is longer than ${limits.maxTextChars} characters`)
  .describe('An id of an order or a file, or how words of orders, an e-mail, a SKU or the name of a file begin.');

const search = (ports: SearchPorts) =>
  route(
    {
      id: 'search',
      tag: 'Orders',
      summary: 'Search orders, customers, products and files',
      description: `At most ${FOUND} of each. An order whose whole id it is comes first.`,
      query: { q: question },
      responses: { 200: json(searchResponse, 'What was found.') },
      problems: ['invalid_parameter', 'read_models_unavailable', 'too_many_reads'],
      engines: ['store'],
    },
    async (c, readQuery) => {
      const q = trimKey(readQuery(c).q);
      const principal = principalOf(c);
      const view = viewFor(c);
      const [orders, { customers, products }, files] = await Promise.all([
        findOrders(ports, q, view),
        findSubjects(ports, q, principal, view),
        may(principal, 'files:read') ? findFiles(ports.store, q, view) : [],
      ]);
      const response: SearchResponse = {
        orders: orders.map(({ order }) => shownOrder(view, order)),
        ...{ customers, products, files },
      };
      return c.json(response);
    },
  );

/** By words only for those who see whom orders are from. */
async function findOrders({ store, views }: SearchPorts, q: string, view: View): Promise<StoredOrder[]> {
  const named = await store.orders.get(q);
  const ids = view.personal ? await idsOf({ store, views }, q, view) : [];
  const stored = new Map((await store.orders.getMany(ids)).map((one) => [one.order.orderId, one]));
  const found = [named, ...ids.map((id) => stored.get(id))].filter((one) => one != null);
  const seen = found.filter((one) => !one.deleted && seesOrder(view, one));
  return [...new Map(seen.map((one) => [one.order.orderId, one])).values()].slice(0, FOUND);
}

/** The index knows no hubs and no customers: whoever sees only some orders looks through the newest. */
async function idsOf({ store, views }: SearchPorts, q: string, view: View): Promise<string[]> {
  if (views && sees.allOrders(view)) return views.findOrders(q, FOUND);
  const seenBy = sees.allOrders(view) ? {} : { seenBy: view };
  const { items } = await store.orders.list({ q, ...seenBy }, { limit: FOUND, after: null });
  return items.map(({ orderId }) => orderId);
}

/** Their sums are of all hubs. */
async function findSubjects({ views }: SearchPorts, q: string, principal: Principal, { personal }: View) {
  const customers = [];
  const products = [];
  const page = { limit: FOUND, after: null };
  if (views && may(principal, 'stats:read') && principal.hubs === null) {
    if (personal) customers.push(...(await views.list('customer', lowerAscii(q), page)).items.map(customerJson));
    products.push(...(await views.list('product', q, page)).items.map(productJson));
  }
  return { customers, products };
}

/** By the id, or by the beginning of the name, among the newest. */
async function findFiles(
  { files }: Pick<OrderStore, 'files'>,
  q: string,
  view: View,
): Promise<SearchResponse['files']> {
  const start = q.toLowerCase();
  const named = await files.get(q);
  const found = named && seesFile(view, named) ? [named] : [];
  let after: string | null = null;
  for (let slice = 0; slice < limits.searchedFileSlices && found.length < FOUND; slice++) {
    const page = await files.list(seenBy(view), { limit: limits.sliceItems, after });
    found.push(...page.items.filter(({ name }) => name.toLowerCase().startsWith(start)));
    after = page.next;
    if (after === null) break;
    await sliceTurn();
  }
  return found.slice(0, FOUND).map(({ fileId, name, status, createdAtMs }) => ({
    ...{ file_id: fileId, name, status, created_at: new Date(createdAtMs).toISOString() },
  }));
}
