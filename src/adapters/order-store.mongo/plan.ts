/**
 * The rows of a chunk as its plan keeps them: packed, compressed, in one binary value. A chunk comes from at most a few MiB of a
 * file, and compressed it stays far below the 16 MiB that a document may have, whatever the rows are.
 */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { Binary, BSON } from 'mongodb';
import { PackedOrders, type PackedOrdersData } from '../../model/packed-orders.ts';
import type { Rejection } from '../../model/rejection.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Of what is stored here; a worker leaves plans of a later one alone. */
export const PLAN_VERSION = 1;

/** Of the levels the fastest: the rows of an order file shrink to a quarter all the same. */
const COMPRESSION = { level: 1 };

/** The valid rows, and which of them take part: the others were found to be repeats, or without a stock row, before the plan. */
export interface Plan {
  orders: PackedOrders;
  taking: number[];
}

const bytesOf = (column: Uint32Array | Float64Array) =>
  new Binary(Buffer.from(column.buffer, column.byteOffset, column.byteLength));

/** A copy, as the bytes of a document lie at any address. */
const copyOf = ({ buffer }: Binary): ArrayBuffer => new Uint8Array(buffer).slice().buffer as ArrayBuffer;

export async function encodePlan(data: PackedOrdersData, taking: number[]): Promise<Binary> {
  const { width, positionOf, text, ends, rows, numbers } = data;
  const document = BSON.serialize({
    width,
    position_of: positionOf,
    text,
    ends: bytesOf(ends),
    rows: bytesOf(rows),
    numbers: bytesOf(numbers),
    taking: bytesOf(Uint32Array.from(taking)),
  });
  return new Binary(await deflate(document, COMPRESSION));
}

export async function decodePlan(plan: Binary): Promise<Plan> {
  const document = BSON.deserialize(await inflate(plan.buffer), { promoteBuffers: false });
  const orders = new PackedOrders({
    width: document.width,
    positionOf: document.position_of,
    text: document.text,
    ends: new Uint32Array(copyOf(document.ends)),
    rows: new Uint32Array(copyOf(document.rows)),
    numbers: new Float64Array(copyOf(document.numbers)),
  });
  return { orders, taking: [...new Uint32Array(copyOf(document.taking))] };
}

export async function encodeRejections(rejections: Rejection[]): Promise<Binary | null> {
  if (rejections.length === 0) return null;
  return new Binary(await deflate(Buffer.from(JSON.stringify(rejections)), COMPRESSION));
}

export async function decodeRejections(rejections: Binary | null | undefined): Promise<Rejection[]> {
  if (!rejections) return [];
  return JSON.parse((await inflate(rejections.buffer)).toString()) as Rejection[];
}
