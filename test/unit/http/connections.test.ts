/** What one connection, and all connections together, may hold: with small bounds that a test can reach. */
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Proxies } from '../../../src/http/client-address.ts';
import { ConnectionGuard } from '../../../src/http/connections.ts';

const BOUNDS = {
  maxConnections: 100,
  maxConnectionsOfAddress: 80,
  maxWaitingRequests: 100,
  unreadBytes: 32 * 1024 * 1024,
  connectionCheckMs: 20,
  bodyBytesPerSecond: 1_000,
  bodyRateWindowMs: 300,
  bodyRateFirstMs: 100,
};
const MIB = 'x'.repeat(1024 * 1024);

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

async function serve(handle: RequestListener, proxies: ConstructorParameters<typeof Proxies>[0] = []) {
  const server = createServer();
  const guard = new ConnectionGuard(server, handle, new Proxies(proxies), BOUNDS);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  undo.push(() => {
    guard.stop();
    server.close();
    server.closeAllConnections();
  });
  return {
    port,
    /** Opens a connection and sends the text. Nothing is read until the test reads. */
    async dial(text: string, localAddress = '127.0.0.1'): Promise<Socket> {
      const socket = connect({ port, host: '127.0.0.1', localAddress });
      undo.push(() => socket.destroy());
      socket.on('error', () => {});
      await once(socket, 'connect');
      if (text) socket.write(text);
      return socket;
    },
    ask: (path: string, localAddress = '127.0.0.1') =>
      new Promise<string>((resolve, reject) => {
        get({ port, host: '127.0.0.1', path, localAddress, agent: false }, async (response) => {
          let text = '';
          for await (const block of response) text += block;
          resolve(text);
        }).on('error', reject);
      }),
  };
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: h\r\n\r\n`;
const body = (bytes: number) => `POST / HTTP/1.1\r\nhost: h\r\ncontent-length: ${bytes}\r\n\r\n`;

describe('requests of one connection', () => {
  test('start one after the other, in order, and no more are read while one waits', async () => {
    const started: string[] = [];
    const held: (() => void)[] = [];
    const { dial } = await serve(({ url }, response) => {
      started.push(url!);
      held.push(() => response.end(url));
    });
    const socket = await dial(Array.from({ length: 20 }, (_, i) => request(`/${i}`)).join(''));
    let text = '';
    socket.setEncoding('utf8').on('data', (more) => (text += more));
    for (let i = 0; i < 20; i++) {
      await expect.poll(() => started.length).toBe(i + 1);
      socket.write(request(`/${20 + i}`));
      await delay(5);
      expect(started).toHaveLength(i + 1);
      held[i]!();
    }
    for (let i = 20; i < 40; i++) {
      await expect.poll(() => started.length).toBe(i + 1);
      held[i]!();
    }
    const paths = Array.from({ length: 40 }, (_, i) => `/${i}`);
    expect(started).toEqual(paths);
    await expect.poll(() => text.match(/^\/\d+/gm)?.length).toBe(40);
  });

  test('are read completely when one with a body follows one without', async () => {
    const sizes: number[] = [];
    const { dial } = await serve(async (incoming, response) => {
      let size = 0;
      await delay(20);
      for await (const block of incoming) size += block.length;
      sizes.push(size);
      response.end();
    });
    const socket = await dial(request('/') + body(MIB.length) + MIB + request('/'));
    socket.resume();
    await expect.poll(() => sizes).toEqual([0, MIB.length, 0]);
  });

  test('end their connection, and no other, when too many wait', async () => {
    const { dial, ask } = await serve(({ url }, response) => {
      if (url === '/now') response.end('ok');
    });
    const socket = await dial(request('/never').repeat(150));
    await once(socket.resume(), 'close');
    expect(await ask('/now')).toBe('ok');
  });
});

test('unread responses are held up to a bound: beyond it those unread for longest are dropped', async () => {
  const dropped: string[] = [];
  const { dial } = await serve(({ url }, response) => {
    let sent = false;
    response.on('finish', () => {
      sent = true;
    });
    response.on('close', () => sent || dropped.push(url!));
    response.end(MIB.repeat(24));
  });
  for (let i = 0; i < 6; i++) {
    await dial(request(`/${i}`));
    await delay(60);
  }
  await expect.poll(() => dropped).toEqual(['/0', '/1', '/2', '/3', '/4']);
  const last = await dial(request('/last'));
  let bytes = 0;
  last.on('data', (block) => (bytes += block.length));
  await expect.poll(() => bytes).toBeGreaterThan(24 * MIB.length);
});

describe('a body', () => {
  const read = async (incoming: IncomingMessage, response: ServerResponse) => {
    let size = 0;
    for await (const block of incoming) size += block.length;
    response.end(`read ${size}`);
  };

  test('that arrives too slowly gets 408, and the connection ends', async () => {
    const { dial } = await serve(async (incoming, response) => {
      await read(incoming, response).catch(() => {});
    });
    const responses = Array.from({ length: 30 }, async () => {
      const socket = await dial(`${body(10_000)}x`);
      // The client still sends when the response arrives, which would be lost if the server reset the connection.
      const drip = setInterval(() => socket.write('x'), 2);
      undo.push(() => clearInterval(drip));
      let text = '';
      socket.setEncoding('utf8').on('data', (more) => (text += more));
      await once(socket, 'close');
      return text;
    });
    for (const text of await Promise.all(responses))
      expect(text).toMatch(/^HTTP\/1.1 408 [\s\S]*"code":"body_too_slow"/);
  });

  test('that the service itself reads late is not too slow', async () => {
    const { dial } = await serve(async (incoming, response) => {
      await delay(1_000);
      await read(incoming, response);
    });
    const socket = await dial(body(4 * MIB.length) + MIB.repeat(4));
    let text = '';
    socket.setEncoding('utf8').on('data', (more) => (text += more));
    await expect.poll(() => text).toContain(`read ${4 * MIB.length}`);
  });
});

describe('when all places are taken', () => {
  test('by idle connections and running requests, a new connection is served', async () => {
    const { dial, ask } = await serve(({ url }, response) => {
      if (url === '/health') response.end('ok');
    });
    for (let i = 0; i < 60; i++) await dial(request('/held'));
    for (let i = 0; i < 60; i++) await dial('');
    for (let i = 0; i < 30; i++) expect(await ask('/health')).toBe('ok');
  });

  test('by running requests of one address, another address is served', async () => {
    const { dial, ask } = await serve(({ url }, response) => {
      if (url === '/health') response.end('ok');
    });
    for (let i = 0; i < 120; i++) await dial(request('/held'));
    expect(await ask('/health', '127.0.0.2')).toBe('ok');
  });

  test('but by no address as long as it is that of a trusted proxy, which has the connections of all its clients', async () => {
    const { dial, ask } = await serve(
      ({ url }, response) => {
        if (url === '/health') response.end('ok');
      },
      [{ address: '127.0.0.1', prefix: 32, family: 'ipv4' }],
    );
    for (let i = 0; i < 90; i++) await dial(request('/held'));
    expect(await ask('/health')).toBe('ok');
  });
});
