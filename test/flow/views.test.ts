/**
 * Who sees what: each route is asked by keys that are limited to hubs, and by viewers without personal data. Everything that a key must not
 * see carries a word that appears nowhere else, so no answer to it may have that word.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { problemOf, readEvents } from '../support/http.ts';
import { csv, type FileJson, orderLine, type Service, startService, temporaryDirectory } from '../support/service.ts';
import { openWebSocket, type WebSocketClient } from '../support/web-socket.ts';

const SECRET = 'only-the-admin-of-this-test-has-this-secret';
/** In all that is of HUB-2 alone. */
const ELSEWHERE = /zwei/i;
/** In all names, e-mails and addresses. */
const PERSONAL = /geheim/i;

let service: Service;
let admin: Client;
/** Limited to HUB-1, and to HUB-2. */
let one: Client;
let two: Client;
/** Without and with personal data. */
let viewer: Client;
let reader: Client;
/** Of HUB-2: a file with a rejected row, and its report. */
let foreignFile: FileJson;
let foreignReport: string;

class Client {
  readonly headers: Record<string, string>;

  constructor(key: string) {
    this.headers = { authorization: `Bearer ${key}` };
  }

  send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const isText = typeof body === 'string';
    return fetch(`${service.url}${path}`, {
      method,
      headers: { ...this.headers, 'content-type': isText ? 'text/csv' : 'application/json', ...headers },
      ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
    });
  }

  async json<Result = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Result> {
    const response = await this.send(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return (response.status === 204 ? {} : await response.json()) as Result;
  }

  async ingest(body: string, query = ''): Promise<FileJson> {
    const { file_id } = await this.json<{ file_id: string }>('POST', `/upload${query}`, body);
    return this.ended(file_id);
  }

  async ended(fileId: string): Promise<FileJson> {
    for (;;) {
      const file = await this.json<FileJson>('GET', `/files/${fileId}`);
      if (file.finished_at !== null) return file;
      await delay(20);
    }
  }

  /** The text of a stream of events from its beginning until this order occurs in it. */
  async streamUntil(path: string, orderId: string): Promise<string> {
    const response = await this.send('GET', path);
    expect(response.status).toBe(200);
    let text = '';
    for await (const { id, data } of readEvents(response)) {
      text += `${id} ${data}\n`;
      if (data?.includes(orderId)) break;
    }
    return text;
  }

  async socket(query = ''): Promise<WebSocketClient> {
    const opened = await openWebSocket(service, `/ws${query}`, { headers: this.headers });
    if (opened instanceof Response) throw new Error(`refused with ${opened.status}: ${await opened.text()}`);
    return opened;
  }
}

const newKey = async (grant: { role: string; scopes?: string[]; hubs?: string[] }) => {
  const { id, key } = await admin.json<{ id: string; key: string }>('POST', '/keys', { name: 'of a test', ...grant });
  return { id, client: new Client(key) };
};

const order = (id: string, items: { sku: string; hub: string }[], who: string) => ({
  order_id: id,
  customer: { name: `Geheim ${who}`, email: `geheim-${who}@example.com` },
  items: items.map(({ sku, hub }) => ({
    sku,
    hub_id: hub,
    product_name: `Lamp ${sku}`,
    quantity: 1,
    unit_price: '2.50',
  })),
  shipping_address: `Geheimweg ${who}`,
});
const HERE = { sku: 'SKU-1', hub: 'HUB-1' };
const THERE = { sku: 'SKU-ZWEI', hub: 'HUB-2' };
const line = (id: string, { sku, hub }: typeof HERE, values: Record<string, string> = {}) =>
  orderLine(id, {
    ...{ sku, hub_id: hub, customer_name: 'Geheim Row', customer_email: 'geheim@example.com' },
    ...{ shipping_address: 'Geheimweg 9', ...values },
  });

