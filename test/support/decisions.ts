/** A decision service whose answers a test chooses, and which keeps what it was asked. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { OrderResponse } from '../../src/http/responses.ts';

export interface Asked {
  order: OrderResponse;
  orderId: string;
  key: string;
}

/** The status and the body; null hangs up. */
export type Answer = [status: number, body: unknown] | null;

export interface DecisionService {
  url: string;
  port: number;
  asked: Asked[];
  /** What is answered from now on. */
  answer: (asked: Asked) => Answer | Promise<Answer>;
  keysOf(orderId: string): string[];
  stop(): Promise<void>;
}

export const CONFIRM: Answer = [200, { decision: 'confirm' }];

export async function startDecisions(answer: DecisionService['answer'] = () => CONFIRM): Promise<DecisionService> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const order = JSON.parse(await text(request)) as OrderResponse;
    const ask = { order, orderId: order.order_id, key: String(request.headers['idempotency-key']) };
    asked.push(ask);
    const given = await service.answer(ask);
    if (given === null) {
      request.socket.destroy();
      return;
    }
    response.writeHead(given[0], { 'content-type': 'application/json' }).end(JSON.stringify(given[1]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const service: DecisionService = {
    ...{ url: `http://127.0.0.1:${port}`, port, asked, answer },
    keysOf: (orderId) => asked.filter((ask) => ask.orderId === orderId).map(({ key }) => key),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return service;
}
