/** `DELETE /customers/{email}` erases a person; `/erasures` says how far that is. */
import { Hono } from 'hono';
import * as z from 'zod';
import { type ErasureRecord, findErasure, listErasures, personOf, requestErasure } from '../pipeline/erase/requests.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { auditTarget } from './audit-trail.ts';
import { notFound } from './errors.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { type ErasureResponse, erasureResponse, erasuresResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

interface ErasurePorts {
  store: Pick<OrderStore, 'smallRecords'>;
  clock: Clock;
}

export function erasureRoutes(ports: ErasurePorts) {
  const app = new Hono<HttpEnv>();
  app.delete('/customers/:email', eraseCustomer(ports));
  app.get('/erasures', getErasures(ports));
  app.get('/erasures/:id', getErasure(ports));
  return app;
}

const eraseCustomer = (ports: ErasurePorts) =>
  route(
    {
      id: 'eraseCustomer',
      tag: 'Access',
      summary: 'Erase a person',
      description:
        'Name, e-mail and address leave all orders of this person, whatever the case of the e-mail, with their histories and events; uploads and reports that hold the e-mail are deleted. It is done in steps; a repeat before its end changes nothing, one after it erases what has come since.',
      params: { email: z.string().describe('The e-mail address of the person.') },
      responses: { 202: json(erasureResponse, 'How far it is.') },
      problems: ['not_found'],
      engines: ['store'],
    },
    async (c) => {
      const record = await requestErasure(ports, personOf(c.req.param('email')));
      auditTarget(c, `erasure ${record.id}`);
      return c.json(erasureJson(record), 202);
    },
  );

const getErasure = ({ store }: ErasurePorts) =>
  route(
    {
      id: 'getErasure',
      tag: 'Access',
      summary: 'Get how far an erasure is',
      params: { id: z.string().describe('The `id` that the request returned.') },
      responses: { 200: json(erasureResponse, 'How far it is.') },
      problems: ['not_found'],
      engines: ['store'],
    },
    async (c) => {
      const id = c.req.param('id');
      const record = await findErasure(store, id);
      if (!record) throw notFound('erasure', id);
      return c.json(erasureJson(record));
    },
  );

const getErasures = ({ store }: ErasurePorts) =>
  route(
    {
      id: 'listErasures',
      tag: 'Access',
      summary: 'List erasures',
      query: pageShape,
      responses: { 200: json(erasuresResponse, 'A page of erasures of the last year, by their ids.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads'],
      engines: ['store'],
    },
    (c, readQuery) => {
      const list = ['erasures'];
      return respondWithPage(c, list, readPage(list, readQuery(c)), (slice) => listErasures(store, slice), erasureJson);
    },
  );

export const erasureJson = ({ id, data }: ErasureRecord): ErasureResponse => ({
  id,
  state: data.doneMs === null ? 'pending' : 'done',
  waiting_for: data.part === 'open-files' && data.again ? 'files' : null,
  orders: data.orders,
  files: data.files,
  requested_at: new Date(data.requestedMs).toISOString(),
  done_at: data.doneMs === null ? null : new Date(data.doneMs).toISOString(),
});
