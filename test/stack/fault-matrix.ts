/**
 * Every command that a worker sends to MongoDB for a file, from its claim to its end, met by a fault, and what is there afterwards.
 * As a script, `node fault-matrix.ts <server>`, it ends with 1 as soon as that is not what it is without a fault.
 */
import { isDeepStrictEqual } from 'node:util';
import { createMongoOrderStore, type MongoOrderStore } from '../../src/adapters/order-store.mongo/order-store.ts';
import { isOmsError } from '../../src/errors.ts';
import type { ChunkToCommit, Claim, FileEnd, OrderStore } from '../../src/ports/order-store.ts';
import { newDatabaseUrl } from '../support/adapters/mongo.ts';
import { chunkOf, ingestChunks, newFile, orderRow, readAll, rejection } from '../support/chunks.ts';
import { type Command, type Fate, startMongoProxy } from '../support/mongo-proxy.ts';

const FILE = 'f_faults';
const AT_ONCE = 8;
/** Of one call: an outage here is one broken connection. */
const MAX_TRIES = 20;
const OTHERWISE = 'killed, and another answer of the inventory service after that';
export const COMPLETED: FileEnd = { status: 'completed', failure: null };
export const FAILED: FileEnd = { status: 'failed', failure: { code: 'internal', message: 'given up', row: null } };

/** Scarce and plentiful stock, a pair without a stock row, repeats in the chunk, in the file and of another file. */
const chunkRows = [
  orderRow(2, 'A-1', { sku: 'scarce', quantity: 3 }),
  orderRow(3, 'A-2', { sku: 'plenty', quantity: 7 }),
  orderRow(4, 'A-3', { sku: 'scarce', quantity: 4 }),
  orderRow(5, 'A-1', { sku: 'scarce', quantity: 1 }),
  orderRow(6, 'A-4', { sku: 'none' }),
  orderRow(7, 'EARLIER', { sku: 'plenty', quantity: 2 }),
  orderRow(8, 'LATE', { sku: 'plenty', quantity: 5 }),
  orderRow(9, 'A-5', { sku: 'scarce', quantity: 2 }),
  orderRow(11, 'A-6', { sku: 'empty', quantity: 1 }),
];
const chunks: ChunkToCommit[] = [
  chunkOf(0, chunkRows, [rejection(10)]),
  chunkOf(1, [orderRow(12, 'A-2', { sku: 'plenty', quantity: 7 }), orderRow(13, 'A-7', { sku: 'plenty' })]),
];

/** The same file where row 9 is not valid, as when the inventory service answers otherwise after a restart. */
const otherwise: ChunkToCommit[] = [
  chunkOf(
    0,
    chunkRows.filter(({ row }) => row !== 9),
    [rejection(9), rejection(10)],
  ),
  chunks[1]!,
];

export const FAULTS = [
  'error before',
  'answer lost',
  'killed before',
  'killed after',
  'frozen',
  'killed, and another answer of the inventory service after that',
  'frozen, and the file given up meanwhile',
] as const;
export type Fault = (typeof FAULTS)[number];

