/**
 * Stores uploaded files and reports as objects: named, immutable once committed, readable from any byte. The server chooses the keys that
 * it writes (`uploads/<file_id>`, `reports/<name>-<rows>.csv`). In a bucket users may put objects under `incoming/`, with keys of their
 * own; these are only read.
 */
import type { Readable } from 'node:stream';
import type { Inspected } from './inspection.ts';

export interface StoredObject {
  sizeBytes: number;
  /** Changes when the object's bytes change: an ETag, or what a file system has for it. */
  version: string;
  /** As the client that put the object declared it, where the engine keeps it. */
  contentType?: string;
}

/** An object being written. Exactly one of `commit` and `abort` MUST end it. */
export interface StagedObject {
  /** MUST resolve only when more may be written, so that memory stays bounded. */
  write(bytes: Uint8Array): Promise<void>;
  /** MUST resolve only when the object is durable under its key; before that no reader sees it. Replaces an older object. */
  commit(): Promise<StoredObject>;
  /** MUST leave nothing behind, and MUST NOT throw. */
  abort(): Promise<void>;
}

/**
 * Errors: `object_missing` (not retryable), `object_changed` (not retryable), `disk_full` (retryable),
 * `object_store_unavailable` (retryable).
 */
export interface ObjectStore extends Inspected {
  stage(key: string): Promise<StagedObject>;
  stat(key: string): Promise<StoredObject>;
  /**
   * Bytes from `offset` on, none when it is the end, and at most `length`. MUST fail with `object_changed` when `version` is given and is
   * not that of the object, also when the object changes while it is read. A broken connection MUST NOT lose or repeat a byte.
   */
  open(key: string, options?: { offset?: number; length?: number; version?: string }): Promise<Readable>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** Committed keys under a prefix such as `uploads/` or `reports/f_1-`, with the time of each commit. */
  list(prefix: string): AsyncIterable<{ key: string; committedAtMs: number }>;
}
