/** Files of one shape and any size, generated while they are read: content that a reader must not hold, or not for long. */
import { gzipSync } from 'node:zlib';
import { HEADER } from '../support/reading.ts';

const MiB = 1024 * 1024;

export interface Shape {
  /** The beginning, as stored. */
  first: Buffer;
  /** What follows, over and over. */
  block: Buffer;
  /** How it ends: a failure's code; null for a file that is read to its end. */
  ends: string | null;
  /** How much of it an ordinary run reads; a GiB of those that are given up at their beginning. */
  bytes?: number;
}

const header = Buffer.from(`${HEADER}\n`);
const nothing = Buffer.alloc(0);
const of = (filler: string) => Buffer.alloc(MiB, filler);
const rowTo = (address: string) =>
  Buffer.from(`A-1,Ada Lovelace,ada@example.com,Lamp,S-1,H-1,2,19.99,39.98,2026-11-20,${address}\n`, 'latin1');

/** Just below what a record may have, with the other cells. */
const LONG_CHARS = MiB - 2_000;

export const SHAPES: Record<string, Shape> = {
  'quotes alone': { first: nothing, block: of('"'), ends: 'unclosed_quote' },
  'quotes below a header': { first: header, block: of('"'), ends: 'unclosed_quote' },
  'a field without end': { first: header, block: of('x'), ends: 'record_too_large' },
  'a quoted field without end': { first: Buffer.from(`${HEADER}\n"`), block: of('x\n'), ends: 'unclosed_quote' },
  'delimiters without end': { first: header, block: of(','), ends: 'record_too_large' },
  'lone CRs': { first: header, block: of('\r'), ends: 'empty_file', bytes: 24 * MiB },
  'spaces before a quote': { first: header, block: of(' "'), ends: 'record_too_large' },
  'quotes behind spaces that never close': {
    first: header,
    block: Buffer.from(`a, "b\n${'c,d\n'.repeat(200)}`),
    ends: null,
    bytes: MiB,
  },
  'spaces behind a quote': { first: Buffer.from(`${HEADER}\n"a"`), block: of(' '), ends: 'record_too_large' },
  zeros: { first: nothing, block: of('\0'), ends: 'not_csv' },
  'zeros below a header': { first: header, block: of('\0'), ends: 'record_too_large' },
  'a header without end': { first: nothing, block: of('c,'), ends: 'record_too_large' },
  'a header of half a million columns': {
    first: nothing,
    block: Buffer.from(`${'c,'.repeat(500_000)}\n`),
    ends: 'too_many_columns',
  },
  'a header of one long name': {
    first: nothing,
    block: Buffer.from(`${HEADER},${'c'.repeat(LONG_CHARS)}\n`),
    ends: 'record_too_large',
  },
  'UTF-16 without a line end': { first: Buffer.from('\ufeff', 'utf16le'), block: of('x\0'), ends: 'record_too_large' },
  'line ends': { first: header, block: of('\n'), ends: 'empty_file', bytes: 24 * MiB },
  'blank records': { first: header, block: of(',,,,,,, \n'), ends: 'empty_file', bytes: 24 * MiB },
  'short rows': { first: header, block: of('a\n'), ends: null, bytes: 2 * MiB },
  'rows with a stray quote': { first: header, block: of('"a"b,c\n'), ends: null, bytes: 2 * MiB },
  'rows of a million delimiters': {
    first: header,
    block: Buffer.from(`${','.repeat(LONG_CHARS)}a\n`),
    ends: null,
    bytes: 24 * MiB,
  },
  'rows with a value of a megabyte': {
    first: header,
    block: rowTo('x'.repeat(LONG_CHARS)),
    ends: null,
    bytes: 192 * MiB,
  },
  'rows with half a million quotes': {
    first: header,
    block: rowTo(`"${'""'.repeat(LONG_CHARS / 2)}"`),
    ends: null,
    bytes: 12 * MiB,
  },
  'rows with a megabyte that is no UTF-8': {
    first: header,
    block: rowTo('\xc3'.repeat(LONG_CHARS)),
    ends: null,
    bytes: 96 * MiB,
  },
  'a bomb of zeros': { first: gzipSync(header), block: gzipSync(Buffer.alloc(16 * MiB)), ends: 'record_too_large' },
  'a bomb of line ends': { first: gzipSync(header), block: gzipSync(Buffer.alloc(16 * MiB, '\n')), ends: 'too_large' },
  'a bomb of rows': {
    first: gzipSync(header),
    block: gzipSync(Buffer.alloc(16 * MiB, rowTo('x'.repeat(2_000)))),
    ends: 'too_large',
  },
};
