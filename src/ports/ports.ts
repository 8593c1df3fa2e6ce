/** All ports of an installation, as a thread holds them. */
import type { Clock } from './clock.ts';
import type { EventStream } from './event-stream.ts';
import type { Ims } from './ims.ts';
import type { JobQueue } from './job-queue.ts';
import type { ObjectStore } from './object-store.ts';
import type { OrderStore } from './order-store.ts';
import type { ReadModels } from './read-models.ts';

export interface Ports {
  objects: ObjectStore;
  queue: JobQueue;
  store: OrderStore;
  events: EventStream;
  ims: Ims;
  /** Null where no read models are made. */
  views: ReadModels | null;
  clock: Clock;
}

export type PortName = Exclude<keyof Ports, 'clock' | 'views'>;
/** The ports with an engine behind them that keeps data. */
export type EnginePort = Exclude<PortName, 'ims'>;
