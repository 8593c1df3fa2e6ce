/**
 * The collections of the order store, their documents, and their indexes, each with the query that it serves. Everything is
 * written with majority and read with majority from the primary: what was answered survives a failover.
 * On a sharded cluster the shard key of all collections is `_id`, as nothing else is unique there across shards.
 */
import type { Socket } from 'node:net';
import {
  type Binary,
  type Collection,
  type Db,
  Decimal128,
  type Document,
  type IndexDescription,
  MongoClient,
} from 'mongodb';
import type { Logger } from 'pino';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Dependency, EndStatus, FileFailure } from '../../model/file.ts';
import type { Intake } from '../../model/intake.ts';
import type { OrderStatus } from '../../model/order.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import type { Warning, WarningCode } from '../../model/warnings.ts';
import { collectionForCalls } from './collections.ts';

/** A file in status `creating` is not there yet for anybody: see `create-file.ts`. */
export interface FileDocument {
  _id: string;
  name: string;
  size_bytes: number;
  sha256: string;
  object_key: string;
  object_version: string;
  encoding_override: string | null;
  parent_file_id: string | null;
  forced: boolean;
  idempotency_key: string | null;
  status: 'creating' | 'queued' | 'processing' | EndStatus;
  /** How often it was queued: 0 while it is created, then once more with each retry. */
  generation: number;
  waiting_for: Dependency | null;
  /** Of a file that waits; since release 1.2. */
  waiting_since?: Date;
  /** Of a file that waits; since release 1.2. */
  next_try_at?: Date | null;
  epoch: number;
  lease_until: Date;
  attempts: number;
  strikes: number;
  cancel_requested: boolean;
  intake: Intake | null;
  columns: string[] | null;
  next_chunk: number;
  offset: number;
  row: number;
  bytes_read: number;
  rows: number;
  accepted: number;
  invalid: number;
  invalid_by_code: Partial<Record<ReasonCode, number>>;
  warnings?: Partial<Record<WarningCode, { count: number; row: number }>>;
  /** Not there in files of release 1.1 and before. */
  rejected_bytes?: number;
  reported_rows?: number;
  /** By `hubField`. */
  accepted_by_hub: Record<string, number>;
  amount_minor: Decimal128;
  claimed_at: Date | null;
  rows_at_claim: number;
  committed_at: Date | null;
  failure: FileFailure | null;
  report: { name: string; rows: number; size_bytes: number; created_at: Date } | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  changed_at: Date;
  /** Its holds were removed from the stock after its end. */
  pruned: boolean;
}

/** The plan, then the outcome of a chunk; or the number that the end of a file took. `_id` is `<file>:<n>`. */
export interface ChunkDocument {
  _id: string;
  version: number;
  file: string;
  n: number;
  state: 'planned' | 'committed' | 'closed';
  attempts: number;

  // Planned.
  offset: number;
  row: number;
  bytes_read: number;
  rows: number;
  track_stock: boolean;
  /** `created_at` of its orders. */
  created_at: Date;
  /** See `plan.ts`. */
  plan: Binary;
  keys: string[];
  planned_rejections: Binary | null;
  warnings?: Warning[];

  // Committed.
  committed_at?: Date;
  /** Rows of the plan that did not become orders. */
  refused?: number[];
  rejections?: Binary | null;
  accepted?: number;
  invalid?: number;
  invalid_by_code?: Partial<Record<ReasonCode, number>>;
  rejected_bytes?: number;
  accepted_by_hub?: Record<string, number>;
  amount_minor?: Decimal128;
  publish?: 'pending' | 'none' | 'published';

  // Closed.
  status?: EndStatus;
  failure?: FileFailure | null;
}

export interface OrderDocument {
  _id: string;
  status: OrderStatus;
  customer: { name: string; email: string };
  items: {
    sku: string;
    hub_id: string;
    product_name: string;
    quantity: number;
    unit_price_minor: number;
    line_total_minor: number;
  }[];
  total_minor: number;
  order_date: Date;
  shipping_address: string;
  file: string;
  row: number;
  stock_taken: boolean;
  created_at: Date;
  updated_at: Date;
}

/** What a chunk of a file has taken of a stock row: what was available when it was decided, and what was given back since. */
export interface Hold {
  n: number;
  available: number;
  back?: number;
}

/** `_id` is the stock key. received - available is what orders and chunks in work have taken (INV-2). */
export interface StockDocument {
  _id: string;
  sku: string;
  hub_id: string;
  available: number;
  received: number;
  /** Counts prunings: a take that was decided before one does not match after it. */
  gen: number;
  holds: Record<string, Hold>;
  /** The newest changes under idempotency keys, with what was available before each; null for the one that made the row. */
  operations: { id: string; available: number | null }[];
}

