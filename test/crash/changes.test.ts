/**
 * `kill -9` of the real process while clients create and change orders beside a file (INV-2 to INV-5, INV-8): each request has one outcome,
 * however often it was sent.
 */
import { randomInt } from 'node:crypto';
import { beforeEach, expect, onTestFailed, test } from 'vitest';
import { putStockCsv } from '../support/http.ts';
import { csv, ended, type FileJson, temporaryDirectory, upload } from '../support/service.ts';
import {
  checkAskedAgain,
  checkHistories,
  checkKeysUsed,
  checkStock,
  checkSums,
  listOrders,
  readAllEvents,
  readOrders,
  type Settled,
} from './changed-orders.ts';
import { type Asked, createClients, HUBS, Lives, rowLine, STOCK } from './clients.ts';
import { type Life, onLine, whileAlive } from './lives.ts';
import { expectVerified } from './undisturbed.ts';

const SEED = Number(process.env.KILL_SEED ?? randomInt(1_000_000));
const CLIENTS = 32;
const REQUESTS_OF_A_CLIENT = 24;
/** More than one chunk. */
const ROWS = 6_000;
const UPLOADED_AT = 60;
/** Answers after which the service is killed; one more kill hits the file between two of its chunks. */
const KILLED_AT = [220, 380, 540, 700];

beforeEach(() => {
  onTestFailed(() => {
    process.stderr.write(`the choices of this run: KILL_SEED=${SEED}\n`);
  });
});

test('a service that is killed while clients create and change orders answers each request once', async () => {
  const dataDirectory = await temporaryDirectory();
  const lives = new Lives(dataDirectory);
  const received = new Map<string, number>(
    HUBS.flatMap((hub) => Object.entries(STOCK).map(([sku, available]) => [`${sku} ${hub}`, available] as const)),
  );
  const first = await lives.current;
  const stock = [...received].map(([key, available]) => `${key.replace(' ', ',')},${available}`);
  await putStockCsv(first.service!, ['sku,hub_id,available', ...stock, ''].join('\n'));

  const settled: Settled[] = [];
  const createClient = createClients(SEED, ROWS);
  let file: string | null = null;
  const killedAt = [...KILLED_AT];

  async function uploadFile(life: Life): Promise<void> {
    onLine(life, (line) => {
      if (line.stage === 'chunk' && line.chunk === 1) void lives.endOf(life);
    });
    const rows = Array.from({ length: ROWS }, (_, n) => rowLine(n));
    const response = await upload(life.service!, csv(...rows), '?name=rows.csv');
    expect(response.status).toBe(202);
    file = ((await response.json()) as { file_id: string }).file_id;
  }

  async function work(client: ReturnType<typeof createClient>): Promise<void> {
    for (let n = 0; n < REQUESTS_OF_A_CLIENT; n++) {
      const asked = client.next();
      const answers = await lives.settle(asked);
      client.learn(answers);
      if (asked.kind === 'restock')
        for (const { sku, hub_id, delta } of (asked.body as { items: { sku: string; hub_id: string; delta: number }[] })
          .items)
          received.set(`${sku} ${hub_id}`, received.get(`${sku} ${hub_id}`)! + delta);
      settled.push({ asked, answers });
      if (settled.length === UPLOADED_AT) await uploadFile(first);
      if (settled.length >= killedAt[0]!) {
        killedAt.shift();
        void lives.endOf(await lives.current);
      }
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, client) => work(createClient(client))));
  expect(killedAt).toEqual([]);
  expect(first.killed).toBe(true);
  expect(lives.lost, 'requests that the kills left without an answer').toBeGreaterThan(0);

  const { service } = await lives.current;
  const { status, progress } = (await ended(service!, file!)) as FileJson;
  expect({ status, rows: progress.rows, sum: progress.accepted + progress.invalid }).toEqual({
    ...{ status: 'completed', rows: ROWS, sum: ROWS },
  });
  const orders = await readOrders(service!, settled);
  checkHistories(orders, settled);
  await checkStock(service!, orders, received);
  await checkSums(service!, orders);
  const events = await readAllEvents(service!, orders);

  const repeated = await checkAskedAgain(service!, orders, settled);
  const reused = await checkKeysUsed(service!, orders, settled);
  expect(await listOrders(service!), 'repeats change nothing').toEqual(orders.listed);
  await checkStock(service!, orders, received);
  expect(await whileAlive(await lives.current, ({ stop }) => stop())).toBe(0);
  await expectVerified(dataDirectory);

  const last = await new Lives(dataDirectory).current;
  expect(await readAllEvents(last.service!, orders)).toEqual(events);
  expect(await last.service!.stop()).toBe(0);
  const counts = Object.groupBy(settled, ({ answers: [answer], asked }) => `${nameOf(asked)} ${answer!.status}`);
  const met = Object.fromEntries(Object.entries(counts).map(([what, these]) => [what, these!.length]));
  for (const what of ['create', 'create many', 'move', 'cancel', 'move many', 'edit', 'delete', 'restock'])
    expect(Object.keys(met).filter((one) => new RegExp(`^${what} 20\\d$`).test(one)).length, what).toBeGreaterThan(0);
  expect(reused).toBeGreaterThan(0);
  process.stdout.write(
    `${JSON.stringify({ seed: SEED, lost: lives.lost, repeated, reused, deleted: orders.deleted.size, met })}\n`,
  );
});

/** The kind of a request, as a reader of the output calls it. */
function nameOf({ kind, path, body }: Asked): string {
  if (path === '/orders/batch' || path === '/orders/status') return `${kind} many`;
  return (body as { status?: string } | undefined)?.status === 'cancelled' ? 'cancel' : kind;
}
