/** Every JSON response of the running service has exactly the shape that `responses.ts` declares. */
import { beforeAll, expect, test } from 'vitest';
import type * as z from 'zod';
import * as responses from '../../src/http/responses.ts';
import { readEvents, send } from '../support/http.ts';
import {
  csv,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  type Service,
  setStock,
  startService,
  upload,
} from '../support/service.ts';

let service: Service;
let completed: FileJson;
let failed: FileJson;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 5]]);
  completed = await ingest(
    service,
    csv(
      orderLine('A-1'),
      orderLine('A-2', { quantity: 'two' }),
      orderLine('A-3', { sku: 'nothing' }),
      orderLine('A-4', { quantity: '9', total_amount: '179.91' }),
    ),
  );
  failed = await ingest(service, 'no,orders\n1,2\n', '?name=other.csv');
});

/** Fails with the schema's own message. An empty list fails, too, because its items would not be checked. */
function fits(schema: z.ZodType, response: unknown): void {
  expect(schema.safeParse(response).error?.issues ?? []).toEqual([]);
  if (response && typeof response === 'object' && 'items' in response) expect(response.items).not.toEqual([]);
}

test.each([
  ['/files', responses.filesResponse],
  ['/files?limit=1', responses.filesResponse],
  ['/orders', responses.ordersResponse],
  ['/orders/A-1', responses.orderResponse],
  ['/orders/A-1/events', responses.orderEventsResponse],
  ['/inventory', responses.inventoryResponse],
  ['/invalid-files', responses.reportsResponse],
  ['/stats', responses.statsResponse],
  ['/stats/history', responses.historyResponse],
  ['/settings', responses.settingsResponse],
  ['/workflow', responses.workflowResponse],
  ['/healthz', responses.healthResponse],
  ['/readyz', responses.readyResponse],
])('GET %s', async (path, schema) => fits(schema, await getJson(service, path)));

test('GET /audit, which is empty where access is off', async () => {
  expect(await getJson(service, '/audit')).toEqual({ items: [], next_cursor: null });
});

test('GET /files/{file_id} of a completed file and of a failed one', async () => {
  expect([completed.status, failed.status]).toEqual(['completed', 'failed']);
  fits(responses.fileResponse, completed);
  fits(responses.fileResponse, failed);
});

test('GET /files/{file_id}/rejections', async () =>
  fits(responses.rejectionsResponse, await getJson(service, `/files/${completed.file_id}/rejections`)));

test('POST /upload, and the files that cancel and retry return', async () => {
  const uploaded = await (await upload(service, csv(orderLine('B-1')), '?name=b.csv')).json();
  fits(responses.uploadResponse, uploaded);
  const retried = await send(service, 'POST', `/files/${failed.file_id}/retry`);
  expect(retried.status).toBe(202);
  fits(responses.fileResponse, await retried.json());
});

test('PUT /inventory and POST /inventory/adjust, applied and refused', async () => {
  const set = await send(service, 'PUT', '/inventory', { items: [{ sku: 'S', hub_id: 'H', available: 1 }] });
  const adjusted = await send(service, 'POST', '/inventory/adjust', {
    items: [
      { sku: 'S', hub_id: 'H', delta: -1 },
      { sku: 'S', hub_id: 'H', delta: -1 },
    ],
  });
  fits(responses.stockResultsResponse, await set.json());
  const body = (await adjusted.json()) as responses.StockResultsResponse;
  fits(responses.stockResultsResponse, body);
  expect(body.results.map(({ status }) => status)).toEqual(['ok', 'refused']);
});

test('a problem', async () => fits(responses.problemResponse, await (await fetch(`${service.url}/files/none`)).json()));

test('an event of GET /events, which is that of GET /orders/{order_id}/events', async () => {
  const response = await fetch(`${service.url}/events?after=0`);
  for await (const { data } of readEvents(response)) {
    if (data === '') continue;
    const event = JSON.parse(data) as responses.EventResponse;
    fits(responses.eventResponse, event);
    const ofOrder = await fetch(`${service.url}/orders/${event.subject}/events`);
    expect(await ofOrder.text()).toBe(`{"items":[${data}]}`);
    return;
  }
});
