/**
 * The stored form of a plan: the rows of the chunk packed and compressed in one binary value. A chunk comes from at most a few MiB of a
 * file, so compressed it stays far below the 16 MiB of a document, whatever the rows are.
 */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { Binary, BSON } from 'mongodb';
import { packRejections, unpackRejections } from '../../model/packed-rejections.ts';
import type { Rejection } from '../../model/rejection.ts';
import type { OrderBatch } from '../../order-batch/order-batch.ts';
import { fromStored, toStored } from '../../order-batch/stored-form.ts';
import type { ChunkDocument } from './documents.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/**
 * The version of the stored form. A worker does not execute plans of a later version. Since 4 there are `cells` and `firsts`, since 5
 * rows that take undone orders again.
 */
export const PLAN_VERSION = 5;

/** The fastest level: it already shrinks the rows of an order file to a quarter. */
const COMPRESSION = { level: 1 };

/** The valid orders, and which of them take part: the others were rejected before the plan, as repeats or without a stock row. */
export interface Plan {
  orders: OrderBatch;
  taking: number[];
}

const binary = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new Binary(Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength));

export async function encodePlan(orders: OrderBatch, taking: number[]): Promise<Binary> {
  const { width, cells, positionOf, text, starts, ends, ascii, rows, numbers, firsts } = toStored(orders);
  const document = BSON.serialize({
    width,
    // Where there are values that are no cells of the file.
    ...(cells !== undefined && { cells }),
    position_of: positionOf,
    text: binary(text),
    starts: binary(starts),
    ends: binary(ends),
    ascii: binary(ascii),
    rows: binary(rows),
    numbers: binary(numbers),
    // Where orders have several rows.
    ...(firsts && { firsts: binary(firsts) }),
    taking: binary(new Uint8Array(Uint32Array.from(taking).buffer)),
  });
  return new Binary(await deflate(document, COMPRESSION));
}

/** Of a chunk that makes no orders. */
export function emptyPlan(): Promise<Binary> {
  const none = new Uint8Array(0);
  const arrays = { text: none, starts: none, ends: none, ascii: none, rows: none, numbers: none };
  return encodePlan(fromStored({ width: 0, positionOf: {} as never, ...arrays }), []);
}

export async function decodePlan(plan: Binary): Promise<Plan> {
  // Binary values become buffers; in a plan of version 1 the text is a string.
  const document = BSON.deserialize(await inflate(plan.buffer), { promoteBuffers: true });
  const { width, cells, position_of: positionOf, text, starts, ends, ascii, rows, numbers, firsts } = document;
  const orders = fromStored({ width, cells, positionOf, text, starts, ends, ascii, rows, numbers, firsts });
  return { orders, taking: [...new Uint32Array(new Uint8Array(document.taking).buffer)] };
}

/** The accepted orders of a committed chunk, by index. */
export async function acceptedOrders({
  plan,
  refused,
}: Pick<ChunkDocument, 'plan' | 'refused'>): Promise<{ orders: OrderBatch; accepted: number[] }> {
  const { orders, taking } = await decodePlan(plan);
  const without = new Set(refused);
  return { orders, accepted: taking.filter((order) => !without.has(orders.row(orders.first(order)))) };
}

/** The filter of a plan as it was read, which writes of it need, and what they set: so none brings back what another has taken out. */
export const planAsRead = ({ _id, plan_rev }: Pick<ChunkDocument, '_id' | 'plan_rev'>) => ({
  filter: { _id, plan_rev: plan_rev ?? { $exists: false } },
  next: { plan_rev: (plan_rev ?? 0) + 1 },
});

export async function encodeRejections(rejections: Rejection[]): Promise<{ packed: Binary | null; bytes: number }> {
  if (rejections.length === 0) return { packed: null, bytes: 0 };
  const { bytes, ...packed } = packRejections(rejections);
  return { packed: new Binary(await deflate(Buffer.from(JSON.stringify(packed)), COMPRESSION)), bytes };
}

export async function decodeRejections(rejections: Binary | null | undefined): Promise<Rejection[]> {
  if (!rejections) return [];
  const packed = JSON.parse((await inflate(rejections.buffer)).toString());
  // Before version 3 they were not packed.
  return Array.isArray(packed) ? packed : unpackRejections(packed);
}
