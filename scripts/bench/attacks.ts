/**
 * What one client can do to all others: attacks, each on a service of its own with some orders in its store. Measured are health, requested
 * on new connections all the time; a good user, who uploads a file and reads a page of orders; and memory.
 *
 *   npm run bench:attacks                       # 400,000 orders
 *   npm run bench:attacks -- --orders 60000 --only replay,pipelining --oms /path/of/another/release
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { createGzip } from 'node:zlib';
import { generateOrders } from '../../src/generate.ts';
import { withInput } from './inputs.ts';
import { percentile, post } from './measure.ts';
import { ROOT, resetPeak, residentMemory, type Server, startServer } from './processes.ts';
import { followed, setStock, uploaded } from './service.ts';

const SECONDS = 8;

const { values: options } = parseArgs({
  options: {
    orders: { type: 'string', default: '400000' },
    oms: { type: 'string', default: ROOT },
    only: { type: 'string' },
  },
});

/** The attacker's connections, which read nothing unless `reads` is set. */
class Attacker {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  constructor(server: Server) {
    this.#server = server;
  }

  get url(): string {
    return this.#server.url;
  }

  async dial(count: number, text: string, { reads = false } = {}): Promise<Socket[]> {
    const { hostname, port } = new URL(this.#server.url);
    const dialled = Array.from({ length: count }, () => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on('error', () => {});
      if (reads) socket.resume();
      socket.write(text);
      return socket;
    });
    this.#sockets.push(...dialled);
    await Promise.race([Promise.all(dialled.map((socket) => once(socket, 'connect').catch(() => {}))), delay(5_000)]);
    return dialled;
  }

  leave(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;

/** Each is complete before the measurement begins, or continues during it. */
const ATTACKS: Record<string, { what: string; attack(attacker: Attacker): Promise<void> }> = {
  replay: {
    what: 'one client reads all events',
    attack: async (attacker) => void (await attacker.dial(1, request('/events?after=0'), { reads: true })),
  },
  streams: {
    what: '1,000 clients read all events, half of them nothing of what they are sent',
    async attack(attacker) {
      await attacker.dial(500, request('/events?after=0'), { reads: true });
      await attacker.dial(500, request('/events?after=0'));
    },
  },
  searches: {
    what: '200 searches at once, again and again',
    async attack(attacker) {
      const search = request('/orders?q=nobody-has-this-name');
      const sockets = await attacker.dial(200, search, { reads: true });
      for (const socket of sockets) socket.on('data', () => socket.write(search));
    },
  },
  pages: {
    what: '2,000 pages of 1,000 orders at once',
    attack: async (attacker) => void (await attacker.dial(2_000, request('/orders?limit=1000'), { reads: true })),
  },
  pipelining: {
    what: '1,285 pages of 1,000 orders on one connection, unread',
    attack: async (attacker) => void (await attacker.dial(1, request('/orders?limit=1000').repeat(1_285))),
  },
  'empty-rows': {
    what: '5,000,000 empty rows in a gzip of some hundred KB',
    async attack(attacker) {
      const gzip = createGzip({ level: 9 });
      const packed = gzip.toArray();
      gzip.write(Buffer.concat([...generateOrders({ rows: 1, invalidShare: 0, seed: 9, ids: 'random' })]));
      for (let i = 0; i < 50; i++) gzip.write(`${','.repeat(10)}\n`.repeat(100_000));
      gzip.end();
      await post(`${attacker.url}/upload?name=empty.csv`, Buffer.concat(await packed));
    },
  },
  'slow-uploads': {
    what: '2,000 uploads that bring a byte now and then',
    async attack(attacker) {
      const head =
        'POST /upload HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\ncontent-length: 100000\r\n\r\n';
      await attacker.dial(2_000, `${head}o`);
      await delay(3_000);
    },
  },
  'idle-streams': {
    what: '10,000 streams of which nobody reads',
    async attack(attacker) {
      for (let i = 0; i < 20; i++) await attacker.dial(500, request('/events'));
    },
  },
};

const names = options.only?.split(',') ?? Object.keys(ATTACKS);
const rows = Number(options.orders);
const work = await mkdtemp(join(tmpdir(), 'oms-attacks-'));
const say = (line: string) => process.stdout.write(`${line}\n`);
try {
  say('| attack | health p99 ms | worst ms | unanswered | good user: served | worst ms | peak RSS MiB | SIGTERM ms |');
  say('|---|---|---|---|---|---|---|---|');
  await withInput(work, { rows, ids: 'ordered' }, async (input) => {
    const directory = await mkdtemp(join(work, 'data-'));
    const first = await start(directory);
    await setStock(first, input.stock);
    await followed(first, await uploaded(first, input.path), rows);
    await first.stop();
    for (const name of names) say(await under(name, directory));
  });
} finally {
  await rm(work, { recursive: true, force: true });
}
// Connections that a service left hanging.
process.exit();

function start(directory: string): Promise<Server> {
  return startServer(join(options.oms, 'bin/oms'), ['start'], {
    OMS_DATA_DIR: directory,
    OMS_PORT: '0',
    OMS_IMS_PORT: '0',
    OMS_LOG_LEVEL: 'fatal',
  });
}

async function under(name: string, directory: string): Promise<string> {
  const { what, attack } = ATTACKS[name]!;
  const server = await start(directory);
  const attacker = new Attacker(server);
  await (await fetch(`${server.url}/healthz`)).arrayBuffer();
  await resetPeak(server.child.pid!);
  let peakMiB = 0;
  const attacking = attack(attacker).catch((error: Error) => void process.stderr.write(`${name}: ${error.message}\n`));
  const { health: looks, goodUser: uses } = await look(server.url, SECONDS);
  await attacking;
  peakMiB = await residentMemory(server.child.pid!).then(
    (memory) => memory.peakMiB,
    () => Number.NaN,
  );
  const stopped = performance.now();
  await server.stop();
  const stopMs = performance.now() - stopped;
  attacker.leave();
  const answered = looks.filter((ms) => ms !== null);
  const served = uses.filter((ms) => ms !== null);
  const worst = (values: number[]) => (values.length > 0 ? Math.max(...values).toFixed(0) : '-');
  return `| ${[
    what,
    percentile(answered, 0.99).toFixed(0),
    worst(answered),
    looks.length - answered.length,
    `${served.length} of ${uses.length}`,
    worst(served),
    peakMiB,
    stopMs.toFixed(0),
  ].join(' | ')} |`;
}

interface Looks {
  /** Milliseconds of each answer; null where there was none. */
  health: (number | null)[];
  goodUser: (number | null)[];
}

/** From a thread of its own, as this one is busy with the attack. */
async function look(url: string, seconds: number): Promise<Looks> {
  const [looks] = await once(
    new Worker(new URL('./looks.ts', import.meta.url), { workerData: { url, seconds } }),
    'message',
  );
  return looks as Looks;
}
