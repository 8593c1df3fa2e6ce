/** Hostile files from a seed, of at most some 150 KB: random bytes, real files with changed bytes and blocks, packed and damaged. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { generateOrders } from '../../src/generate.ts';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import type { Random } from '../simulator/random.ts';
import { packed, shuffled } from './well-formed-file.ts';

export interface HostileFile {
  /** How it was made, in a few words. */
  kind: string;
  bytes: Buffer;
  /** The bytes after gunzip; null when the gzip file is damaged. */
  plain: Buffer | null;
  /** An encoding as an uploader types it. */
  label?: string;
}

export function hostileFile(random: Random): HostileFile {
  const [kind, plain] = random.weighted<() => [string, Buffer]>([
    [3, () => ['noise', noise(random)]],
    [3, () => ['noise below a header', Buffer.concat([header(random), noise(random)])]],
    [5, () => ['mutated', mutated(random)]],
  ])();
  const label = random.chance(0.06)
    ? random.pick(['utf-8', 'latin1', 'utf-16', 'UTF-16BE', 'sjis', 'gb18030', 'cp1253'])
    : undefined;
  const file = random.chance(0.2) ? packedBadly(plain, random) : { kind: '', bytes: plain, plain };
  return { ...file, kind: `${kind}${file.kind}`, ...(label === undefined ? {} : { label }) };
}

const CSV_PIECES = [
  ...[',', ',', ',', '"', '"', '""', '\n', '\n', '\r\n', '\r', ';', '\t', '|', ' ', "'", '=', '\0', '"\n', ',"', '",'],
  ...['a', 'A-1', '2', '19.99', 'ada@example.com', '2026-11-20', '_row', 'order_id', '27" monitor', '""""'],
].map((piece) => Buffer.from(piece));
const BYTE_PIECES = [
  ...['\xef\xbb\xbf', '\xef\xbb', '\xff\xfe', '\xfe\xff', '\xc3\xa9', '\xc3', '\xe2\x82\xac', '\xe2\x82'],
  ...['\xf0\x9f\x98\x80', '\xf0\x9f', '\xed\xa0\x80', '\xc0\x80', '\xff', '\x80', '\xa0', '\xc2\xa0', '\x1f\x8b'],
  ...['a\0', '\0a', '\n\0', '\0\n', '\x3d\xd8\x00\xde', '\x3d\xd8', '\0\xde', ',\0', '\0"', '\x1a'],
].map((piece) => Buffer.from(piece, 'latin1'));

function noise(random: Random): Buffer {
  const length = random.weighted([
    [4, () => random.between(0, 40)],
    [6, () => random.between(0, 400)],
    [2, () => random.between(0, 4_000)],
    [0.03, () => random.between(60_000, 150_000)],
  ])();
  const uniform = () => Buffer.from([random.between(0, 255)]);
  const ascii = () => Buffer.from([random.between(32, 126)]);
  const csv = () => random.pick(CSV_PIECES);
  const broken = () => random.pick(BYTE_PIECES);
  const piece = random.pick([
    uniform,
    ascii,
    csv,
    csv,
    () => (random.chance(0.9) ? csv() : broken()),
    () => (random.chance(0.9) ? ascii() : csv()),
    () => (random.chance(0.5) ? csv() : random.pick([uniform, broken])()),
  ]);
  const pieces: Buffer[] = [];
  for (let bytes = 0; bytes < length; ) {
    const next = piece();
    pieces.push(next);
    bytes += next.length;
  }
  const all = Buffer.concat(pieces);
  // Text of UTF-16, cut anywhere.
  return random.chance(0.1) ? Buffer.from(`\ufeff${all.toString('latin1')}`, 'utf16le') : all;
}

/** Names that a header gains: some are taken for others, once spaces or the quotes of a report are off. */
const NAMES = ["'=x", '=x', "'\tsku", "'\r_x", "''a", "'a", "'-", '-', 'SKU', ' sku', 'note', '_x', ''];