/** Who has these bytes: the file that was made or queued with them last. */
export interface BytesDocument {
  _id: string;
  file: string;
  /** The generation of the file that this is about: below it the file is still on its way. */
  generation: number;
}

export interface IdempotencyDocument {
  _id: string;
  fingerprint: string;
  /** The file id of an upload; the results of a stock change once they are known. */
  answer: string | null;
  created_at: Date;
}

/** A published chunk in the outbox stream: its events have the numbers `_id` .. `_id + count - 1`. */
export interface NumberedChunkDocument {
  _id: number;
  chunk: string;
  count: number;
}

export interface LeaseDocument {
  _id: string;
  holder: string;
  until: Date;
}

/** The name of this store. */
export interface InstallationDocument {
  _id: 'installation';
  name: string;
}

export interface Collections {
  files: Collection<FileDocument>;
  chunks: Collection<ChunkDocument>;
  orders: Collection<OrderDocument>;
  stock: Collection<StockDocument>;
  bytes: Collection<BytesDocument>;
  idempotencyKeys: Collection<IdempotencyDocument>;
  outbox: Collection<NumberedChunkDocument>;
  leases: Collection<LeaseDocument>;
  migrations: Collection<{ _id: number; applied_at: Date }>;
  installation: Collection<InstallationDocument>;
}

const NAMES: Record<keyof Collections, string> = {
  files: 'files',
  chunks: 'chunks',
  orders: 'orders',
  stock: 'stock',
  bytes: 'file_bytes',
  idempotencyKeys: 'idempotency_keys',
  outbox: 'outbox',
  leases: 'leases',
  migrations: 'migrations',
  installation: 'installation',
};

const INDEXES: Partial<Record<keyof Collections, IndexDescription[]>> = {
  files: [
    // GET /files, newest first.
    { name: 'files_by_time', key: { created_at: -1, _id: -1 } },
    // GET /files?status=, and open files that nobody holds.
    { name: 'files_by_status', key: { status: 1, created_at: -1, _id: -1 } },
    // Is a file with these bytes open or completed.
    { name: 'files_by_bytes', key: { sha256: 1, status: 1 } },
    // The children of a file.
    { name: 'files_by_parent', key: { parent_file_id: 1, created_at: -1, _id: -1 } },
    // GET /invalid-files, newest first.
    { name: 'files_by_report_time', key: { 'report.created_at': -1, _id: -1 } },
    // GET /invalid-files/{name}.
    { name: 'files_by_report_name', key: { 'report.name': 1 } },
    // Ended files whose holds are still in the stock.
    { name: 'files_by_pruning', key: { pruned: 1, status: 1 } },
  ],
  chunks: [
    // The rejections of a file in row order, its report, its pruning.
    { name: 'chunks_by_file', key: { file: 1, n: 1 } },
    // The oldest events that are to be published; with `accepted` their number for GET /stats is counted in the index alone.
    { name: 'chunks_to_publish', key: { publish: 1, committed_at: 1, accepted: 1 } },
    // GET /stats/history, in the index alone.
    { name: 'chunks_by_time', key: { committed_at: 1, rows: 1, accepted: 1, invalid: 1 } },
  ],
  orders: [
    // GET /orders, newest first.
    { name: 'orders_by_time', key: { created_at: -1, _id: -1 } },
    // GET /orders?file_id=, and the orders of a file for `oms verify`.
    { name: 'orders_by_file', key: { file: 1, created_at: -1, _id: -1 } },
  ],
  stock: [
    // GET /inventory in order of its key, all or of one SKU; whether a SKU is known.
    { name: 'stock_by_sku', key: { sku: 1, hub_id: 1 } },
    // GET /inventory?hub_id=; whether a hub is known.
    { name: 'stock_by_hub', key: { hub_id: 1, sku: 1 } },
  ],
  idempotencyKeys: [
    // The server forgets them after a day.
    { name: 'idempotency_keys_by_age', key: { created_at: 1 }, expireAfterSeconds: limits.idempotencyKeyMs / 1000 },
  ],
  outbox: [
    // Whether a chunk has its numbers already.
    { name: 'outbox_by_chunk', key: { chunk: 1 } },
  ],
};

/** Changes of documents that exist, in order; a database with more of them is from a newer release. */
export const MIGRATIONS: readonly ((collections: Collections) => Promise<void>)[] = [];

const DEFAULT_DATABASE = 'oms';

export interface Database extends Collections {
  client: MongoClient;
  db: Db;
  /** Names of the indexes that are not there. */
  missingIndexes(): Promise<string[]>;
  createIndexes(): Promise<void>;
}

