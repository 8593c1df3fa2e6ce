/** The ports and the settings of ingestion. */
import type { Clock } from '../../ports/clock.ts';
import type { Asked } from '../../ports/files.ts';
import type { Ims } from '../../ports/ims.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { IngestionStore } from '../../ports/order-store.ts';
import type { Scratches } from '../../ports/scratches.ts';
import type { ReadBounds } from '../read/read-chunks.ts';

/** How a file is cut into chunks, and how many of its rows may be rejected. */
export type IngestBounds = ReadBounds & Record<'maxRejectedRows' | 'maxRejectedBytes', number>;

export interface IngestPorts {
  objects: ObjectStore;
  store: IngestionStore;
  ims: Ims;
  scratches: Scratches;
  clock: Clock;
}

export interface IngestOptions {
  timeZone: string;
  maxInflatedBytes: number;
  /** How files are cut into chunks; by default as `limits` says. */
  bounds?: IngestBounds;
  /** Aborted with `claim_lost` when the claim is lost: the work stops where it is. */
  lost: AbortSignal;
  /** Checked at each chunk border: whether to give the file back, to be resumed later. */
  shouldRelease(): boolean;
  /** What users have requested, as far as the heartbeat knows. */
  asked(): Asked;
}
