/** What tests of bad input share: large bodies as streams, requests byte by byte, and checks of what is left behind. */
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect } from 'vitest';
import { csv, type FileJson, getJson, ingest, orderLine, type Service, setStock } from './service.ts';
import { storedObjects } from './stored-objects.ts';

export interface Problem {
  status: number;
  code: string;
  detail: string;
  contentType: string | null;
}

export async function problemOf(response: Response): Promise<Problem> {
  const { status, code, detail } = (await response.json()) as Problem;
  expect(status).toBe(response.status);
  return { status, code, detail, contentType: response.headers.get('content-type') };
}

/** Uploads a body that is never in memory as a whole. Without a length, so in HTTP chunks. */
export function uploadStream(
  service: Pick<Service, 'url'>,
  blocks: Iterable<string | Uint8Array>,
  query = '',
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = Readable.toWeb(Readable.from(bytesOf(blocks), { objectMode: false }));
  return fetch(`${service.url}/upload${query}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', ...headers },
    body: body as ReadableStream,
    duplex: 'half',
  });
}

function* bytesOf(blocks: Iterable<string | Uint8Array>): Generator<Uint8Array> {
  for (const block of blocks) yield Buffer.from(block);
}

export function* repeat<Block>(block: Block, times: number): Generator<Block> {
  for (let i = 0; i < times; i++) yield block;
}

/** The rejected rows of a file, those of its first page. */
export interface RejectedRow {
  row: number;
  codes: string[];
  reasons: { column: string; code: string; reason: string }[];
  values: Record<string, string>;
}

export async function rejectionsOf(service: Service, file: FileJson): Promise<RejectedRow[]> {
  return (await getJson<{ items: RejectedRow[] }>(service, `/files/${file.file_id}/rejections`)).items;
}

export async function reportOf(service: Service, file: FileJson): Promise<string> {
  const response = await fetch(`${service.url}/invalid-files/${file.invalid_file}`);
  expect(response.status).toBe(200);
  return response.text();
}

/** Lines of the report with its header, counted without holding them. Right for values without line breaks. */
export async function countReportLines(service: Service, file: FileJson): Promise<number> {
  const response = await fetch(`${service.url}/invalid-files/${file.invalid_file}`);
  let lines = 0;
  for await (const _ of createInterface({ input: Readable.fromWeb(response.body as never) })) lines++;
  return lines;
}

export const GOOD_SKU = 'GOOD';
let goodFiles = 0;

/** Stock for `expectSound`, and for rows that must not fail for want of it. */
export const stockUp = (service: Service): Promise<void> =>
  setStock(service, [
    [GOOD_SKU, 'HUB-1', 1_000_000_000],
    ['SKU-1', 'HUB-1', 1_000_000_000],
  ]);

/** A good file goes through, and nothing half-done is left: neither a staged object nor one without its file. */
export async function expectSound(service: Service): Promise<void> {
  const file = await ingest(service, csv(orderLine(`GOOD-${process.pid}-${++goodFiles}`, { sku: GOOD_SKU })));
  expect(file).toMatchObject({ status: 'completed', progress: { rows: 1, accepted: 1 } });
  await expect.poll(() => storedObjects(service, 'staging')).toEqual([]);
  const known = await fileIds(service);
  const uploads = (await storedObjects(service, 'uploads')).filter((name) => name !== 'installation');
  expect(uploads.filter((name) => !known.has(name))).toEqual([]);
  const reports = await storedObjects(service, 'reports');
  expect(reports.filter((name) => !known.has(name.replace(/-invalid-\d+\.csv$/, '')))).toEqual([]);
}

export async function fileIds(service: Service): Promise<Set<string>> {
  const ids = new Set<string>();
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`;
    const page = await getJson<{ items: FileJson[]; next_cursor: string | null }>(service, `/files?limit=1000${query}`);
    for (const { file_id } of page.items) ids.add(file_id);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return ids;
}

/** The most memory that the service ever had, all its threads together. */
export function peakMemoryMiB({ child }: Service): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024;
}

/** What the service has open now. */
export function openFiles({ child }: Service): string[] {
  const directory = `/proc/${child.pid}/fd`;
  return readdirSync(directory).flatMap((name) => {
    try {
      return [readlinkSync(join(directory, name))];
    } catch {
      // Closed since.
      return [];
    }
  });
}

export interface RawAnswer {
  status: number;
  headers: string;
  /** The body as JSON, or null when it has none. */
  body: Record<string, unknown> | null;
}

/**
 * Sends bytes as they are and reads the first answer. `then` says what the client does after its last byte: wait for the
 * answer, or end its half of the connection and then wait.
 */
export async function sendRaw(
  service: Service,
  parts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  then: 'wait' | 'end' = 'wait',
): Promise<RawAnswer> {
  const { hostname, port } = new URL(service.url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  // What matters is whether the answer comes, and a server that has answered may reset.
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  let text = '';
  const answered = Promise.withResolvers<RawAnswer>();
  socket.setEncoding('latin1').on('data', (data) => {
    text += data;
    const answer = parseAnswer(text);
    if (answer) answered.resolve(answer);
  });
  closed.then(() => answered.reject(new Error(`the connection ended without a whole answer: ${JSON.stringify(text)}`)));
  for await (const part of parts) {
    if (socket.destroyed) break;
    if (!socket.write(part)) await Promise.race([once(socket, 'drain'), closed]).catch(() => {});
  }
  if (then === 'end') socket.end();
  try {
    return await answered.promise;
  } finally {
    socket.destroy();
  }
}

function parseAnswer(text: string): RawAnswer | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const headers = text.slice(0, headEnd);
  const status = Number(headers.split(' ')[1]);
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(headers)?.[1] ?? 0);
  const body = text.slice(headEnd + 4);
  if (body.length < length) return null;
  return { status, headers, body: length === 0 ? null : JSON.parse(body.slice(0, length)) };
}

/** The head of a raw `POST /upload`. */
export const uploadHead = (...headers: string[]): string =>
  ['POST /upload HTTP/1.1', 'host: localhost', ...headers, '', ''].join('\r\n');

/** For tests whose requests must not create a file. */
export function expectNoNewFile(service: () => Service): void {
  let before: Set<string>;
  beforeEach(async () => {
    before = await fileIds(service());
  });
  afterEach(async () => {
    // `expectSound` may have run first: it uploads a small valid file.
    const added = [...(await fileIds(service()))].filter((id) => !before.has(id));
    const files = await Promise.all(added.map((id) => getJson<FileJson>(service(), `/files/${id}`)));
    expect(files.filter(({ size_bytes }) => size_bytes > 200)).toEqual([]);
    expect(files.length).toBeLessThanOrEqual(1);
  });
}

/** A part of a form with the boundary `edge`. */
export const formPart = (field: string, fileName: string, content: string) =>
  `--edge\r\nContent-Disposition: form-data; name="${field}"; filename="${fileName}"\r\nContent-Type: text/csv\r\n\r\n${content}\r\n`;
