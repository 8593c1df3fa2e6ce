/** Streams over WebSocket, with small bounds that a test can reach. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { OmsError } from '../../../src/errors.ts';
import { Proxies } from '../../../src/http/client-address.ts';
import { ConnectionGuard } from '../../../src/http/connections.ts';
import { Places } from '../../../src/http/places.ts';
import { type AcceptedStream, streamOverWebSocket } from '../../../src/http/ws-stream.ts';
import { acceptUpgrade } from '../../../src/http/ws-upgrade.ts';

const BOUNDS = { webSocketPingMs: 50, webSocketLostPings: 3, webSocketCloseMs: 50, webSocketSendChars: 64 * 1024 };
const CONNECTIONS = {
  ...{ maxConnections: 20, maxConnectionsOfAddress: 20, maxWaitingRequests: 10, unreadBytes: 64 * 1024 * 1024 },
  ...{ connectionCheckMs: 10, bodyBytesPerSecond: 1_000_000, bodyRateWindowMs: 50, bodyRateFirstMs: 10 },
};

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

type Frames = Parameters<typeof streamOverWebSocket>[3];
const FOREVER: Frames = async function* (stop) {
  yield ['hello'];
  await new Promise((resolve) => stop.addEventListener('abort', resolve));
};

const FOR_EVER: AcceptedStream['watchRights'] = () => () => {};

async function serve(frames: Frames, { streams = 10, watchRights = FOR_EVER } = {}) {
  const stopping = new AbortController();
  const logger = { warn() {}, error() {} };
  const streaming = { stopping: stopping.signal, places: new Places(streams), logger };
  const server = createServer();
  const guard = new ConnectionGuard(
    server,
    (request, response) => {
      if (request.url === '/health') return void response.end('ok');
      const accepted = { ...acceptUpgrade(request)!, watchRights };
      streamOverWebSocket(accepted, { owner: 'a', share: streams }, streaming, frames, BOUNDS);
    },
    new Proxies([]),
    CONNECTIONS,
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  undo.push(() => {
    stopping.abort();
    guard.stop();
    server.close();
    server.closeAllConnections();
  });
  return {
    port,
    stopping,
    async open() {
      const webSocket = new WebSocket(`ws://127.0.0.1:${port}`);
      undo.push(() => webSocket.terminate());
      const closed = once(webSocket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
      await once(webSocket, 'open');
      return { webSocket, closed };
    },
    /** A client that never reads. */
    async openUnread() {
      const socket = connect(port, '127.0.0.1');
      undo.push(() => socket.destroy());
      socket.on('error', () => {});
      socket.write(
        'GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      await once(socket, 'connect');
      return socket;
    },
  };
}

describe('a WebSocket', () => {
  test('gets all frames in order, and a ping now and then', async () => {
    const { open } = await serve(async function* (stop) {
      for (let n = 0; n < 1_000; n++) yield [`${n}a`.padEnd(2_000), `${n}b`];
      yield* FOREVER(stop);
    });
    const { webSocket } = await open();
    const frames: string[] = [];
    webSocket.on('message', (data) => frames.push(String(data).trimEnd()));
    await expect.poll(() => frames.at(-1)).toBe('hello');
    expect(frames.slice(0, -1)).toEqual(Array.from({ length: 1_000 }, (_, n) => [`${n}a`, `${n}b`]).flat());
    for (let pings = 0; pings < 5; pings++) await once(webSocket, 'ping');
    expect(webSocket.readyState).toBe(WebSocket.OPEN);
  });

  test('whose rights have ended is closed with 1008', async () => {
    const rights = Promise.withResolvers<() => void>();
    let isWatched = true;
    const watchRights = (end: () => void) => {
      rights.resolve(end);
      return () => {
        isWatched = false;
      };
    };
    const { open } = await serve(FOREVER, { watchRights });
    const { closed } = await open();
    (await rights.promise)();
    expect(await closed).toEqual({ code: 1008, reason: 'your rights have ended or changed: connect again' });
    await expect.poll(() => isWatched).toBe(false);
  });

  test('that does not read holds one block, and is dropped', async () => {
    let asked = 0;
    let left = false;
    const { openUnread } = await serve(async function* () {
      try {
        for (;;) {
          asked++;
          yield ['x'.repeat(1024 * 1024)];
        }
      } finally {
        left = true;
      }
    });
    const socket = await openUnread();
    await expect.poll(() => left).toBe(true);
    // What the operating system has taken, and one.
    expect(asked).toBeLessThan(50);
    socket.resume();
    await once(socket, 'close');
  });

  test('whose client answers no ping is dropped', async () => {
    const { open } = await serve(FOREVER);
    const { webSocket, closed } = await open();
    webSocket.pong = () => {};
    expect(await closed).toMatchObject({ code: 1006 });
  });

  test('that floods pings and does not read gets no answers that wait', async () => {
    const { open } = await serve(FOREVER);
    const { webSocket } = await open();
    for (let i = 0; i < 20_000; i++) webSocket.ping('x'.repeat(100));
    await once(webSocket, 'pong');
    expect(webSocket.readyState).toBe(WebSocket.OPEN);
  });

  test('is kept by the checks of connections, and its place is not given away', async () => {
    const { open, port } = await serve(FOREVER);
    const { webSocket } = await open();
    for (let i = 0; i < 60; i++) {
      const socket = connect(port, '127.0.0.1');
      undo.push(() => socket.destroy());
      await once(socket, 'connect');
    }
    expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe('ok');
    for (let pings = 0; pings < 5; pings++) await once(webSocket, 'ping');
    expect(webSocket.readyState).toBe(WebSocket.OPEN);
  });
});

describe('a WebSocket is closed', () => {
  test('with 1013 when another stream takes its place', async () => {
    const { open } = await serve(FOREVER, { streams: 2 });
    const first = await open();
    await open();
    const third = await open();
    expect(await first.closed).toMatchObject({ code: 1013, reason: expect.stringContaining('too many streams') });
    expect(third.webSocket.readyState).toBe(WebSocket.OPEN);
  });

  test('with 1013 when the engine is away, and with 1011 for what no repeat helps', async () => {
    const failing = (retryable: boolean) =>
      serve(async function* () {
        yield ['hello'];
        throw new OmsError('event_stream_unavailable', 'it is away', { retryable });
      });
    expect(await (await (await failing(true)).open()).closed).toMatchObject({ code: 1013 });
    expect(await (await (await failing(false)).open()).closed).toMatchObject({ code: 1011 });
  });

  test('with 1001 at a stop, also when it has just begun', async () => {
    const { open, stopping } = await serve(FOREVER);
    const before = await open();
    stopping.abort();
    const after = await open();
    for (const { closed } of [before, after]) expect(await closed).toMatchObject({ code: 1001 });
  });

  test('when its client closes it, and its stream ends', async () => {
    let left = false;
    const { open } = await serve(async function* (stop) {
      try {
        yield* FOREVER(stop);
      } finally {
        left = true;
      }
    });
    const { webSocket, closed } = await open();
    webSocket.close(1000, 'enough');
    expect(await closed).toMatchObject({ code: 1000, reason: 'enough' });
    await expect.poll(() => left).toBe(true);
  });
});
