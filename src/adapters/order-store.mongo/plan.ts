/**
 * The rows of a chunk as its plan keeps them: packed, compressed, in one binary value. A chunk comes from at most a few MiB of a
 * file, and compressed it stays far below the 16 MiB that a document may have, whatever the rows are.
 */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { Binary, BSON, type Document } from 'mongodb';
import { PackedOrders, type PackedOrdersData } from '../../model/packed-orders.ts';
import { packRejections, unpackRejections } from '../../model/packed-rejections.ts';
import type { Rejection } from '../../model/rejection.ts';
import { SkuHubPairs } from '../../model/sku-hub-pairs.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Of what is stored here; a worker leaves plans of a later one alone. */
export const PLAN_VERSION = 3;

/** Of the levels the fastest: the rows of an order file shrink to a quarter all the same. */
const COMPRESSION = { level: 1 };

/** The valid rows, and which of them take part: the others were found to be repeats, or without a stock row, before the plan. */
export interface Plan {
  orders: PackedOrders;
  taking: number[];
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array | Uint32Array | Float64Array) =>
  new Binary(Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength));

/** A copy, as the bytes of a document lie at any address. */
const copyOf = ({ buffer }: Binary): ArrayBuffer => new Uint8Array(buffer).slice().buffer as ArrayBuffer;

export async function encodePlan(data: PackedOrdersData, taking: number[]): Promise<Binary> {
  const { width, positionOf, text, starts, ends, ascii, rows, numbers } = data;
  const document = BSON.serialize({
    width,
    position_of: positionOf,
    text: bytesOf(text),
    starts: bytesOf(starts),
    ends: bytesOf(ends),
    ascii: bytesOf(ascii),
    rows: bytesOf(rows),
    numbers: bytesOf(numbers),
    taking: bytesOf(Uint32Array.from(taking)),
  });
  return new Binary(await deflate(document, COMPRESSION));
}

export async function decodePlan(plan: Binary): Promise<Plan> {
  const document = BSON.deserialize(await inflate(plan.buffer), { promoteBuffers: false });
  const rows = new Uint32Array(copyOf(document.rows));
  const pairs = new SkuHubPairs();
  const data: PackedOrdersData = {
    width: document.width,
    positionOf: document.position_of,
    ...(typeof document.text === 'string' ? textOfVersion1(document, rows.length) : textOf(document)),
    rows,
    numbers: new Float64Array(copyOf(document.numbers)),
    pairs,
    pairOf: new Uint32Array(rows.length),
  };
  const orders = new PackedOrders(data);
  // A plan keeps the rows alone.
  for (let i = 0; i < rows.length; i++)
    data.pairOf[i] = pairs.numberOf(orders.text(i, 'sku'), orders.text(i, 'hub_id'));
  return { orders, taking: [...new Uint32Array(copyOf(document.taking))] };
}

type Text = Pick<PackedOrdersData, 'text' | 'starts' | 'ends' | 'ascii'>;

const textOf = ({ text, starts, ends, ascii }: Document): Text => ({
  text: new Uint8Array(copyOf(text)),
  starts: new Uint32Array(copyOf(starts)),
  ends: new Uint32Array(copyOf(ends)),
  ascii: new Uint8Array(copyOf(ascii)),
});

/** Of a plan that an older release left: its text was a string, in which ends counted. */
function textOfVersion1({ text, ends: endsInText }: Document, rows: number): Text {
  const ends = new Uint32Array(copyOf(endsInText));
  let start = 0;
  let bytes = 0;
  for (const [i, end] of ends.entries()) {
    bytes += Buffer.byteLength((text as string).slice(start, end));
    ends[i] = bytes;
    start = end;
  }
  const starts = Uint32Array.of(0, ...ends.subarray(0, -1));
  return { text: Buffer.from(text as string), starts, ends, ascii: new Uint8Array(rows) };
}

export async function encodeRejections(rejections: Rejection[]): Promise<{ packed: Binary | null; bytes: number }> {
  if (rejections.length === 0) return { packed: null, bytes: 0 };
  const { bytes, ...packed } = packRejections(rejections);
  return { packed: new Binary(await deflate(Buffer.from(JSON.stringify(packed)), COMPRESSION)), bytes };
}

export async function decodeRejections(rejections: Binary | null | undefined): Promise<Rejection[]> {
  if (!rejections) return [];
  const packed = JSON.parse((await inflate(rejections.buffer)).toString());
  // Before version 3 each was written out.
  return Array.isArray(packed) ? packed : unpackRejections(packed);
}
