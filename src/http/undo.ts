/** `POST /files/{file_id}/undo`, and `GET /files/{file_id}/kept`: the orders of an undone file that stay. */
import { Hono } from 'hono';
import { limits } from '../limits.ts';
import type { Order } from '../model/order.ts';
import { seesOrder, shownOrder } from '../model/views.ts';
import type { OrderStore } from '../ports/order-store.ts';
import type { Page, PageRequest } from '../ports/page.ts';
import { principalOf, viewFor } from './access-guard.ts';
import { basePath } from './base-path.ts';
import { filesJson } from './file-json.ts';
import { fileParams, findFile } from './files.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { fileResponse, keptOrdersResponse, type OrderResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

interface UndoPorts {
  store: Pick<OrderStore, 'files' | 'orders' | 'undo'>;
}

export function undoRoutes({ store }: UndoPorts) {
  const app = new Hono<HttpEnv>();
  app.post('/files/:file_id/undo', postUndo(store));
  app.get('/files/:file_id/kept', listKept(store));
  return app;
}

const postUndo = (store: UndoPorts['store']) =>
  route(
    {
      id: 'undoFile',
      tag: 'Files',
      summary: 'Undo a file that has ended',
      description:
        'Its orders that nobody has changed go to the undo state of the workflow and give their stock back; the others stay. It goes on in ' +
        'steps: `undo` of the file says how far. Then the same order ids may come again, in a file or a request. A repeat changes nothing.',
      params: fileParams,
      responses: { 202: json(fileResponse, 'The file; it is being undone, or was.') },
      problems: ['not_found', 'not_undoable', 'upgrade_unfinished'],
      engines: ['store'],
    },
    async (c) => {
      const { fileId } = await findFile(store, viewFor(c), c.req.param('file_id'));
      const file = await store.undo.request(fileId, principalOf(c).name);
      return c.json((await filesJson(store, [file!], basePath(c)))[0]!, 202);
    },
  );

const listKept = (store: UndoPorts['store']) =>
  route(
    {
      id: 'listKeptOrders',
      tag: 'Files',
      summary: 'List the orders of an undone file that stay',
      description:
        'Sorted by id: those that were changed before, so that the undo left them as they were. Deleted ones are not listed.',
      params: fileParams,
      query: pageShape,
      responses: { 200: json(keptOrdersResponse, 'A page of orders.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'not_found', 'too_many_reads'],
      engines: ['store'],
    },
    async (c, readQuery) => {
      const query = readQuery(c);
      const view = viewFor(c);
      const { fileId } = await findFile(store, view, c.req.param('file_id'));
      const list = ['kept', fileId];
      const read = async ({ limit, after }: PageRequest): Promise<Page<Order>> => {
        const { items: ids, next } = await store.undo.kept(fileId, {
          limit: Math.min(limit, limits.eventBatch),
          after,
        });
        const found = await store.orders.getMany(ids);
        const seen = found.filter((stored) => !stored.deleted && seesOrder(view, stored)).map(({ order }) => order);
        return { items: seen.sort((a, b) => (a.orderId < b.orderId ? -1 : 1)), next };
      };
      const itemJson = (order: Order): OrderResponse => shownOrder(view, order);
      return respondWithPage(c, list, readPage(list, query), read, itemJson);
    },
  );