/** One file from its creation to `end`, with a fault at the command of that number. Answers what is there in the end. */
export async function runWithFault(
  server: string,
  end: FileEnd,
  fault: { kind: Fault; at: number } | null,
  rows = chunks,
): Promise<{ state: State; commands: Command[] }> {
  const url = newDatabaseUrl(server);
  const name = new URL(url).pathname.slice(1);
  const open = (at: string): MongoOrderStore =>
    createMongoOrderStore({ url: `${at}/${name}`, trackStock: true, now: Date.now });
  const healthy = open(server);
  await healthy.prepare();
  await healthy.stock.change(
    [
      { sku: 'scarce', hubId: 'HUB-1', available: 6 },
      { sku: 'plenty', hubId: 'HUB-1', available: 100 },
      { sku: 'empty', hubId: 'HUB-1', available: 0 },
    ],
    null,
  );
  await ingestChunks(healthy, [chunkOf(0, [orderRow(2, 'EARLIER', { sku: 'plenty' })])]);
  const foreign = (await healthy.orders.list({}, { limit: 1, after: null })).items[0]!.fileId;

  const freezes = fault?.kind === 'frozen' || fault?.kind === 'frozen, and the file given up meanwhile';
  let lateIsThere = false;
  const thaw = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const fate = ({ n }: Command): Fate => {
    if (n !== fault?.at) return 'pass';
    reached.resolve();
    if (freezes) return thaw.promise;
    return fault.kind === 'error before' || fault.kind === 'killed before' ? 'cut before' : 'cut after';
  };
  const proxy = await startMongoProxy(server, fate);
  const disturbed = open(proxy.url);

  /** Between look and insert another file brings the order LATE. */
  const bringLate = async () => {
    if (lateIsThere) return;
    lateIsThere = true;
    const { database } = healthy;
    const earlier = (await database.orders.findOne({ _id: 'EARLIER' }))!;
    await database.orders.insertOne({ ...earlier, _id: 'LATE', row: 3 });
    await database.stock.updateOne({ _id: '["plenty","HUB-1"]' }, { $inc: { available: -1 } });
    await database.files.updateOne({ _id: foreign }, { $inc: { rows: 1, accepted: 1 } });
    await database.chunks.updateOne({ _id: `${foreign}:0` }, { $inc: { rows: 1, accepted: 1 } });
  };
  const insertsOrders = (store: MongoOrderStore) => {
    const { orders } = store.database;
    const insertMany = orders.insertMany.bind(orders);
    orders.insertMany = (async (...args: Parameters<typeof insertMany>) => {
      await bringLate();
      return insertMany(...args);
    }) as never;
    return store;
  };

  const goesOn = fault === null || fault.kind === 'error before' || fault.kind === 'answer lost';
  const worker = work(insertsOrders(disturbed), { end, rows, retries: goesOn });
  if (goesOn) {
    await worker;
    await publishAll(healthy);
  } else {
    const zombie = worker.catch((error) => error);
    await Promise.race([reached.promise, zombie]);
    if (!freezes) await zombie;
    const after =
      fault.kind === 'frozen, and the file given up meanwhile'
        ? { end: FAILED, rows: [] }
        : { end, rows: fault.kind === OTHERWISE ? otherwise : rows };
    await work(insertsOrders(healthy), { ...after, retries: true });
    await publishAll(healthy);
    thaw.resolve();
    await zombie;
  }
  await healthy.prune();
  const state = await stateOf(healthy);
  const { commands } = proxy;
  await disturbed.close();
  await proxy.close();
  await healthy.database.db.dropDatabase();
  await healthy.close();
  return { state, commands };
}

async function publishAll({ outbox }: OrderStore): Promise<void> {
  for (let batch = await outbox.pending(); batch; batch = await outbox.pending()) await outbox.markPublished(batch.id);
}

type State = Awaited<ReturnType<typeof stateOf>>;

async function stateOf(store: MongoOrderStore) {
  const violations = [];
  for await (const violation of store.statistics.verify()) violations.push(violation);
  const orders = await readAll((page) => store.orders.list({}, page), 100);
  const { fileId, ...file } = (await store.files.get(FILE))!;
  const { name, status, rows, accepted, invalid, invalidByCode, failure, offset, row, bytesRead } = file;
  const { orders: sums } = await store.statistics.totals();
  return {
    violations,
    file: { name, status, rows, accepted, invalid, invalidByCode, failure, offset, row, bytesRead },
    orders: orders
      .filter((order) => order.fileId === FILE)
      .map(({ createdAtMs, updatedAtMs, ...order }) => order)
      .sort((a, b) => (a.orderId < b.orderId ? -1 : 1)),
    // The ids of other files differ from run to run.
    rejections: JSON.stringify(await readAll((page) => store.rejections.list(fileId, {}, page), 100), (key, value) =>
      key === 'reason' ? (value as string).replace(/file f_\w+/, 'file') : value,
    ),
    stock: (await store.stock.list({ sort: 'key' }, { limit: 10, after: null })).items,
    holds: (await store.database.stock.find().toArray()).map(({ holds }) => Object.keys(holds)),
    sums: { ...sums, amountMinor: String(sums.amountMinor) },
    unpublished: await store.database.chunks.countDocuments({ file: FILE, publish: 'pending' }),
  };
}

