/** `GET /ws`: the events of orders over WebSocket, which resume exactly after the last one received (INV-3). */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problemOf } from '../support/http.ts';
import { csv, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';
import { type Frame, followByWebSocket, openWebSocket, type WebSocketClient } from '../support/web-socket.ts';

let service: Service;
let files = 0;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 1_000_000]]);
});
afterAll(() => service.stop());

const ids = (count: number) => {
  const prefix = `W${++files}`;
  return Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
};
const fileOf = (orderIds: string[]) => csv(...orderIds.map((id) => orderLine(id)));

/** Sends bytes, and reads until the service ends the connection. */
async function exchange(text: string): Promise<string> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (more) => (answer += more));
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return answer;
}
const asking = (upgrade: string, path: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nhost: ${new URL(service.url).host}\r\nconnection: Upgrade\r\nupgrade: ${upgrade}\r\n${more}\r\n`;

/** Its first frame. */
async function startOf({ webSocket, frames }: WebSocketClient): Promise<Frame> {
  if (frames.length === 0) await once(webSocket, 'message');
  webSocket.close();
  return frames[0]!;
}

describe('a WebSocket', () => {
  test('begins with the cursor, then has the events from now on', async () => {
    await ingest(service, fileOf(ids(3)));
    const client = await followByWebSocket(service);
    const later = ids(2);
    await ingest(service, fileOf(later));
    const events = await client.events(2);
    expect(events.map(({ event }) => event!.subject).sort()).toEqual(later);
    expect(Object.keys(client.frames[0]!)).toEqual(['cursor']);
    const again = await followByWebSocket(service, `?after=${client.frames[0]!.cursor}`);
    expect(await again.events(2)).toEqual(events);
    for (const { webSocket } of [client, again]) webSocket.close();
  });

  test('has what Server-Sent Events have, and resumes after each', async () => {
    await ingest(service, fileOf(ids(300)));
    const client = await followByWebSocket(service, '?after=0&type=*');
    const all = await client.events(300);
    client.webSocket.close();
    const text = (await (await fetch(`${service.url}/events?after=0`)).body!.getReader().read()).value!;
    expect(new TextDecoder().decode(text)).toContain(`id: ${client.frames[0]!.cursor}\n`);
    for (const n of [0, 1, 150, 298]) {
      const resumed = await followByWebSocket(service, `?after=${all[n]!.cursor}`);
      expect((await resumed.events(299 - n)).slice(0, 299 - n)).toEqual(all.slice(n + 1, 300));
      resumed.webSocket.close();
    }
  });

  test('is told where it is while the events are of other types', async () => {
    const { cursor: end } = await startOf(await followByWebSocket(service));
    await ingest(service, fileOf(ids(3)));
    const { cursor: behind } = await startOf(await followByWebSocket(service));
    const client = await followByWebSocket(service, `?after=${end}&type=order.edited,order.deleted`);
    await expect.poll(() => client.frames.map(({ cursor }) => cursor)).toEqual([end, behind]);
    expect(client.frames.every((frame) => frame.event === undefined)).toBe(true);
    client.webSocket.close();
  });

  test('ignores what its client says, answers its pings, and ends when that is too much', async () => {
    const client = await followByWebSocket(service);
    for (const text of ['hello', '{"type":"subscribe"}', '']) client.webSocket.send(text);
    client.webSocket.send(Buffer.from([1, 2, 3]));
    client.webSocket.ping('are you there');
    expect(String((await once(client.webSocket, 'pong'))[0])).toBe('are you there');
    const later = ids(1);
    await ingest(service, fileOf(later));
    expect((await client.events(1))[0]!.event!.subject).toBe(later[0]);
    client.webSocket.send('x'.repeat(5_000));
    expect(await client.closed).toMatchObject({ code: 1009 });
  });

  test('is not compressed, also for a client that could', async () => {
    const client = await openWebSocket(service, '/ws', { perMessageDeflate: true });
    if (client instanceof Response) throw new Error('refused');
    expect(client.webSocket.extensions).toBe('');
    client.webSocket.close();
    expect(await client.closed).toMatchObject({ code: 1005 });
  });

  test('of a thousand clients each have an event, and health checks are answered all the while', async () => {
    const clients = await Promise.all(Array.from({ length: 1_000 }, () => followByWebSocket(service)));
    const later = ids(1);
    const all = Promise.all(clients.map((client) => client.events(1)));
    await ingest(service, fileOf(later));
    let healthy = 0;
    const checking = new AbortController();
    const checks = (async () => {
      while (!checking.signal.aborted) healthy += (await fetch(`${service.url}/healthz`)).status === 200 ? 1 : 0;
    })();
    for (const [frame] of await all) expect(frame!.event!.subject).toBe(later[0]);
    checking.abort();
    await checks;
    expect(healthy).toBeGreaterThan(0);
    for (const { webSocket } of clients) webSocket.terminate();
  });
});

describe('before it is opened', () => {
  const refused = async (path: string, options = {}) => {
    const response = await openWebSocket(service, path, options);
    if (!(response instanceof Response)) throw new Error('accepted');
    return response;
  };

  test('a bad parameter is refused as everywhere', async () => {
    for (const query of ['?type=order.lost', '?type=', `?after=${'x'.repeat(5_000)}`])
      await problemOf(await refused(`/ws${query}`), 400, 'invalid_parameter');
    for (const query of ['?after=nonsense', '?after=', '?after=ozzzzzz'])
      await problemOf(await refused(`/ws${query}`), 400, 'invalid_cursor');
  });

  test('pages of other origins and other names of the host are refused', async () => {
    for (const origin of ['https://evil.example', 'http://localhost:1', 'null'])
      await problemOf(await refused('/ws', { origin }), 403, 'foreign_origin');
    await problemOf(await refused('/ws', { headers: { host: 'evil.example' } }), 403, 'foreign_host');
    const own = await openWebSocket(service, '/ws', { origin: service.url });
    expect(own).not.toBeInstanceOf(Response);
  });

  test('a request that asks for no WebSocket is told to', async () => {
    const response = await fetch(`${service.url}/ws`);
    expect(response.headers.get('upgrade')).toBe('websocket');
    await problemOf(response, 426, 'upgrade_required');
  });

  test('other paths answer as without an upgrade', async () => {
    await problemOf(await refused('/nothing'), 404, 'not_found');
    await problemOf(await refused('/orders?limit=0'), 400, 'invalid_parameter');
    expect((await refused('/healthz')).status).toBe(200);
    expect(await exchange(asking('h2c', '/healthz', 'connection: close\r\n'))).toMatch(/^HTTP\/1.1 200 /);
    expect(await exchange(asking('h2c', '/ws', 'connection: close\r\n'))).toMatch(/^HTTP\/1.1 426 /);
  });

  test('a handshake that is none is refused, and one behind another request ends the connection', async () => {
    expect(await exchange(asking('websocket', '/ws'))).toMatch(/^HTTP\/1.1 400 [\s\S]*"code":"invalid_request"/);
    const key = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    expect(await exchange(asking('websocket', '/ws', `${key}sec-websocket-version: 7\r\n`))).toMatch(/^HTTP\/1.1 400 /);
    const handshake = asking('websocket', '/ws', `${key}sec-websocket-version: 13\r\n`);
    expect(
      await exchange(asking('none', '/orders?limit=1000&q=x').replace('Upgrade', 'keep-alive') + handshake),
    ).not.toContain('101 Switching');
  });
});

test('a stop tells the clients, and does not wait for those that do not answer', async () => {
  const other = await startService();
  const client = await followByWebSocket(other);
  const silent = await followByWebSocket(other);
  silent.webSocket.pause();
  expect(await other.stop()).toBe(0);
  expect(await client.closed).toMatchObject({ code: 1001 });
  silent.webSocket.terminate();
});