beforeAll(async () => {
  const secretFile = join(await temporaryDirectory(), 'admin-key');
  await writeFile(secretFile, SECRET, { mode: 0o600 });
  service = await startService({
    env: { OMS_AUTH: 'required', OMS_ADMIN_KEY_FILE: secretFile, OMS_RATE_LIMIT: 'off' },
  });
  admin = new Client(SECRET);
  one = (await newKey({ role: 'admin', hubs: ['HUB-1'] })).client;
  two = (await newKey({ role: 'admin', hubs: ['HUB-2'] })).client;
  viewer = (await newKey({ role: 'viewer' })).client;
  reader = (await newKey({ role: 'viewer', scopes: ['personal:read'] })).client;
  await admin.json('PUT', '/inventory', {
    items: [HERE, THERE, { sku: 'SKU-1', hub: 'HUB-2' }].map(({ sku, hub }) => ({
      sku,
      hub_id: hub,
      available: 1_000,
    })),
  });
  await one.json('POST', '/orders', order('ONE-1', [HERE], 'eins'));
  await two.json('POST', '/orders', order('ZWEI-1', [THERE], 'zwei'));
  await two.json('POST', '/orders', order('ZWEI-GONE', [THERE], 'zwei'));
  await admin.json('POST', '/orders', order('BOTH-1', [HERE, { sku: 'SKU-1', hub: 'HUB-2' }], 'both'));
  await two.json('PATCH', '/orders/ZWEI-1', { customer: { name: 'Geheim Zwei 2' }, reason: 'zwei' });
  await two.json('PUT', '/orders/ZWEI-1/status', { status: 'confirmed' });
  await two.json('DELETE', '/orders/ZWEI-GONE');
  foreignFile = await two.ingest(
    csv(line('ZWEI-2', THERE), line('ZWEI-3', THERE, { quantity: 'zwei' })),
    '?name=zwei.csv',
  );
  foreignReport = foreignFile.invalid_file!;
  await admin.ingest(
    csv(line('ZWEI-4', THERE), line('ZWEI-5', THERE, { customer_email: 'zwei' })),
    '?name=alle-zwei.csv',
  );
  await one.ingest(csv(line('ONE-2', HERE), line('ONE-3', HERE, { quantity: 'x' })), '?name=one.csv');
  await one.json('POST', '/orders', order('ONE-LAST', [HERE], 'eins'));
  await one.json('PATCH', '/orders/ONE-LAST', { customer: { name: 'Geheim Last' } });
});

/** Without what the request itself says. */
const withoutEcho = (text: string, path: string) =>
  decodeURIComponent(path)
    .split(/[/?&=]/)
    .filter((part) => part !== '')
    .reduce((rest, part) => rest.replaceAll(part, ''), text);

