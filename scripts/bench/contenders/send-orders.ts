/**
 * The client of the benchmark of orders: as many connections as it is told, each of which sends its next order when the one before is
 * answered. It writes to and reads from plain sockets: an HTTP client would take more of the shared cores than a bare server does.
 *
 *   send-orders.ts '{"url","connections","orders","skus","name"}'   prints {"seconds","orders","byStatus","latencyMs"}
 */
import { connect, type Socket } from 'node:net';

export interface SendOptions {
  url: string;
  connections: number;
  orders: number;
  /** Ordered in turn, at the hub HUB-1. */
  skus: string[];
  /** The start of the ids. */
  name: string;
  /** Sent with each request, where the server needs one. */
  key?: string | null;
}

export interface Sent {
  seconds: number;
  orders: number;
  byStatus: Record<string, number>;
  /** From writing a request to the end of its answer. */
  latencyMs: { p50: number; p99: number; max: number };
}

const options = JSON.parse(process.argv[2]!) as SendOptions;
const { hostname, port, host } = new URL(options.url);
const latencies = new Float64Array(options.orders);
const byStatus: Record<string, number> = {};
let sent = 0;
let answered = 0;

const sockets = await Promise.all(Array.from({ length: options.connections }, dial));
const started = performance.now();
await new Promise<void>((resolve) => {
  for (const socket of sockets) serve(socket, resolve);
});
const seconds = (performance.now() - started) / 1000;
for (const socket of sockets) socket.destroy();
latencies.sort();
const at = (share: number) => latencies[Math.min(options.orders - 1, Math.floor(options.orders * share))]!;
const latencyMs = { p50: at(0.5), p99: at(0.99), max: at(1) };
process.stdout.write(JSON.stringify({ seconds, orders: options.orders, byStatus, latencyMs } satisfies Sent));

function dial(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function serve(socket: Socket, done: () => void): void {
  let received = '';
  let since = 0;
  const send = () => {
    if (sent === options.orders) return;
    since = performance.now();
    socket.write(request(sent++), 'latin1');
  };
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    const body = received.indexOf('\r\n\r\n') + 4;
    if (body === 3) return;
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(received.slice(0, body))?.[1];
    if (length === undefined) throw new Error(`an answer has no length: ${received.slice(0, body)}`);
    if (received.length < body + Number(length)) return;
    const status = received.slice(9, 12);
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    latencies[answered++] = performance.now() - since;
    received = '';
    if (answered === options.orders) done();
    else send();
  });
  socket.on('close', () => {
    if (answered < options.orders) throw new Error('the server closed a connection');
  });
  send();
}

function request(n: number): string {
  const sku = options.skus[n % options.skus.length]!;
  const body = JSON.stringify({
    order_id: `${options.name}-${n}`,
    customer: { name: 'Anna Mueller', email: 'anna.mueller@example.com' },
    items: [{ sku, hub_id: 'HUB-1', product_name: 'Water bottle, 0.75 l', quantity: 1, unit_price: '18.75' }],
    shipping_address: '12 Harbour Road, Bristol BS1 5TY, UK',
  });
  const key = options.key ? `authorization: Bearer ${options.key}\r\n` : '';
  const headers = `host: ${host}\r\n${key}content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  return `POST /orders HTTP/1.1\r\n${headers}\r\n${body}`;
}
