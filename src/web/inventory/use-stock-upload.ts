/**
 * The upload of a CSV of stock. Its header says whether rows are set or adjusted. The service reads the rest, all or nothing. It is
 * asked first what would change, which the user has to confirm. The last upload can be undone until the page is left. Each step that
 * changes something has one Idempotency-Key, so that it can be sent again when no answer came.
 */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { StockResultResponse, StockResultsResponse } from '../../http/responses.ts';
import { newKey, type Problem, request, sendJson } from '../api/client.ts';
import { stockCsv } from '../texts/inventory.ts';
import { type Change, type Kind, REQUESTS, unsureWhy } from './stock-changes.ts';
import { type Effect, effectOf, isRefused, type Refused, reversed } from './stock-preview.ts';

/** The header is within so many bytes, or the service refuses the file, too. */
const HEADER_BYTES = 64 * 1024;
const LARGEST_LISTED = 10;
/** In one request of an undo. */
const PART_ITEMS = 50_000;

export type StockUploadState =
  | { kind: 'checking' }
  /** Nothing is changed until the user confirms. */
  | { kind: 'preview'; of: Kind; rows: number; effect: Effect; apply: () => void }
  | { kind: 'sending' }
  | { kind: 'unsure'; why: string; again: () => void }
  | { kind: 'wrong'; why: string; errors: WrongLine[]; errorCount: number }
  | { kind: 'done'; of: Kind; rows: number; refused: Refused[]; undo: (() => void) | null }
  | { kind: 'undone'; rows: number; refused: Refused[] };

export interface WrongLine {
  line: number;
  column: string | null;
  detail: string;
}

export interface StockUpload {
  name: string;
  state: StockUploadState;
}

/** Which of the two kinds a CSV is; null when its header names neither or both. */
function kindOf(beginning: string): Kind | null {
  const header = beginning
    .replace(/^\ufeff/, '')
    .split(/[\r\n]+/)
    .find((line) => line.trim() !== '');
  const names = new Set(header?.split(/[,;\t]/).map((name) => name.replaceAll('"', '').trim().toLowerCase()));
  if (!names.has('sku') || !names.has('hub_id') || names.has('available') === names.has('delta')) return null;
  return names.has('available') ? 'available' : 'delta';
}

export function useStockUpload() {
  const queries = useQueryClient();
  const [upload, setUpload] = useState<StockUpload | null>(null);
  const start = (file: File) =>
    void begin({
      file,
      enter: (state) => setUpload({ name: file.name, state }),
      stockChanged: () => queries.invalidateQueries({ queryKey: ['inventory'] }),
    });
  return { upload, start, dismiss: () => setUpload(null) };
}

/** One upload, with what its steps need. */
interface Upload {
  file: File;
  enter: (state: StockUploadState) => void;
  stockChanged: () => Promise<void>;
}

async function begin(upload: Upload): Promise<void> {
  const beginning = await upload.file
    .slice(0, HEADER_BYTES)
    .text()
    .catch(() => null);
  const kind = beginning === null ? null : kindOf(beginning);
  if (kind) return preview(upload, kind);
  const why = beginning === null ? stockCsv.unreadable : stockCsv.noKind;
  upload.enter({ kind: 'wrong', why, errors: [], errorCount: 0 });
}

function preview(upload: Upload, kind: Kind): Promise<void> {
  upload.enter({ kind: 'checking' });
  const key = newKey();
  return settle(
    upload,
    () => send(upload.file, kind, 'dry_run'),
    (results) => ({
      kind: 'preview',
      of: kind,
      rows: results.length,
      effect: effectOf(results, LARGEST_LISTED),
      apply: () => void apply(upload, kind, key),
    }),
    () => void preview(upload, kind),
  );
}

async function apply(upload: Upload, kind: Kind, key: string): Promise<void> {
  upload.enter({ kind: 'sending' });
  await settle(
    upload,
    () => send(upload.file, kind, 'from', { 'idempotency-key': key }),
    (results) => {
      const items = reversed(results);
      const undo = items.length > 0 ? () => void takeBack(upload, items, newKey()) : null;
      return { kind: 'done', of: kind, rows: results.length, refused: results.filter(isRefused), undo };
    },
    () => void apply(upload, kind, key),
  );
  await upload.stockChanged();
}

async function takeBack(upload: Upload, items: Change[], key: string): Promise<void> {
  upload.enter({ kind: 'sending' });
  await settle(
    upload,
    () => adjustInParts(items, key),
    (results) => ({ kind: 'undone', rows: results.length, refused: results.filter(isRefused) }),
    () => void takeBack(upload, items, key),
  );
  await upload.stockChanged();
}

async function adjustInParts(items: Change[], key: string): Promise<StockResultResponse[]> {
  const results: StockResultResponse[] = [];
  for (let start = 0; start < items.length; start += PART_ITEMS) {
    const part = { items: items.slice(start, start + PART_ITEMS) };
    const headers = { 'idempotency-key': `${key}-${start}` };
    results.push(...(await sendJson<StockResultsResponse>(...REQUESTS.delta, part, headers)).results);
  }
  return results;
}

async function send(file: File, kind: Kind, query: string, headers: Record<string, string> = {}) {
  const [method, path] = REQUESTS[kind];
  const init = { method, headers: { 'content-type': 'text/csv', ...headers }, body: file };
  return (await request<StockResultsResponse>(`${path}?${query}=true`, init)).results;
}

/** Enters the state after a request: `done` with its results, or why there are none. */
async function settle(
  { enter }: Upload,
  ask: () => Promise<StockResultResponse[]>,
  done: (results: StockResultResponse[]) => StockUploadState,
  again: () => void,
): Promise<void> {
  try {
    enter(done(await ask()));
  } catch (error) {
    const why = unsureWhy(error);
    enter(why === null ? wrong(error as Problem) : { kind: 'unsure', why, again });
  }
}

function wrong({ message, document }: Problem): StockUploadState {
  const { errors, error_count } = document as { errors?: WrongLine[]; error_count?: number };
  return { kind: 'wrong', why: message, errors: errors ?? [], errorCount: error_count ?? 0 };
}
