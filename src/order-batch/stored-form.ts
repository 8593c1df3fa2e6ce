/** A batch as bytes that a store may keep, for as long as there are stores: the names and their content never change. */
import type { OrderColumn } from '../model/columns.ts';
import type { BatchContent } from './memory.ts';
import { OrderBatch } from './order-batch.ts';
import { SkuHubPairs } from './sku-hub-pairs.ts';

/** The arrays of the layout (`order-batch.ts`) as their bytes. */
export interface StoredBatch {
  width: number;
  /** As many as `width` where it is absent. */
  cells?: number;
  positionOf: Record<OrderColumn, number>;
  text: Uint8Array;
  starts: Uint8Array;
  ends: Uint8Array;
  ascii: Uint8Array;
  rows: Uint8Array;
  numbers: Uint8Array;
  /** Missing where each row is an order, as before there were others. */
  firsts?: Uint8Array;
}

/** Of the first version: the values follow each other in a string, in which `ends` counts. */
export type StoredBatchOfVersion1 = Omit<StoredBatch, 'text' | 'starts' | 'ascii'> & { text: string };

/** Views of the memory of the batch. The pairs are left out: the rows name them. */
export function toStored(batch: OrderBatch): StoredBatch {
  const { width, cells, positionOf, text, starts, ends, ascii, rows, numbers, firsts } = batch.toMessage();
  return {
    width,
    ...(cells < width && { cells }),
    positionOf,
    text,
    starts: bytesOf(starts),
    ends: bytesOf(ends),
    ascii,
    rows: bytesOf(rows),
    numbers: bytesOf(numbers),
    ...(firsts && { firsts: bytesOf(firsts) }),
  };
}

/** In memory of its own. */
export function fromStored(stored: StoredBatch | StoredBatchOfVersion1): OrderBatch {
  const rows = new Uint32Array(copyOf(stored.rows));
  const pairs = new SkuHubPairs();
  const pairOf = new Uint32Array(rows.length);
  const batch = new OrderBatch(
    {
      width: stored.width,
      cells: stored.cells ?? stored.width,
      positionOf: stored.positionOf,
      ...(isOfVersion1(stored) ? textOfVersion1(stored, rows.length) : textOf(stored)),
      rows,
      firsts: stored.firsts ? new Uint32Array(copyOf(stored.firsts)) : null,
      numbers: new Float64Array(copyOf(stored.numbers)),
      pairs,
      pairOf,
      returns: new Int32Array(1),
      returnsAtTake: 0,
    },
    null,
  );
  for (let i = 0; i < rows.length; i++) pairOf[i] = pairs.numberOf(batch.text(i, 'sku'), batch.text(i, 'hub_id'));
  return batch;
}

type Text = Pick<BatchContent, 'text' | 'starts' | 'ends' | 'ascii'>;

const isOfVersion1 = (stored: StoredBatch | StoredBatchOfVersion1): stored is StoredBatchOfVersion1 =>
  typeof stored.text === 'string';

const textOf = ({ text, starts, ends, ascii }: StoredBatch): Text => ({
  text: new Uint8Array(copyOf(text)),
  starts: new Uint32Array(copyOf(starts)),
  ends: new Uint32Array(copyOf(ends)),
  ascii: new Uint8Array(copyOf(ascii)),
});

function textOfVersion1({ text, ends: endsInText }: StoredBatchOfVersion1, rows: number): Text {
  const ends = new Uint32Array(copyOf(endsInText));
  let start = 0;
  let bytes = 0;
  for (const [i, end] of ends.entries()) {
    bytes += Buffer.byteLength(text.slice(start, end));
    ends[i] = bytes;
    start = end;
  }
  const starts = Uint32Array.of(0, ...ends.subarray(0, -1));
  return { text: Buffer.from(text), starts, ends, ascii: new Uint8Array(rows) };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Aligned for any array, where the bytes of a document lie at any address. */
const copyOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
