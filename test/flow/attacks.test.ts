/** Whatever one client does, the service still responds to the others, and stops when it should. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { generated, problemOf, readEvents, stockGenerated } from '../support/http.ts';
import { csv, ingest, orderLine, type Service, startService, upload } from '../support/service.ts';

const ORDERS = 30_000;
// Attacks are much work, and the machine may be busy with other tests.
let service: Service;
beforeAll(async () => {
  service = await startService();
  await stockGenerated(service);
  const file = await ingest(service, generated({ rows: ORDERS }));
  expect(file.progress.accepted).toBe(ORDERS);
});

const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

/** A bare connection. Nothing is read until the test reads. */
async function dial(text = ''): Promise<Socket> {
  const { hostname, port } = new URL(service.url);
  const socket = connect({ host: hostname, port: Number(port) });
  sockets.add(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

async function dialMany(count: number, text: string): Promise<void> {
  for (let left = count; left > 0; left -= 100)
    await Promise.all(Array.from({ length: Math.min(100, left) }, () => dial(text)));
}

const requestText = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;

/** Health checks have an agent of their own, so that they need neither a new connection nor one that other requests use. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
function health(): Promise<number> {
  return new Promise((resolve, reject) => {
    get(`${service.url}/healthz`, { agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    }).on('error', reject);
  });
}

/** Counts the health checks that succeed while the work runs. */
async function healthDuring(work: Promise<unknown>): Promise<number> {
  let running = true;
  const done = work.finally(() => {
    running = false;
  });
  let checks = 0;
  while (running) {
    expect(await health()).toBe(200);
    if (running) checks++;
  }
  await done;
  return checks;
}

describe('a reader of all events', () => {
  const replay = async (count: number) => {
    const response = await fetch(`${service.url}/events?after=0`);
    for await (const event of readEvents(response)) if (event.data && --count === 0) break;
  };

  test('does not delay the responses to others', async () => {
    expect(await healthDuring(replay(ORDERS))).toBeGreaterThan(20);
  });

  test('does not keep the service from stopping in the middle', async () => {
    const reading = replay(ORDERS).catch(() => {});
    await health();
    expect(await service.stop()).toBe(0);
    await reading;
    service = await startService({ dataDirectory: service.dataDirectory });
  });

  test('does not delay them with many readers either, of which half read nothing', async () => {
    await dialMany(30, requestText('/events?after=0'));
    const readers = Array.from({ length: 30 }, () => replay(1_000));
    expect(await healthDuring(Promise.all(readers))).toBeGreaterThan(20);
  });
});

describe('searches and large pages', () => {
  test.each(['/orders?q=no-such-name', '/orders?limit=1000'])(
    '%s by hundreds together do not delay others; each gets its page, or 503 and when to retry',
    async (path) => {
      const pages = Array.from({ length: 240 }, async () => {
        const response = await fetch(`${service.url}${path}`);
        if (response.status === 200) return ((await response.json()) as { items: unknown[] }).items.length;
        expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
        await problemOf(response, 503, 'too_many_reads');
        return null;
      });
      expect(await healthDuring(Promise.all(pages))).toBeGreaterThan(20);
      const served = (await Promise.all(pages)).filter((items) => items !== null);
      expect(served.length).toBeGreaterThan(50);
      expect(new Set(served)).toEqual(new Set([path.includes('limit') ? 1_000 : 0]));
      expect(served.length).toBeLessThan(240);
    },
  );

  test('do not delay small pages', async () => {
    const searches = Array.from({ length: 240 }, () => fetch(`${service.url}/orders?q=no-such-name`));
    let running = true;
    void Promise.all(searches).finally(() => {
      running = false;
    });
    const small = await fetch(`${service.url}/orders?limit=50`);
    expect(small.status).toBe(200);
    expect(running).toBe(true);
    await Promise.all((await Promise.all(searches)).map((response) => response.arrayBuffer()));
  });
});

describe('requests sent without reading the responses', () => {
  test('run one after the other, and take no more memory than a few responses', async () => {
    await dial(requestText('/orders?limit=1000').repeat(1_000));
    for (let i = 0; i < 100; i++) expect(await health()).toBe(200);
    expect(await peakMiB()).toBeLessThan(700);
  });

  test('all get their responses, in order, once the client reads', async () => {
    const socket = await dial(
      Array.from({ length: 400 }, (_, i) => requestText(`/orders?limit=${1 + (i % 50)}`)).join(''),
    );
    let text = '';
    const pages = () => text.match(/"items":.*/g) ?? [];
    socket.setEncoding('utf8').on('data', (more: string) => (text += more));
    await expect.poll(() => pages().length).toBe(400);
    const sizes = pages().map((page) => page.split('"order_id"').length - 1);
    expect(sizes).toEqual(Array.from({ length: 400 }, (_, i) => 1 + (i % 50)));
  });

  test('of very many connections take a bounded amount of memory', async () => {
    await dialMany(300, requestText('/orders?limit=1000').repeat(20));
    for (let i = 0; i < 100; i++) expect(await health()).toBe(200);
    expect(await peakMiB()).toBeLessThan(900);
  });

  async function peakMiB(): Promise<number> {
    const status = await readFile(`/proc/${service.child.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]) / 1024;
  }
});

describe('held connections', () => {
  const uploads = () =>
    ingest(service, csv(orderLine(`UPLOADED-${sockets.size}`, { sku: 'SKU-1', hub_id: 'HUB-1' })), '?force=true');

  test('of uploads that hardly move leave places for others', async () => {
    const head = 'POST /upload HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\ncontent-length: 100000\r\n\r\n';
    await dialMany(2_100, `${head}o`);
    await expect.poll(async () => (await upload(service, csv(orderLine('BESIDE-1')))).status).toBe(202);
    await Promise.all(Array.from({ length: 50 }, uploads));
  });
});
