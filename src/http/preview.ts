/**
 * `POST /preview`: what a file is, and how it would be read, from its first MiB. Nothing is stored, and the rest of the file is not read.
 * Each preview is in memory as a whole, so they have places, and few are worked out at the same time.
 */
import { type BulkheadPolicy, BulkheadRejectedError, bulkhead } from 'cockatiel';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { Formats } from '../pipeline/formats.ts';
import { previewedBytes } from '../pipeline/preview/beginning.ts';
import type { Draft } from '../pipeline/preview/draft.ts';
import { knownFormats } from '../pipeline/preview/known-formats.ts';
import { type PreviewOptions, preview } from '../pipeline/preview/preview.ts';
import { parseEncoding } from '../pipeline/read/encoding.ts';
import { SNIFFED_BYTES } from '../pipeline/read/sniff-binary.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { principalOf } from './access-guard.ts';
import { BodyRate } from './body-rate.ts';
import { namedFormat } from './formats.ts';
import { XLSX_TYPE } from './media-types.ts';
import { ownerOf, shareTaken } from './owner.ts';
import { flag, text } from './parameters.ts';
import { Places } from './places.ts';
import { previewJson } from './preview-json.ts';
import { draftFormat, type PreviewResponse, previewResponse } from './preview-response.ts';
import { receiveUpload } from './receive-upload.ts';
import { type HttpEnv, json, type RouteDescription, route } from './route.ts';

const query = {
  format: text.describe('The name of the format that the file is to be read by.'),
  encoding: text.describe('A label of the WHATWG Encoding Standard. Without it the encoding is detected.'),
  sheet: text.describe('The sheet of a workbook (.xlsx), by its name. Without it the first one that is not hidden.'),
  part: flag.describe('The body is only the beginning of the file: its last row may be cut.'),
};

const description = {
  id: 'previewFile',
  tag: 'Files',
  summary: 'See how a file would be read, and which format fits it',
  description: 'Stores nothing, and asks neither the inventory service nor the stock: a dry run does.',
  query,
  body: {
    required: true,
    description: `A CSV file, plain or gzipped, of which the first ${limits.previewBytes} bytes are looked at, or a workbook (.xlsx) of at most ${limits.previewWorkbookBytes} bytes: as the field \`file\` of a form, or as the body. A form may have, before it, the field \`format\`: a format as JSON that may lack columns.`,
    content: {
      'multipart/form-data': z.object({ format: draftFormat.optional(), file: z.file() }),
      'text/csv': null,
      'application/gzip': null,
      [XLSX_TYPE]: null,
    },
    partTypes: { file: `text/csv, application/gzip, ${XLSX_TYPE}` },
  },
  responses: { 200: json(previewResponse, 'What was found out, and what it proves.') },
  problems: [
    ...(['invalid_parameter', 'no_file', 'empty_upload', 'several_files', 'broken_multipart'] as const),
    ...(['unfinished_upload', 'unsupported_encoding', 'invalid_format', 'unknown_format', 'not_csv'] as const),
    ...(['corrupt_gzip', 'corrupt_workbook', 'unknown_sheet', 'too_large', 'too_many_previews'] as const),
  ],
  engines: ['store'],
} satisfies RouteDescription;

interface PreviewPorts {
  store: Pick<OrderStore, 'smallRecords' | 'files'>;
  clock: Clock;
}

export function previewRoutes(ports: PreviewPorts, { timeZone }: { timeZone: string }) {
  const formats = new Formats(ports);
  const places = new Places(limits.maxPreviews);
  const turns = bulkhead(limits.previewsAtOnce, limits.maxPreviews);
  const handler = route(description, async (c, readQuery) => {
    const { format: name, encoding, sheet, part } = readQuery(c);
    if (encoding !== undefined) parseEncoding(encoding);
    const principal = principalOf(c);
    const named = name === undefined ? null : (await namedFormat(formats, name, principal)).format;
    const release = takePlace(places, c);
    try {
      const received = receiveUpload(c.env.incoming);
      const { bytes, isCut } = await firstBytes(received.bytes);
      const options: PreviewOptions = {
        encoding: encoding ?? received.declaredEncoding() ?? undefined,
        sheet: sheet ?? null,
        ...{ delimiter: null, timeZone, isPart: part || isCut },
        asked: named ?? draftIn(received.field('format')),
        known: knownFormats(ports, principal),
      };
      const work = () => preview(bytes, options);
      return c.json(previewJson(await inTurn(turns, work)) satisfies PreviewResponse);
    } finally {
      release();
    }
  });
  return new Hono<HttpEnv>().post('/preview', handler);
}

/** Takes a place among those that are in memory, and returns the function that releases it. Throws `too_many_previews`. */
function takePlace(places: Places, c: Context<HttpEnv>): () => void {
  const rate = BodyRate.of(c.env.incoming);
  const owner = ownerOf(c, limits.previewShares);
  const holder = { ...owner, isReplaceable: () => rate.isSlow(), end: () => rate.end() };
  if (!places.take(holder))
    throw owner.isPrincipal && places.isTaken(owner) ? shareTaken(owner, 'previews') : tooMany();
  return () => places.release(holder);
}

async function inTurn<Result>(turns: BulkheadPolicy, work: () => Promise<Result>): Promise<Result> {
  try {
    return await turns.execute(work);
  } catch (error) {
    throw error instanceof BulkheadRejectedError ? tooMany() : error;
  }
}

const tooMany = () =>
  new OmsError('too_many_previews', 'too many files are being previewed: try again in a moment', { retryable: true });

/** What a preview needs of the bytes, and whether there are more. */
async function firstBytes(source: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; isCut: boolean }> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  let most: number = limits.previewBytes;
  for await (const piece of source) {
    pieces.push(piece);
    if (size < SNIFFED_BYTES) most = previewedBytes(Buffer.concat(pieces));
    size += piece.length;
    if (size > most) break;
  }
  return { bytes: Buffer.concat(pieces).subarray(0, most), isCut: size > most };
}

/** The draft in a field of the form. Throws `invalid_format`; what its members are is checked when it is used. */
function draftIn(field: string | undefined): Draft | null {
  if (field === undefined) return null;
  try {
    const draft: unknown = JSON.parse(field);
    if (typeof draft === 'object' && draft !== null && !Array.isArray(draft)) return draft;
  } catch {
    // Told below.
  }
  throw new OmsError(
    'invalid_format',
    `the field format is not a JSON object of at most ${limits.maxFormFieldBytes} bytes`,
  );
}
