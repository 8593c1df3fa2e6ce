/**
 * Where uploaded files and reports lie as objects: named, immutable once committed, readable from any byte.
 * Keys are made by the server (`incoming/<file_id>`, `reports/<name>`), never by users.
 */
import type { Readable } from 'node:stream';

export interface StoredObject {
  sizeBytes: number;
  /** Changes when the object's bytes change: an ETag, or what a file system has for it. */
  version: string;
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
export interface ObjectStore {
  stage(key: string): Promise<StagedObject>;
  stat(key: string): Promise<StoredObject>;
  /** Bytes from `offset` on. MUST fail with `object_changed` when `version` is given and is not the object's. */
  open(key: string, options?: { offset?: number; version?: string }): Promise<Readable>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** Committed keys under a prefix such as `incoming/`, with the time of each commit. */
  list(prefix: string): AsyncIterable<{ key: string; committedAtMs: number }>;
  ping(): Promise<void>;
}
