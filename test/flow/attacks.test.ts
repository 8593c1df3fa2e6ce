/** What one client does, whatever it does, leaves the service to the others: it is answered, and stops when it is told to. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { generated, problemOf, readEvents, stockGenerated } from '../support/http.ts';
import { csv, ingest, orderLine, type Service, startService, upload } from '../support/service.ts';

const ORDERS = 30_000;
// What a client may do to a service is much work, on machines that have other work, too.
vi.setConfig({ testTimeout: 180_000 });
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

/** A bare connection, which reads nothing until it is told to. */
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

/** One agent of its own, so that a look needs neither a new connection nor one that others use. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
function health(): Promise<number> {
  return new Promise((resolve, reject) => {
    get(`${service.url}/healthz`, { agent }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode!));
    }).on('error', reject);
  });
}

/** How often health was answered while the work was under way. */
async function healthDuring(work: Promise<unknown>): Promise<number> {
  let under = true;
  const done = work.finally(() => {
    under = false;
  });
  let answers = 0;
  while (under) {
    expect(await health()).toBe(200);
    if (under) answers++;
  }
  await done;
  return answers;
}

describe('a reader of all events', () => {
  const replay = async (count: number) => {
    const response = await fetch(`${service.url}/events?after=0`);
    for await (const event of readEvents(response)) if (event.data && --count === 0) break;
  };

  test('lets others be answered all the time', async () => {
    expect(await healthDuring(replay(ORDERS))).toBeGreaterThan(20);
  });

  test('lets the service stop in the middle', async () => {
    const reading = replay(ORDERS).catch(() => {});
    await health();
    expect(await service.stop()).toBe(0);
    await reading;
    service = await startService({ dataDirectory: service.dataDirectory });
  });

  test('lets others be answered also when there are many, of which half read nothing', async () => {
    await dialMany(30, requestText('/events?after=0'));
    const readers = Array.from({ length: 30 }, () => replay(1_000));
    expect(await healthDuring(Promise.all(readers))).toBeGreaterThan(20);
  });
});

describe('searches and large pages', () => {
  test.each(['/orders?q=nobody-has-this-name', '/orders?limit=1000'])(
    'of %s by hundreds at once let others be answered, and are answered themselves or told to come again',
    async (path) => {
      const answers = Array.from({ length: 240 }, async () => {
        const response = await fetch(`${service.url}${path}`);
        if (response.status === 200) return ((await response.json()) as { items: unknown[] }).items.length;
        expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
        await problemOf(response, 503, 'too_many_reads');
        return null;
      });
      expect(await healthDuring(Promise.all(answers))).toBeGreaterThan(20);
      const served = (await Promise.all(answers)).filter((items) => items !== null);
      expect(served.length).toBeGreaterThan(50);
      expect(new Set(served)).toEqual(new Set([path.includes('limit') ? 1_000 : 0]));
      expect(served.length).toBeLessThan(240);
    },
  );

  test('leave small pages and single orders to the others', async () => {
    const searches = Array.from({ length: 240 }, () => fetch(`${service.url}/orders?q=nobody-has-this-name`));
    let under = true;
    void Promise.all(searches).finally(() => {
      under = false;
    });
    const small = await fetch(`${service.url}/orders?limit=50`);
    expect(small.status).toBe(200);
    expect(under).toBe(true);
    await Promise.all((await Promise.all(searches)).map((response) => response.arrayBuffer()));
  });
});

describe('requests sent without reading the answers', () => {
  test('are worked on one after the other, and take no more memory than a few answers', async () => {
    await dial(requestText('/orders?limit=1000').repeat(1_000));
    for (let i = 0; i < 100; i++) expect(await health()).toBe(200);
    expect(await peakMiB()).toBeLessThan(700);
  });

  test('are all answered, in their order, once they are read', async () => {
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

describe('connections that are held', () => {
  const uploads = () =>
    ingest(service, csv(orderLine(`UPLOADED-${sockets.size}`, { sku: 'SKU-1', hub_id: 'HUB-1' })), '?force=true');

  test('by uploads that hardly move leave places for others', async () => {
    const head = 'POST /upload HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\ncontent-length: 100000\r\n\r\n';
    await dialMany(2_100, `${head}o`);
    await expect.poll(async () => (await upload(service, csv(orderLine('BESIDE-1')))).status).toBe(202);
    await Promise.all(Array.from({ length: 50 }, uploads));
  });
});
