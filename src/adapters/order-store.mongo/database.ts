/**
 * The connection to the database, and its collections. All is written with majority and read with majority from the primary: what a call
 * returned survives a failover. On a sharded cluster the shard key of all collections is `_id`, as nothing else is unique across shards.
 */
import { type Collection, type Db, MongoClient } from 'mongodb';
import type { Logger } from 'pino';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { collectionForCalls } from './collections.ts';
import type {
  AuditDocument,
  BackfillDocument,
  BytesDocument,
  ChunkDocument,
  FileDocument,
  FinalizerOrderDocument,
  FinalizerPositionDocument,
  IdempotencyDocument,
  InstallationDocument,
  KeptOrderDocument,
  LeaseDocument,
  NumberedDocument,
  OrderDocument,
  RequestDocument,
  SchemaDocument,
  SmallRecordDocument,
  StockDocument,
  TotalsDocument,
} from './documents.ts';
import { checkOnOpenConnections, reconnectWhenStuck } from './stuck-client.ts';

export interface Collections {
  files: Collection<FileDocument>;
  chunks: Collection<ChunkDocument>;
  orders: Collection<OrderDocument>;
  stock: Collection<StockDocument>;
  bytes: Collection<BytesDocument>;
  idempotencyKeys: Collection<IdempotencyDocument>;
  requests: Collection<RequestDocument>;
  totals: Collection<TotalsDocument>;
  outbox: Collection<NumberedDocument>;
  leases: Collection<LeaseDocument>;
  schema: Collection<SchemaDocument>;
  backfills: Collection<BackfillDocument>;
  installation: Collection<InstallationDocument>;
  finalizerPosition: Collection<FinalizerPositionDocument>;
  finalizerOrders: Collection<FinalizerOrderDocument>;
  keptOrders: Collection<KeptOrderDocument>;
  smallRecords: Collection<SmallRecordDocument>;
  audit: Collection<AuditDocument>;
}

const NAMES: Record<keyof Collections, string> = {
  files: 'files',
  chunks: 'chunks',
  orders: 'orders',
  stock: 'stock',
  bytes: 'file_bytes',
  idempotencyKeys: 'idempotency_keys',
  requests: 'requests',
  totals: 'totals',
  outbox: 'outbox',
  leases: 'leases',
  schema: 'schema',
  backfills: 'backfills',
  installation: 'installation',
  finalizerPosition: 'finalizer_position',
  finalizerOrders: 'finalizer_orders',
  keptOrders: 'kept_orders',
  smallRecords: 'access_records',
  audit: 'audit',
};

const DEFAULT_DATABASE = 'oms';

export interface Database extends Collections {
  client: MongoClient;
  db: Db;
}

/** Connects with the first operation, and again when needed. Throws `invalid_configuration`. */
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
    // Nothing is connected yet, so every error is about the URL. Not all of them have a class of the driver.
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
  return { ...collections, client, db };
}
