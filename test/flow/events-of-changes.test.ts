/** The events of an order's whole life, over Server-Sent Events and over WebSocket: INV-3. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventResponse } from '../../src/http/responses.ts';
import { readEvents, type ServerSentEvent, send } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';
import { followByWebSocket } from '../support/web-socket.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 1_000_000]]);
  await ingest(service, csv(orderLine('R-1'), orderLine('R-2')));
  const order = {
    customer: { name: 'Ada Lovelace', email: 'ada@example.com' },
    items: [{ sku: 'SKU-1', hub_id: 'HUB-1', product_name: 'Engine', quantity: 1, unit_price: '19.99' }],
    shipping_address: '12 St James Square',
  };
  await done('POST', '/orders', { order_id: 'P-1', ...order });
  await done('PUT', '/orders/R-1/status', { status: 'confirmed', reason: 'paid' });
  await done('PATCH', '/orders/P-1', { shipping_address: 'elsewhere' });
  await done('PUT', '/orders/P-1/status', { status: 'cancelled' });
  await done('PATCH', '/orders/R-2', { customer: { name: 'Grace Hopper', email: 'grace@example.com' } });
  await done('DELETE', '/orders/R-2');
});
afterAll(() => service.stop());

async function done(method: string, path: string, body?: unknown): Promise<void> {
  const response = await send(service, method, path, body);
  expect([200, 201, 204], await response.text()).toContain(response.status);
}

async function take(query: string, count: number): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of readEvents(await fetch(`${service.url}/events${query}`))) {
    if (event.data) events.push(event);
    if (events.length === count) break;
  }
  return events;
}
const parsed = ({ data }: ServerSentEvent) => eventResponse.parse(JSON.parse(data));
const idsOf = (events: ServerSentEvent[]) => events.map((event) => parsed(event).id);

test('come in the order of the versions, named by their type', async () => {
  const all = await take('?after=0&type=*', 8);
  for (const event of all) expect(parsed(event).type).toBe(event.event);
  const ofOrder = (id: string) => all.filter((event) => parsed(event).subject === id);
  expect(idsOf(ofOrder('R-1'))).toEqual(['R-1:created', 'R-1:2']);
  expect(idsOf(ofOrder('P-1'))).toEqual(['P-1:created', 'P-1:2', 'P-1:3']);
  expect(idsOf(ofOrder('R-2'))).toEqual(['R-2:created', 'R-2:2', 'R-2:3']);
  expect(JSON.stringify(all)).not.toContain('Grace');
  expect((await getJson<{ events: unknown }>(service, '/stats')).events).toEqual({ published: 8, pending: 0 });
});

test('without a type are those of new orders alone, and a resume with more types misses none', async () => {
  const created = await take('?after=0', 3);
  expect(created.map(({ event }) => event)).toEqual(Array(3).fill('order.created'));
  const rest = await take(`?after=${created[2]!.id}&type=*`, 5);
  expect(idsOf(rest).toSorted()).toEqual(['P-1:2', 'P-1:3', 'R-1:2', 'R-2:2', 'R-2:3']);
});

test('can be chosen, and resumed after each', async () => {
  const chosen = await take('?after=0&type=order.edited,order.deleted', 3);
  expect(idsOf(chosen)).toEqual(['P-1:2', 'R-2:2', 'R-2:3']);
  expect(idsOf(await take(`?after=${chosen[0]!.id}&type=order.deleted`, 1))).toEqual(['R-2:3']);
});

test('are the same over WebSocket', async () => {
  const all = await take('?after=0&type=*', 8);
  const client = await followByWebSocket(service, '?after=0&type=*');
  const frames = await client.events(8);
  expect(frames.map(({ cursor, event }) => ({ cursor, event }))).toEqual(
    all.map(({ id, data }) => ({ cursor: id, event: JSON.parse(data) })),
  );
  client.webSocket.close();
  const deleted = await followByWebSocket(service, `?after=${all[5]!.id}&type=order.deleted`);
  expect((await deleted.events(1))[0]!.event!.id).toBe('R-2:3');
  deleted.webSocket.close();
});
