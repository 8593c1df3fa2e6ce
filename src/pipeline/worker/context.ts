/** What all steps of a worker share. */
import type { Logger } from 'pino';
import { isRetryable } from '../../errors.ts';
import type { JobQueue } from '../../ports/job-queue.ts';
import type { IngestBounds, IngestPorts } from '../ingest/options.ts';
import type { WorkerState } from './state.ts';

export interface WorkerPorts extends IngestPorts {
  queue: JobQueue;
}

export interface WorkerOptions {
  /** The bucket whose notifications are for this service; null when it has none. */
  bucket: string | null;
  timeZone: string;
  maxInflatedBytes: number;
  /** How files are cut into chunks; by default as `limits` says. */
  bounds?: IngestBounds;
}

export interface WorkerContext {
  ports: WorkerPorts;
  options: WorkerOptions;
  state: WorkerState;
  stopping: AbortSignal;
  logger: Logger;
}

/** Level 50 is for what needs an operator; an outage ends by itself. */
export const logFailure = (logger: Logger, error: unknown, message: string): void =>
  logger[isRetryable(error) ? 'warn' : 'error']({ err: error }, message);