/** What a worker does; with `retries` an outage is waited out. Leases are over at once, so that nobody has to wait for one. */
async function work(
  store: OrderStore,
  { end, rows, retries }: { end: FileEnd; rows: ChunkToCommit[]; retries: boolean },
): Promise<'ended'> {
  const persist = async <Result>(attempt: () => Promise<Result>): Promise<Result> => {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (!retries || !isOmsError(error) || !error.retryable || tries === MAX_TRIES) throw error;
      }
    }
  };
  await persist(() => store.files.create(newFile({ fileId: FILE, sha256: 'sha' })));
  const LEASE_MS = -1;
  for (;;) {
    const claimed = await persist(() => store.files.claim(FILE, LEASE_MS));
    if (claimed.kind === 'ended') return 'ended';
    if (claimed.kind !== 'claimed') throw new Error(`the claim was answered ${claimed.kind}`);
    const { claim, file } = claimed;
    try {
      await persist(() => finishFrom(store, claim, { end, rows: rows.slice(file.nextChunk) }));
      return 'ended';
    } catch (error) {
      // The answer to the end itself may have been lost: then the next claim finds it ended.
      if (!retries || !isOmsError(error, 'claim_lost')) throw error;
    }
  }
}

async function finishFrom(
  store: OrderStore,
  claim: Claim,
  { end, rows }: { end: FileEnd; rows: ChunkToCommit[] },
): Promise<void> {
  let standing = end;
  try {
    for (const chunk of rows) await store.chunks.commit(claim, chunk);
  } catch (error) {
    if (!isOmsError(error, 'file_closed')) throw error;
    standing = error.details.end as FileEnd;
  }
  standing = await store.files.close(claim, standing);
  await store.files.finish(claim, { ...standing, report: null });
}

export interface Mismatch {
  fault: Fault;
  command: Command;
  state: State;
}

/** What an undisturbed run must come to. */
export function isRight({ violations, file, stock, orders, unpublished }: State, end: FileEnd): boolean {
  const available = Object.fromEntries(stock.map((level) => [level.sku, level.available]));
  return (
    isDeepStrictEqual(
      { violations, status: file.status, rows: file.rows, invalid: file.invalid, available, unpublished },
      {
        ...{ violations: [], status: end.status, rows: 12, invalid: 8, unpublished: 0 },
        available: { empty: 0, plenty: 100 - 1 - 1 - 7 - 1, scarce: 6 - 3 - 2 },
      },
    ) && orders.map(({ orderId }) => orderId).join() === 'A-1,A-2,A-5,A-7'
  );
}

export interface Undisturbed {
  state: State;
  /** Of the file as it is read where the inventory service answers otherwise. */
  otherwise: State;
  commands: Command[];
}

export async function runUndisturbed(server: string, end: FileEnd): Promise<Undisturbed> {
  const { state } = await runWithFault(server, end, null, otherwise);
  return { ...(await runWithFault(server, end, null)), otherwise: state };
}

function isAllowed(state: State, fault: Fault, undisturbed: Undisturbed): boolean {
  switch (fault) {
    case OTHERWISE:
      // The plan that was there first decides.
      return isDeepStrictEqual(state, undisturbed.state) || isDeepStrictEqual(state, undisturbed.otherwise);
    case 'frozen, and the file given up meanwhile':
      return (
        state.violations.length === 0 && state.unpublished === 0 && state.stock.every((level) => level.available >= 0)
      );
    default:
      return isDeepStrictEqual(state, undisturbed.state);
  }
}

/** Each of the commands met by that fault, several at once: most of the time is a client's, which connects again. */
export async function mismatches(
  server: string,
  end: FileEnd,
  fault: Fault,
  undisturbed: Undisturbed,
): Promise<Mismatch[]> {
  const found: Mismatch[] = [];
  const open = [...undisturbed.commands];
  const next = async () => {
    for (let command = open.shift(); command; command = open.shift()) {
      const { state } = await runWithFault(server, end, { kind: fault, at: command.n });
      if (!isAllowed(state, fault, undisturbed)) found.push({ fault, command, state });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return found;
}

if (import.meta.main) {
  const server = process.argv[2]!;
  for (const end of [COMPLETED, FAILED]) {
    const undisturbed = await runUndisturbed(server, end);
    if (!isRight(undisturbed.state, end)) fail('without any fault', undisturbed.state);
    for (const fault of FAULTS) {
      const [first] = await mismatches(server, end, fault, undisturbed);
      if (first) fail(`${fault} at ${first.command.name}, command ${first.command.n}`, first.state);
    }
  }
  process.exit(0);
}

function fail(where: string, state: State): never {
  process.stdout.write(`${where}: ${JSON.stringify(state)}\n`);
  process.exit(1);
}
