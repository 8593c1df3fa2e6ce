/** `/customers`: who has ordered, by e-mail. */
import { Hono } from 'hono';
import * as z from 'zod';
import { limits } from '../limits.ts';
import { orderJson } from '../model/order.ts';
import { lowerAscii } from '../model/views.ts';
import type { Ports } from '../ports/ports.ts';
import type { Subject } from '../ports/read-models.ts';
import { basePath } from './base-path.ts';
import { notFound } from './errors.ts';
import { pageShape, readPage, respondWithPage } from './pages.ts';
import { key } from './parameters.ts';
import { daysJson, sumsJson, VIEW_PROBLEMS, viewsOf } from './read-models.ts';
import {
  type CustomerResponse,
  customersResponse,
  type OneCustomerResponse,
  oneCustomerResponse,
} from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';

type CustomerPorts = Pick<Ports, 'store' | 'views'>;

export function customerRoutes(ports: CustomerPorts) {
  const app = new Hono<HttpEnv>();
  app.get('/customers', listCustomers(ports));
  app.get('/customers/:email', getCustomer(ports));
  return app;
}

const listCustomers = (ports: CustomerPorts) =>
  route(
    {
      id: 'listCustomers',
      tag: 'Orders',
      summary: 'List customers by e-mail',
      query: { ...pageShape, q: key.describe('How the e-mail begins, whatever the case of its letters.') },
      responses: { 200: json(customersResponse, 'A page of customers.') },
      problems: ['invalid_parameter', 'invalid_cursor', 'too_many_reads', ...VIEW_PROBLEMS],
      engines: ['store'],
    },
    (c, readQuery) => {
      const views = viewsOf(ports);
      const query = readQuery(c);
      const startingWith = lowerAscii(query.q ?? '');
      const list = ['customers', startingWith];
      const read = (slice: Parameters<typeof views.list>[2]) => views.list('customer', startingWith, slice);
      return respondWithPage(c, list, readPage(list, query), read, customerJson);
    },
  );

const getCustomer = (ports: CustomerPorts) =>
  route(
    {
      id: 'getCustomer',
      tag: 'Orders',
      summary: 'Get a customer with the newest orders',
      params: { email: z.string().describe('The e-mail address, whatever the case of its letters.') },
      responses: { 200: json(oneCustomerResponse, 'The customer.') },
      problems: ['not_found', ...VIEW_PROBLEMS],
      engines: ['store'],
    },
    async (c) => {
      const views = viewsOf(ports);
      const email = lowerAscii(c.req.param('email'));
      const customer = await views.get('customer', email);
      if (!customer) throw notFound('customer', email);
      const ids = await views.newestOrders(email, limits.newestOrdersOfCustomer);
      const stored = await ports.store.orders.getMany(ids);
      // Some may have changed since the models were made.
      const theirs = stored.filter(({ order }) => lowerAscii(order.customerEmail) === email);
      const byId = new Map(theirs.map(({ order }) => [order.orderId, orderJson(order)]));
      const response: OneCustomerResponse = {
        ...customerJson(customer),
        newest_orders: ids.flatMap((id) => byId.get(id) ?? []),
        links: { orders: `${basePath(c)}/orders?customer_email=${encodeURIComponent(email)}` },
      };
      return c.json(response);
    },
  );

export const customerJson = (customer: Subject): CustomerResponse => ({
  ...{ email: customer.key, name: customer.name ?? '' },
  ...sumsJson(customer),
  by_status: customer.byStatus,
  ...daysJson(customer),
});
