/** `GET /events`: the events of orders as Server-Sent Events, which resume exactly after the last one received (INV-3). */
import { beforeAll, describe, expect, test } from 'vitest';
import { problemOf, readEvents, type ServerSentEvent } from '../support/http.ts';
import {
  csv,
  ended,
  getJson,
  ingest,
  orderLine,
  type Service,
  setStock,
  startService,
  upload,
} from '../support/service.ts';

let service: Service;
let files = 0;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 1_000_000]]);
});

const ids = (count: number) => {
  const prefix = `E${++files}`;
  return Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
};
const fileOf = (orderIds: string[]) => csv(...orderIds.map((id) => orderLine(id)));
const subscribe = (query = '', headers: Record<string, string> = {}) =>
  fetch(`${service.url}/events${query}`, { headers });
const orderOf = (event: ServerSentEvent) => (JSON.parse(event.data) as { subject: string }).subject;

/** Reads this many events, then disconnects. The first block of a stream has only its cursor. */
async function take(response: Response, count: number): Promise<{ start: string; events: ServerSentEvent[] }> {
  expect(response.status).toBe(200);
  let start = '';
  const events: ServerSentEvent[] = [];
  for await (const event of readEvents(response)) {
    if (event.data) events.push(event);
    else if (event.id) start ||= event.id;
    if (events.length >= count && start !== '') break;
  }
  return { start, events };
}

describe('a subscription', () => {
  test('has the events from now on, and begins with the cursor', async () => {
    await ingest(service, fileOf(ids(3)));
    const response = await subscribe();
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const quiet = await take(await subscribe(), 0);
    const later = ids(2);
    const [{ start, events }] = await Promise.all([take(response, 2), ingest(service, fileOf(later))]);
    expect(start).toBe(quiet.start);
    expect(events.map(orderOf).sort()).toEqual(later);
    expect((await take(await subscribe(`?after=${quiet.start}`), 2)).events).toEqual(events);
  });

  test('has all events from the beginning with ?after=0, each a CloudEvent with the order', async () => {
    const own = ids(2);
    await ingest(service, fileOf(own));
    const { events: published } = await getJson<{ events: { published: number } }>(service, '/stats');
    const { events } = await take(await subscribe('?after=0&type=order.created'), published.published);
    expect(new Set(events.map(orderOf)).size).toBe(published.published);
    const event = events.find((one) => orderOf(one) === own[0])!;
    expect(event.event).toBe('order.created');
    const { version, actor, ...order } = await getJson(service, `/orders/${own[0]}`);
    expect(JSON.parse(event.data)).toEqual({
      specversion: '1.0',
      id: `${own[0]}:created`,
      source: '/oms',
      type: 'order.created',
      subject: own[0],
      time: order.created_at,
      datacontenttype: 'application/json',
      data: order,
    });
    expect((await take(await subscribe('?after=0'), published.published)).events).toEqual(events);
  });

  test('resumes after the event that it names, and Last-Event-ID precedes ?after', async () => {
    await ingest(service, fileOf(ids(5)));
    const all = (await take(await subscribe('?after=0'), 5)).events;
    expect((await take(await subscribe(`?after=${all[1]!.id}`), 3)).events).toEqual(all.slice(2, 5));
    const resumed = await subscribe('?after=0', { 'last-event-id': all[2]!.id });
    const { start, events } = await take(resumed, 2);
    expect(start).toBe(all[2]!.id);
    expect(events).toEqual(all.slice(3, 5));
  });

  test('has the types that it asks for', async () => {
    await ingest(service, fileOf(ids(3)));
    const created = (await take(await subscribe('?after=0'), 3)).events;
    for (const type of ['*', 'order.created', 'order.deleted,order.created', 'order.created,order.created'])
      expect((await take(await subscribe(`?after=0&type=${type}`), 3)).events).toEqual(created);
  });

  test('is told where it is while the events are of other types', async () => {
    const { start: end } = await take(await subscribe(), 0);
    await ingest(service, fileOf(ids(3)));
    const { start: behind } = await take(await subscribe(), 0);
    const told: string[] = [];
    for await (const { id, data } of readEvents(await subscribe(`?type=order.edited,order.deleted&after=${end}`))) {
      expect(data).toBe('');
      told.push(id);
      if (id === behind) break;
    }
    expect(told[0]).toBe(end);
    expect(told.at(-1)).toBe(behind);
  });

  test('is refused with a bad type or cursor', async () => {
    for (const type of ['order.lost', '', ',', 'order.created,', '*,order.created', 'order.created,order.lost'])
      await problemOf(await subscribe(`?type=${type}`), 400, 'invalid_parameter');
    await problemOf(await subscribe('?type=order.created&type=*'), 400, 'invalid_parameter');
    for (const query of ['?after=nonsense', '?after=', '?after=-1', '?after=ozzzzzz'])
      await problemOf(await subscribe(query), 400, 'invalid_cursor');
    await problemOf(await subscribe('?after=0', { 'last-event-id': 'nonsense' }), 400, 'invalid_cursor');
    await problemOf(await subscribe(`?after=${'x'.repeat(5_000)}`), 400, 'invalid_parameter');
  });

  test('interrupted many times while orders arrive loses and doubles nothing, also across a restart', async () => {
    const { start } = await take(await subscribe(), 0);
    const orderIds = ids(2_400);
    const quarters = [0, 1, 2, 3].map((i) => orderIds.slice(i * 600, (i + 1) * 600));
    const seen: ServerSentEvent[] = [];
    let cursor = start;
    const followTo = async (total: number) => {
      for (let connection = 0; seen.length < total; connection++) {
        // Disconnects after 1 to 200 events, while the server is sending.
        const wanted = Math.min(1 + ((connection * 37) % 200), total - seen.length);
        const { events } = await take(await subscribe('', { 'last-event-id': cursor }), wanted);
        seen.push(...events);
        cursor = events.at(-1)?.id ?? cursor;
      }
    };
    await Promise.all([followTo(1_200), ...quarters.slice(0, 2).map((quarter) => ingest(service, fileOf(quarter)))]);

    const response = await upload(service, fileOf(quarters[2]!));
    const { file_id } = (await response.json()) as { file_id: string };
    await service.kill('SIGKILL');
    service = await startService({ dataDirectory: service.dataDirectory });
    await Promise.all([followTo(1_800), ended(service, file_id)]);

    expect(await service.stop()).toBe(0);
    service = await startService({ dataDirectory: service.dataDirectory });
    await Promise.all([followTo(2_400), ingest(service, fileOf(quarters[3]!))]);

    expect(seen.map(orderOf).sort()).toEqual([...orderIds].sort());
    expect(new Set(seen.map(({ id }) => id)).size).toBe(2_400);
    const { events } = await take(await subscribe(`?after=${start}`), 2_400);
    expect(events).toEqual(seen);
  });

  test('does not keep the service from stopping', async () => {
    const response = await subscribe();
    const reading = (async () => {
      for await (const _ of readEvents(response));
    })();
    expect(await service.stop()).toBe(0);
    await reading;
    service = await startService({ dataDirectory: service.dataDirectory });
  });
});
