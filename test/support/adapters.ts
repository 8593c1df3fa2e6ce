/**
 * The adapters that each port's contract is run on: one entry per engine. `first` and `second` are two clients of one engine,
 * as two threads or two processes hold them. Each opening is empty and apart from all others.
 */
import { inject } from 'vitest';
import type { EventStream } from '../../src/ports/event-stream.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import { s3Stores, sqsQueues } from './adapters/aws.ts';
import { kafkaStreams } from './adapters/kafka.ts';
import { mongoOrderStore, mongoOutbox } from './adapters/mongo.ts';
import { directoryObjectStore, sqliteJobQueue, sqliteOrderStore, sqliteOutbox } from './adapters/sqlite.ts';

/** Of subscriptions: a guard against hangs, before that of the test. */
export const GUARD_MS = 150_000;

export interface Opened<Port> {
  first: Port;
  second: Port;
  close(): Promise<void>;
}

export interface Adapter<Port, Options extends unknown[] = []> {
  name: string;
  /** Why the engine is not here; the tests on it are skipped, and the run tells so at its end. */
  missing: string | null;
  open(...options: Options): Promise<Opened<Port>>;
}

export interface OrderStoreOptions {
  trackStock: boolean;
}

/** An event stream with the order store whose orders it is about. */
export interface Publishing {
  store: OrderStore;
  events: EventStream;
}

const engines = inject('engines');

export const objectStores = [directoryObjectStore, ...s3Stores(engines)];
export const jobQueues = [sqliteJobQueue, ...sqsQueues(engines)];
export const orderStores = [sqliteOrderStore, mongoOrderStore(engines)];
/** The streams without a broker. */
export const outboxes = [sqliteOutbox, mongoOutbox(engines)];
export const eventStreams = [...outboxes, ...kafkaStreams(engines)];
