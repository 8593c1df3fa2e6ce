/**
 * The checks of `oms verify` on an order store: whether its data is consistent. Each method reads with bounded memory, also beside
 * processes that write, and MUST NOT report work in progress: a violation is one that no work in progress explains.
 */
import type { FileRecord } from '../model/file.ts';
import type { Order } from '../model/order.ts';

export type Invariant = 'INV-1' | 'INV-2' | 'INV-3' | 'INV-8' | 'INV-9';

/** The checks: the invariant that each belongs to, and what must be true. */
export const CHECKS = {
  rows: { invariant: 'INV-1', holds: 'every row is one order or one rejection' },
  reports: { invariant: 'INV-1', holds: 'every report lists what was rejected' },
  sums: { invariant: 'INV-1', holds: 'the sums are those of the files' },
  stock: { invariant: 'INV-2', holds: 'received - available is what orders hold' },
  events: { invariant: 'INV-3', holds: 'every order has its one event' },
  history: { invariant: 'INV-8', holds: 'every order is what its history says' },
  audit: { invariant: 'INV-9', holds: 'the audit log has no gap' },
} as const satisfies Record<string, { invariant: Invariant; holds: string }>;
export type Check = keyof typeof CHECKS;

export interface Violation {
  check: Check;
  /** The same text for all violations of a kind. */
  what: string;
  /** Of the order, the file, the chunk `<file_id>:<n>`, the chain or the entry `<chain>:<n>`, or the stock `["<sku>","<hub_id>"]`. */
  id: string;
  /** The figures. */
  detail: string;
}

/** A chunk as it was committed. */
export interface CommittedChunk {
  /** The number of its rows, rejected ones included. */
  rows: number;
  /** As they were created; one that was deleted since has the status `deleted` and no content. */
  orders: Order[];
}

export interface Verification {
  /** The chunks of a file below its checkpoint, in order. */
  chunks(file: Pick<FileRecord, 'fileId' | 'nextChunk'>): AsyncIterable<CommittedChunk>;
  /** The rows, chunks, orders, rejections and events of one file. */
  file(fileId: string): AsyncIterable<Violation>;
  /** Every stock row; returns how many there are. */
  stock(): AsyncGenerator<Violation, number>;
  /** Data without a file, all histories, the numbers of events, and sums over all; returns how many orders there are. */
  rest(): AsyncGenerator<Violation, number>;
}
