/** A client of `GET /ws`. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';

export interface Frame {
  cursor: string;
  event?: { id: string; type: string; subject: string };
}

export interface WebSocketClient {
  webSocket: WebSocket;
  /** What has come so far. */
  frames: Frame[];
  /** Resolves when so many events have come. */
  events(count: number): Promise<Frame[]>;
  closed: Promise<{ code: number; reason: string }>;
}

/** Resolves with the response when the handshake is refused. */
export async function openWebSocket(
  service: { url: string },
  path: string,
  options: ClientOptions = {},
): Promise<WebSocketClient | Response> {
  const webSocket = new WebSocket(`${service.url.replace('http', 'ws')}${path}`, options);
  const frames: Frame[] = [];
  webSocket.on('message', (data) => frames.push(JSON.parse(String(data)) as Frame));
  webSocket.on('error', () => {});
  const closed = once(webSocket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
  const refused = Promise.withResolvers<Response>();
  webSocket.once('unexpected-response', async (_, response: IncomingMessage) => {
    const body: Buffer[] = [];
    for await (const block of response) body.push(block);
    const headers = Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]);
    refused.resolve(new Response(Buffer.concat(body), { status: response.statusCode!, headers }));
    webSocket.terminate();
  });
  const response = await Promise.race([refused.promise, once(webSocket, 'open'), closed]);
  if (response instanceof Response) return response;
  return {
    webSocket,
    frames,
    closed,
    async events(count) {
      const come = () => frames.filter(({ event }) => event !== undefined);
      while (come().length < count) await once(webSocket, 'message');
      return come();
    },
  };
}

/** For a handshake that must be accepted. */
export async function followByWebSocket(service: { url: string }, query = ''): Promise<WebSocketClient> {
  const client = await openWebSocket(service, `/ws${query}`);
  if (client instanceof Response) throw new Error(`refused with ${client.status}: ${await client.text()}`);
  return client;
}