/** Connects with the first operation, and again whenever it has to. Throws `invalid_configuration`. */
export function openDatabase(url: string, logger?: Logger): Database {
  let client: MongoClient;
  try {
    client = new MongoClient(url, {
      appName: 'oms',
      readConcern: { level: 'majority' },
      writeConcern: { w: 'majority' },
      readPreference: 'primary',
      serverSelectionTimeoutMS: limits.mongoSelectMs,
      connectTimeoutMS: limits.mongoConnectMs,
      socketTimeoutMS: limits.mongoSocketMs,
      waitQueueTimeoutMS: limits.mongoSelectMs,
      maxPoolSize: limits.mongoConnections,
      ignoreUndefined: true,
    });
  } catch (error) {
    // Nothing was asked yet: whatever it is, it is about the URL. Not all of it has the driver's own class.
    throw new OmsError('invalid_configuration', `it is no MongoDB connection string: ${(error as Error).message}`, {
      cause: error,
    });
  }
  checkOnOpenConnections(client);
  reconnectWhenStuck(client);
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(url)?.[1];
  const db = client.db(path === undefined ? DEFAULT_DATABASE : decodeURIComponent(path));
  const collections = Object.fromEntries(
    Object.entries(NAMES).map(([key, name]) => [key, collectionForCalls(db.collection(name), logger)]),
  ) as unknown as Collections;
  const indexed = Object.entries(INDEXES) as [keyof Collections, IndexDescription[]][];
  return {
    ...collections,
    client,
    db,
    async missingIndexes() {
      const missing: string[] = [];
      for (const [key, indexes] of indexed) {
        const existing = new Set(await indexNames(collections[key] as unknown as Collection<Document>));
        missing.push(...indexes.map(({ name }) => name!).filter((name) => !existing.has(name)));
      }
      return missing;
    },
    async createIndexes() {
      for (const [key, indexes] of indexed) await collections[key].createIndexes(indexes);
    },
  };
}

/** What the driver keeps about its servers. Source: mongodb/lib/sdam/topology.js, monitor.js, mongodb/lib/cmap/connection.js. */
interface DriverInternals {
  topology?: { s: { servers: Map<string, { monitor?: { connection?: MonitorConnection | null } | null }> } };
}

interface MonitorConnection {
  socket: Socket;
  destroy(): void;
}

/**
 * When all connections of a server end at the same moment, the driver checks the server on one whose socket is destroyed already and
 * whose `close` event is still to come: it waits for a `drain` that never comes, and finds no server until `reconnectWhenStuck`. The
 * event comes just before the driver takes the connection, and it opens another when that one is closed.
 */
function checkOnOpenConnections(client: MongoClient): void {
  client.on('serverHeartbeatStarted', ({ connectionId: address }) => {
    const connection = (client as DriverInternals).topology?.s.servers.get(address)?.monitor?.connection;
    if (connection?.socket.destroyed) connection.destroy();
  });
}

/**
 * The driver's look at a server never ends when it began on a connection that was just being closed: it waits for a socket that is
 * gone, and the client finds no server ever after. Operations under way at the reconnect fail as in an outage.
 */
function reconnectWhenStuck(client: MongoClient): void {
  const looks = new Map<string, NodeJS.Timeout>();
  const ended = ({ connectionId }: { connectionId: string }) => {
    clearTimeout(looks.get(connectionId));
    looks.delete(connectionId);
  };
  const reconnect = async () => {
    await client.close();
    await client.connect();
  };
  client.on('serverHeartbeatStarted', (look) => {
    ended(look);
    // Where there is no server yet, the next operation looks again.
    const timer = setTimeout(() => reconnect().catch(() => {}), limits.mongoStuckMs);
    timer.unref();
    looks.set(look.connectionId, timer);
  });
  client.on('serverHeartbeatSucceeded', ended);
  client.on('serverHeartbeatFailed', ended);
  client.on('topologyClosed', () => {
    for (const connectionId of [...looks.keys()]) ended({ connectionId });
  });
}

const NAMESPACE_NOT_FOUND = 26;

async function indexNames(collection: Collection<Document>): Promise<string[]> {
  try {
    return (await collection.listIndexes().toArray()).map(({ name }) => name as string);
  } catch (error) {
    if ((error as { code?: number }).code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

export const stockKey = (sku: string, hubId: string): string => JSON.stringify([sku, hubId]);

export const NO_AMOUNT = Decimal128.fromString('0');

/** A hub as the name of a field: without dots and dollars, which mean something there. */
export const hubField = (hubId: string): string =>
  hubId.replace(/[%.$\0]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

export const hubOfField = (field: string): string =>
  field.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