function header(random: Random): Buffer {
  const delimiter = random.pick([',', ',', ';', '\t', '|']);
  let names: string[] = [...ORDER_COLUMNS];
  if (random.chance(0.3)) names = shuffled(names, random);
  if (random.chance(0.2)) names.push('_row', '_column', '_code', '_reason', '_file');
  while (random.chance(0.4)) names.splice(random.between(0, names.length), 0, random.pick(NAMES));
  if (random.chance(0.05)) names.push(...Array.from({ length: random.between(230, 260) }, (_, i) => `c${i}`));
  if (random.chance(0.05)) names.splice(random.between(0, names.length - 1), 1);
  const line = random.chance(0.1) ? random.pick(['sep=;\n', 'sep=\t\r\n', '"SEP=,"\r', 'sep=\n', 'sep=|;;;\n']) : '';
  const text = `${line}${names.join(delimiter)}${random.pick(['\n', '\n', '\r\n', ''])}`;
  return random.weighted([
    [8, () => Buffer.from(text)],
    [1, () => Buffer.from(`\ufeff${text}`)],
    [1, () => Buffer.from(`\ufeff${text}`, 'utf16le')],
    [1, () => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ])();
}

const SAMPLE = readFileSync(new URL('../../sample_orders.csv', import.meta.url));

function realFile(random: Random): Buffer {
  return random.weighted([
    [2, () => SAMPLE],
    [
      3,
      () =>
        Buffer.concat([
          ...generateOrders({
            rows: random.between(1, 25),
            invalidShare: random.pick([0, 0.3, 1]),
            seed: random.between(1, 1e6),
            ids: 'random',
            startAt: random.between(1, 1e6),
          }),
        ]),
    ],
  ])();
}

function mutated(random: Random): Buffer {
  let bytes = realFile(random);
  if (random.chance(0.3)) bytes = Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
  if (random.chance(0.15)) {
    const delimiter = random.pick([';', '\t', '|']);
    bytes = Buffer.from(bytes.toString('latin1').replaceAll(',', delimiter), 'latin1');
  }
  if (random.chance(0.3)) bytes = withHeader(bytes, header(random));
  if (random.chance(0.15)) {
    const text = Buffer.from(`\ufeff${bytes.toString()}`, 'utf16le');
    bytes = random.chance(0.5) ? text : text.swap16();
  }
  for (
    let left = random.weighted([
      [1, 0],
      [4, 1],
      [3, 2],
      [2, 5],
      [1, 30],
    ]);
    left > 0;
    left--
  )
    bytes = random.pick(MUTATIONS)(bytes, random);
  return bytes;
}

function withHeader(bytes: Buffer, first: Buffer): Buffer {
  return Buffer.concat([first, bytes.subarray(bytes.indexOf('\n') + 1)]);
}

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const place = (bytes: Buffer, random: Random) => random.between(0, bytes.length);
/** Short ones as often as long ones. */
const block = (bytes: Buffer, random: Random): [from: number, to: number] => {
  const from = place(bytes, random);
  return [from, Math.min(bytes.length, from + Math.floor(2 ** (random.fraction() * 10)))];
};
const splice = (bytes: Buffer, from: number, to: number, ...instead: Uint8Array[]) =>
  Buffer.concat([bytes.subarray(0, from), ...instead, bytes.subarray(to)]);
const insert =
  (piece: (random: Random) => Buffer): Mutation =>
  (bytes, random) => {
    const at = place(bytes, random);
    return splice(bytes, at, at, piece(random));
  };

const MUTATIONS: Mutation[] = [
  (bytes, random) => {
    if (bytes.length === 0) return bytes;
    const flipped = Buffer.from(bytes);
    flipped[random.between(0, bytes.length - 1)]! ^= 1 << random.between(0, 7);
    return flipped;
  },
  (bytes, random) => splice(bytes, ...block(bytes, random)),
  (bytes, random) => {
    const [from, to] = block(bytes, random);
    return splice(bytes, to, to, bytes.subarray(from, to));
  },
  (bytes, random) => {
    const [from, to] = block(bytes, random);
    const rest = splice(bytes, from, to);
    const at = place(rest, random);
    return splice(rest, at, at, bytes.subarray(from, to));
  },
  (bytes, random) => bytes.subarray(0, place(bytes, random)),
  (bytes, random) => bytes.subarray(place(bytes, random)),
  insert(() => Buffer.from('"')),
  insert((random) => random.pick(CSV_PIECES)),
  insert((random) => random.pick(BYTE_PIECES)),
  insert(noise),
  insert((random) => Buffer.alloc(random.between(1, 3_000), random.pick(['\n', '"', ',', ' ', '\0', 'x', '\r']))),
  (bytes, random) => {
    const [from, to] = block(bytes, random);
    const other = bytes.toString('latin1', from, to).replace(/\r?\n/g, random.pick(['\n', '\r\n', '\r', '\n\n']));
    return splice(bytes, from, to, Buffer.from(other, 'latin1'));
  },
];

function packedBadly(plain: Buffer, random: Random): HostileFile {
  const bytes = packed(plain, random);
  const damaged = (kind: string, damage: Buffer): HostileFile => ({ kind, bytes: damage, plain: null });
  return random.weighted<() => HostileFile>([
    [4, () => ({ kind: ', packed', bytes, plain })],
    [1, () => ({ kind: ', packed twice', bytes: gzipSync(bytes), plain: bytes })],
    [1, () => damaged(', packed and cut', bytes.subarray(0, random.between(2, bytes.length - 1)))],
    [1, () => damaged(', packed and changed', random.pick(MUTATIONS)(bytes, random))],
    [1, () => damaged(', packed with more behind it', Buffer.concat([bytes, noise(random)]))],
    [
      1,
      () => ({
        kind: ', packed with padding behind it',
        bytes: Buffer.concat([bytes, Buffer.alloc(random.between(1, 600), random.pick(['\0', '\n', '\r\n', '\0\n']))]),
        plain,
      }),
    ],
    [
      1,
      () => {
        const filler = random.pick(['\n', ',', '"', 'x', '\0', 'a\n', ',,\n']);
        const bomb = Buffer.concat([plain, Buffer.alloc(random.between(2_000, 100_000), filler)]);
        return { kind: ', a bomb', bytes: gzipSync(bomb), plain: bomb };
      },
    ],
  ])();
}