describe('a key for one hub', () => {
  const cases = (): [method: string, path: string, status: number, body?: unknown][] => [
    ['GET', '/orders', 200],
    ['GET', '/orders?limit=1', 200],
    ['GET', '/orders?hub_id=HUB-2', 200],
    ['GET', '/orders?sku=SKU-ZWEI', 200],
    ['GET', '/orders?q=ZWEI-1', 200],
    ['GET', '/orders?q=Geheim', 200],
    ['GET', '/orders?customer_email=geheim-zwei@example.com', 200],
    ['GET', `/orders?file_id=${foreignFile.file_id}`, 200],
    ['GET', '/orders/ZWEI-1', 404],
    ['HEAD', '/orders/ZWEI-1', 404],
    ['GET', '/orders/ZWEI-1/history', 404],
    ['GET', '/orders/ZWEI-1/events', 404],
    ['GET', '/orders/ZWEI-GONE', 404],
    ['GET', '/orders/ZWEI-GONE/history', 404],
    ['GET', '/orders/ZWEI-GONE/events', 404],
    ['PUT', '/orders/ZWEI-1/status', 404, { status: 'cancelled' }],
    ['PATCH', '/orders/ZWEI-1', 404, { shipping_address: 'mine' }],
    ['PATCH', '/orders/ZWEI-1', 404, { items: order('X', [HERE], 'eins').items }],
    ['DELETE', '/orders/ZWEI-1', 404],
    ['DELETE', '/orders/ZWEI-GONE', 404],
    ['PUT', '/orders/BOTH-1/status', 404, { status: 'cancelled' }],
    ['POST', '/orders/status', 200, { order_ids: ['ZWEI-1', 'BOTH-1', 'ZWEI-GONE'], status: 'cancelled' }],
    ['POST', '/orders', 409, order('ZWEI-1', [HERE], 'eins')],
    ['POST', '/orders', 409, order('ZWEI-GONE', [HERE], 'eins')],
    ['POST', '/orders/batch', 200, { orders: [order('ZWEI-1', [HERE], 'eins')] }],
    ['GET', '/files', 200],
    ['GET', `/files?parent_file_id=${foreignFile.file_id}`, 200],
    ['GET', `/files/${foreignFile.file_id}`, 404],
    ['GET', `/files/${foreignFile.file_id}/progress`, 404],
    ['GET', `/files/${foreignFile.file_id}/rejections`, 404],
    ['POST', `/files/${foreignFile.file_id}/cancel`, 404],
    ['POST', `/files/${foreignFile.file_id}/retry`, 404],
    ['POST', `/upload?parent_file_id=${foreignFile.file_id}`, 404, csv(line('ONE-9', HERE))],
    ['GET', '/invalid-files', 200],
    ['GET', `/invalid-files/${foreignReport}`, 404],
    ['GET', '/inventory', 200],
    ['GET', '/inventory?hub_id=HUB-2', 200],
    ['GET', '/inventory?sku=SKU-ZWEI&sort=available', 200],
    ['PUT', '/inventory', 403, { items: [{ sku: 'SKU-ZWEI', hub_id: 'HUB-2', available: 7 }] }],
    ['POST', '/inventory/adjust?dry_run=true', 403, { items: [{ sku: 'SKU-ZWEI', hub_id: 'HUB-2', delta: 1 }] }],
    ['PUT', '/inventory', 403, 'sku,hub_id,available\nSKU-1,HUB-1,8\nSKU-ZWEI,HUB-2,7\n'],
    ['GET', '/stats', 403],
    ['GET', '/stats/history', 403],
    ['GET', '/metrics', 403],
    ['GET', '/audit', 403],
    ['GET', '/finalizer/orders', 403],
    ['POST', '/finalizer/redrive', 403],
    ['GET', '/keys', 403],
    ['POST', '/keys', 403, { name: 'mine', role: 'viewer', hubs: ['HUB-1'] }],
    ['DELETE', '/keys/0000000000000', 403],
    ['GET', '/users', 403],
    ['POST', '/users', 403, { email: 'mine@example.com', role: 'viewer', hubs: ['HUB-1'] }],
    ['PATCH', '/users/mine@example.com', 403, { role: 'admin' }],
    ['POST', '/users/mine@example.com/reset', 403],
    ['DELETE', '/users/mine@example.com', 403],
    ['GET', '/settings', 200],
    ['GET', '/workflow', 200],
  ];

  test('gets no byte of what is of another one, on any route, under either prefix', async () => {
    const stock = await two.json('GET', '/inventory?sku=SKU-ZWEI');
    for (const prefix of ['', '/api/v1'])
      for (const [method, path, status, body] of cases()) {
        const response = await one.send(method, prefix + path, body);
        const text = await response.text();
        const sent = body === undefined ? '' : JSON.stringify(body).replaceAll(/[",\\]/g, '/');
        expect({ method, path, body, status: response.status, text }).toMatchObject({ status });
        expect(withoutEcho(text, `${path}/${sent}`), `${method} ${path}`).not.toMatch(ELSEWHERE);
      }
    // Nothing of it was changed either.
    expect(await two.json('GET', '/orders/ZWEI-1')).toMatchObject({ version: 3, status: 'confirmed' });
    expect(await admin.json('GET', '/orders/BOTH-1')).toMatchObject({ version: 1 });
    expect(await two.json('GET', '/inventory?sku=SKU-ZWEI')).toEqual(stock);
  });

  test('sees of the readiness what everybody sees', async () => {
    const statuses = { status: 'ready', dependencies: expect.objectContaining({ store: { status: 'up' } }) };
    expect(await one.json('GET', '/readyz')).toEqual(statuses);
    expect(await admin.json('GET', '/readyz')).not.toEqual(statuses);
  });

  test('is answered about an order of another one as about an id that nobody has', async () => {
    const about = async (id: string) => {
      const answers: [string, string, unknown?, Record<string, string>?][] = [
        ['GET', ''],
        ['GET', '', undefined, { 'if-none-match': '"3"' }],
        ['GET', '/history'],
        ['GET', '/events'],
        ['PUT', '/status', { status: 'shipped' }, { 'if-match': '"99"' }],
        ['PATCH', '', { shipping_address: 'mine' }],
        ['DELETE', ''],
      ];
      const texts: string[] = [];
      for (const [method, rest, body, headers] of answers) {
        const response = await one.send(method, `/orders/${id}${rest}`, body, headers);
        const named = [...response.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
        texts.push(JSON.stringify([response.status, named, await response.text()]).replaceAll(id, 'ID'));
      }
      return texts.map((text) => text.replace(/"content-length","\d+"/, ''));
    };
    expect(await about('ZWEI-1')).toEqual(await about('NOBODYS'));
    expect(await about('ZWEI-GONE')).toEqual(await about('NOBODYS'));
  });

  test('sees the orders that have an item there, and the other way round', async () => {
    const idsOf = async (client: Client) =>
      (await client.json<{ items: { order_id: string }[] }>('GET', '/orders')).items
        .map(({ order_id }) => order_id)
        .toSorted();
    expect(await idsOf(one)).toEqual(['BOTH-1', 'ONE-1', 'ONE-2', 'ONE-LAST']);
    expect(await idsOf(two)).toEqual(['BOTH-1', 'ZWEI-1', 'ZWEI-2', 'ZWEI-4']);
    expect(await one.json('GET', '/orders/BOTH-1')).toMatchObject({
      items: [{ hub_id: 'HUB-1' }, { hub_id: 'HUB-2' }],
    });
    const files = await one.json<{ items: FileJson[] }>('GET', '/files');
    expect(files.items.map(({ name, hubs }) => [name, hubs])).toEqual([['one.csv', ['HUB-1']]]);
    expect((await one.json<{ items: unknown[] }>('GET', '/inventory')).items).toMatchObject([{ hub_id: 'HUB-1' }]);
  });

  test('takes and moves no order into another one', async () => {
    const foreign = { pointer: '/items/1/hub_id', code: 'forbidden_hub' };
    const mixed = order('ONE-MIXED', [HERE, THERE], 'eins');
    for (const [method, path, body] of [
      ['POST', '/orders', mixed],
      ['PATCH', '/orders/ONE-1', { items: mixed.items }],
    ] as const)
      expect(await problemOf(await one.send(method, path, body), 422, 'invalid_order')).toMatchObject({
        errors: [foreign],
      });
    const batch = await one.json('POST', '/orders/batch', { orders: [mixed] });
    expect(batch).toMatchObject({ results: [{ status: 422, problem: { errors: [foreign] } }] });
    await problemOf(await admin.send('GET', '/orders/ONE-MIXED'), 404, 'not_found');
    expect(await problemOf(await one.send('GET', '/stats'), 403, 'forbidden')).toMatchObject({ needs: 'hub:*' });
    const put = { items: [{ sku: 'SKU-1', hub_id: 'HUB-2', available: 1 }] };
    expect(await problemOf(await one.send('PUT', '/inventory', put), 403, 'forbidden')).toMatchObject({
      needs: 'hub:HUB-2',
    });
  });

  test('says of itself nothing that the service would believe', async () => {
    const { id, ...rest } = { id: 'ONE-ASSIGN', ...order('ONE-ASSIGN', [HERE], 'eins') };
    for (const member of ['hubs', 'role', 'within', 'uploaded_by', 'principal'])
      expect(
        await problemOf(await one.send('POST', '/orders', { ...rest, [member]: ['HUB-2'] }), 422, 'invalid_order'),
      ).toMatchObject({ errors: [{ pointer: `/${member}`, code: 'unknown_field' }] });
    const made = await one.json<{ actor: string; source: object }>('POST', '/orders', {
      ...rest,
      ...{ actor: 'user:somebody', source: { file_id: foreignFile.file_id, row: 2 }, version: 9 },
    });
    expect(made).toMatchObject({ actor: expect.stringMatching(/^key:/), source: { file_id: null }, version: 1 });
    const file = await one.ingest(csv(line(`${id}-2`, THERE)), '?hubs=HUB-2&uploaded_by=somebody&name=assign.csv');
    expect(file).toMatchObject({ hubs: ['HUB-1'], invalid_by_code: { forbidden_hub: 1 } });
  });
});

describe('a file of a key for one hub', () => {
  test('becomes orders there alone, whichever way its rows are read', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => line(`ONE-F-${i}`, i % 3 === 0 ? THERE : HERE));
    const quoted = rows.map((row) => row.replace('ONE-F', 'ONE-G').replace('Geheim Row', '"Geheim ""Row"""'));
    for (const body of [csv(...rows), csv(...quoted)]) {
      const file = await one.ingest(body);
      expect(file).toMatchObject({
        ...{ status: 'completed', hubs: ['HUB-1'], invalid_by_code: { forbidden_hub: 10 } },
        progress: { accepted: 20, invalid: 10 },
      });
      const { items } = await one.json<{ items: { reasons: unknown }[] }>('GET', `/files/${file.file_id}/rejections`);
      expect(items[0]!.reasons).toEqual([
        {
          ...{ column: 'hub_id', code: 'forbidden_hub' },
          reason: 'hub_id "HUB-2" is not one of the hubs that the sender is limited to',
        },
      ]);
      // A correction stays within the hubs of what it corrects, whoever sends it.
      const report = await (await admin.send('GET', `/invalid-files/${file.invalid_file}`)).text();
      const again = await admin.ingest(report, `?parent_file_id=${file.file_id}`);
      expect(again).toMatchObject({ hubs: ['HUB-1'], invalid_by_code: { forbidden_hub: 10 } });
    }
  });

  test('does not learn of other files: not by its bytes, its key or the file that it says it corrects', async () => {
    const bytes = csv(line('SAME-1', HERE));
    const ofTwo = await two.json<{ file_id: string }>('POST', '/upload', bytes);
    const send = (client: Client) => client.send('POST', '/upload', bytes, { 'idempotency-key': 'the-same-key' });
    const ofOne = (await (await send(one)).json()) as { file_id: string };
    expect(ofOne.file_id).not.toBe(ofTwo.file_id);
    const ofAdmin = (await (await send(admin)).json()) as { file_id: string };
    expect([ofOne.file_id, ofTwo.file_id]).not.toContain(ofAdmin.file_id);
    expect(await problemOf(await one.send('POST', '/upload', bytes), 409, 'duplicate_file')).toMatchObject({
      existing_file_id: ofOne.file_id,
    });
    const report = await (await two.send('GET', `/invalid-files/${foreignReport}`)).text();
    expect(report).toContain(foreignFile.file_id);
    expect(await one.ingest(report)).toMatchObject({ parent_file_id: null });
  });
});

describe('a key used by two', () => {
  test('answers each only with what is their own', async () => {
    const put = (client: Client, hub: string) =>
      client.send('POST', '/inventory/adjust', { items: [{ sku: 'SKU-1', hub_id: hub, delta: 1 }] }, KEY);
    const KEY = { 'idempotency-key': 'two-have-it' };
    expect((await put(one, 'HUB-1')).status).toBe(200);
    expect((await put(two, 'HUB-2')).status).toBe(200);
    const create = (client: Client, id: string, at: typeof HERE) =>
      client.send('POST', '/orders', order(id, [at], 'key'), KEY);
    expect((await create(two, 'ZWEI-KEY', THERE)).status).toBe(201);
    expect((await create(one, 'ONE-KEY', HERE)).status).toBe(201);
    const again = await create(one, 'ONE-KEY', HERE);
    expect(again.status).toBe(201);
    expect(await again.text()).toContain('ONE-KEY');
  });
});

describe('events', () => {
  test('of orders of another hub do not come, by any stream', async () => {
    const sse = await one.streamUntil('/events?after=0&type=*', 'ONE-LAST');
    expect(sse).toContain('ONE-1:created');
    expect(sse).toContain('BOTH-1:created');
    expect(sse).not.toMatch(ELSEWHERE);
    const { webSocket, frames } = await one.socket('?after=0&type=*');
    await expect.poll(() => JSON.stringify(frames)).toContain('ONE-LAST:2');
    webSocket.close();
    expect(JSON.stringify(frames)).toContain('BOTH-1:created');
    expect(JSON.stringify(frames)).not.toMatch(ELSEWHERE);
    expect(await two.streamUntil('/events?after=0&type=*', 'ZWEI-4')).toMatch(/ZWEI-1:2.*ZWEI-1:3/s);
  });

  test('of files of another hub do not come', async () => {
    const response = await one.send('GET', '/progress');
    const own = await one.json<{ file_id: string }>('POST', '/upload?name=own.csv', csv(line('ONE-P', HERE)));
    await two.json('POST', '/upload?name=zwei-follow.csv', csv(line('ZWEI-P', THERE)));
    await two.ingest(csv(line('ZWEI-Q', THERE)), '?name=zwei-follow-2.csv');
    const last = await one.json<{ file_id: string }>('POST', '/upload?name=last.csv', csv(line('ONE-Q', HERE)));
    let text = '';
    for await (const { data } of readEvents(response)) {
      text += data;
      // Files that changed together come in no order that matters.
      if (text.includes(own.file_id) && text.includes(last.file_id)) break;
    }
    expect(text).not.toMatch(ELSEWHERE);
  });
});

describe('a viewer without personal data', () => {
  test('gets no name, e-mail and address, on any route and stream', async () => {
    const { items } = await reader.json<{ items: FileJson[] }>('GET', '/files');
    const { file_id: fileId, invalid_file: report } = items.find((file) => file.invalid_file !== null)!;
    const routes = ['/orders', '/orders?hub_id=HUB-1', '/orders/ONE-LAST', '/orders/ONE-LAST/history'];
    for (const path of [...routes, '/orders/ONE-LAST/events', '/orders/ONE-2/events', '/files', '/invalid-files']) {
      const hidden = await (await viewer.send('GET', path)).text();
      expect(hidden, path).not.toMatch(PERSONAL);
      const shown = await (await reader.send('GET', path)).text();
      if (path.startsWith('/orders')) expect(shown, path).toMatch(PERSONAL);
    }
    expect(await viewer.json('GET', '/orders/ONE-LAST')).toMatchObject({
      ...{ customer: { name: null, email: null }, shipping_address: null, items: [{ sku: 'SKU-1' }] },
    });
    const history = await viewer.json<{ items: object[] }>('GET', '/orders/ONE-LAST/history');
    expect(history.items[1]).toMatchObject({ changes: [{ field: 'customer_name', from: null, to: null }] });
    const refused = [`/files/${fileId}/rejections`, `/invalid-files/${report}`];
    for (const path of [...refused, '/orders?q=Geheim', '/orders?customer_email=geheim-eins@example.com']) {
      const problem = await problemOf(await viewer.send('GET', path), 403, 'forbidden');
      expect(problem).toMatchObject({ needs: 'personal:read' });
      expect((await reader.send('GET', path)).status).toBe(200);
    }
    const sse = await viewer.streamUntil('/events?after=0&type=*', 'ONE-LAST:2');
    expect(sse).toContain('ZWEI-GONE:created');
    expect(sse).not.toMatch(PERSONAL);
    const { webSocket, frames } = await viewer.socket('?after=0&type=order.created,order.edited');
    await expect.poll(() => JSON.stringify(frames)).toContain('ONE-LAST:2');
    webSocket.close();
    expect(JSON.stringify(frames)).not.toMatch(PERSONAL);
    expect(await reader.streamUntil('/events?after=0&type=*', 'ONE-LAST:2')).toMatch(PERSONAL);
  });
});

describe('an open stream', () => {
  test('ends soon after its key was revoked, and does not begin again', async () => {
    const { id, client } = await newKey({ role: 'viewer' });
    const streams = await Promise.all(['/events', '/progress'].map((path) => client.send('GET', path)));
    const ends = streams.map(async (response) => {
      for await (const _ of response.body!);
      return 'ended';
    });
    const socket = await client.socket();
    await admin.json('DELETE', `/keys/${id}`);
    expect(await Promise.all(ends)).toEqual(['ended', 'ended']);
    expect(await socket.closed).toMatchObject({ code: 1008 });
    await problemOf(await client.send('GET', '/events'), 401, 'unauthenticated');
    const again = (await openWebSocket(service, '/ws', { headers: client.headers })) as Response;
    await problemOf(again, 401, 'unauthenticated');
  });

  test('ends when its user gets another role, and a customer then sees the orders of the own address', async () => {
    const user = { email: 'geheim-eins@example.com', password: 'twelve horses and a cart' };
    await admin.json('POST', '/users', { ...user, role: 'viewer' });
    const { access_token } = await admin.json<{ access_token: string }>('POST', '/auth/token', user);
    const client = new Client(access_token);
    const idsSeen = async () => {
      const { items } = await client.json<{ items: { order_id: string }[] }>('GET', '/orders');
      return items.map(({ order_id }) => order_id);
    };
    expect(await idsSeen()).toContain('ZWEI-Q');
    const stream = await client.send('GET', '/events');
    const socket = await client.socket();
    await admin.json('PATCH', `/users/${user.email}`, { role: 'customer', email_verified: true });
    for await (const _ of stream.body!);
    expect(await socket.closed).toMatchObject({ code: 1008 });
    await expect.poll(idsSeen).toEqual(['ONE-ASSIGN', 'ONE-LAST', 'ONE-1']);
    expect(await client.json('GET', '/orders/ONE-1')).toMatchObject({ customer: { name: 'Geheim eins' } });
    for (const path of ['/orders/ZWEI-1', '/orders/ZWEI-1/history', '/orders/ZWEI-1/events', '/orders/BOTH-1'])
      await problemOf(await client.send('GET', path), 404, 'not_found');
    const text = await client.streamUntil('/events?after=0&type=*', 'ONE-LAST:2');
    expect(text).toContain('ONE-1:created');
    expect(text).not.toMatch(/ZWEI|BOTH|ONE-2/);
  });
});
