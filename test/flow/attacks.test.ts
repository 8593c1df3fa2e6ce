/** What one client does, whatever it does, leaves the service to the others: it is answered, and stops when it is told to. */
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { generated, problemOf, readEvents, stockGenerated } from '../support/http.ts';
import { ingest, type Service, startService } from '../support/service.ts';

const ORDERS = 60_000;
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

  test('lets others be answered also when it is a hundred, of which half read nothing', async () => {
    for (let i = 0; i < 50; i++) await dial(requestText('/events?after=0'));
    const readers = Array.from({ length: 50 }, () => replay(2_000));
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
