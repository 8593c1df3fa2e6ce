/** A batch of some orders of another, in memory of its own: also without the people in some of them. */
import type { OrderColumn } from '../model/columns.ts';
import type { BatchContent } from './memory.ts';
import { NUMBERS_PER_ROW } from './memory.ts';
import { OrderBatch } from './order-batch.ts';

/** The texts of a row that stay when its person is erased. Other columns of the file may name the person, too. */
const KEPT: readonly OrderColumn[] = ['order_id', 'product_name', 'sku', 'hub_id'];

/**
 * The orders with these indices, in this order. `erased`: the first rows, in the file, of those of which only `KEPT` and the numbers are
 * copied.
 */
export function copyOrders(
  batch: OrderBatch,
  orders: readonly number[],
  erased: ReadonlySet<number> = new Set(),
): OrderBatch {
  const from = batch.toMessage();
  const { width } = from;
  const kept = new Set(KEPT.map((column) => from.positionOf[column]));
  const indices: number[] = [];
  const firsts: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const texts: Uint8Array[] = [];
  let length = 0;
  for (const order of orders) {
    firsts.push(indices.length);
    const isErased = erased.has(batch.row(batch.first(order)));
    for (let i = batch.first(order); i < batch.end(order); i++) {
      indices.push(i);
      for (let column = 0; column < width; column++) {
        const start = from.starts[i * width + column]!;
        const bytes = from.text.subarray(start, isErased && !kept.has(column) ? start : from.ends[i * width + column]!);
        starts.push(length);
        length += bytes.length;
        ends.push(length);
        texts.push(bytes);
      }
    }
  }
  const content: BatchContent = {
    ...from,
    text: new Uint8Array(Buffer.concat(texts)),
    starts: Uint32Array.from(starts),
    ends: Uint32Array.from(ends),
    ascii: Uint8Array.from(indices, (i) => from.ascii[i]!),
    rows: Uint32Array.from(indices, (i) => from.rows[i]!),
    firsts: from.firsts && Uint32Array.from(firsts),
    numbers: Float64Array.from(
      indices.flatMap((i) => Array.from(from.numbers.subarray(i * NUMBERS_PER_ROW, (i + 1) * NUMBERS_PER_ROW))),
    ),
    pairOf: Uint32Array.from(indices, (i) => from.pairOf[i]!),
    returns: new Int32Array(1),
    returnsAtTake: 0,
  };
  return new OrderBatch(content, null);
}
