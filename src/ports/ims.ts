/**
 * The inventory management system, which knows the existing SKUs and hubs. Validation asks it about each distinct pair of a chunk. An
 * answer is about the pair; no answer is an outage, which makes the file wait and never fails a row (INV-7).
 */
import type { Inspected } from './inspection.ts';

export interface ImsPair {
  sku: string;
  hubId: string;
}

export interface ImsAnswer {
  skuValid: boolean;
  hubValid: boolean;
  /** The message of the IMS, when it refused the item itself. */
  words?: string;
}

export interface Ims extends Inspected {
  /**
   * Answers in the order of the pairs; pairs may repeat. MUST reject with a retryable OmsError `ims_unavailable` when any
   * pair cannot be answered now, and with the signal's reason when the signal aborts; what was answered until then may be
   * kept for the next call. One caller's abort MUST NOT fail another's call. MUST NOT keep the strings of the pairs once
   * settled: they may be slices of a large block.
   */
  validate(pairs: readonly ImsPair[], signal?: AbortSignal): Promise<ImsAnswer[]>;
  /** Whether the pair is valid by an answer that is still kept, so that `validate` need not ask. */
  isKnown(pair: ImsPair): boolean;
  /** Ends all calls: those in flight reject with `ims_unavailable`. */
  close(): Promise<void>;
}
