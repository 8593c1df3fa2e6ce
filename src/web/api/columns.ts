/** What is known of the columns of a file before it is uploaded: its first line is read here, and what it does not tell is asked. */
import type { PreviewResponse } from '../../http/preview-response.ts';
import { ORDER_COLUMNS } from '../../model/columns.ts';
import type { Draft } from '../formats/draft.ts';
import { uploads } from '../texts/uploads.ts';
import { Problem, request, Unreachable, withQuery } from './client.ts';

/** What a preview looks at; of a workbook all, as its directory is at its end. */
const FIRST_BYTES = 1024 * 1024;
const WORKBOOK_BYTES = 4 * FIRST_BYTES;
const FIRST_LINE_BYTES = 64 * 1024;
/** A report is read as the file that it is about. */
const REPORT_COLUMNS = ['_row', '_file'];

/** The first bytes of a file, as previews get them. They stay in the file until they are asked about. */
export interface Sample {
  bytes: Blob;
  isPart: boolean;
}

/** Rejects when the browser cannot read the file. */
export async function sampleOf(file: File): Promise<Sample> {
  const mark = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const most = isArchive(mark) && file.size <= WORKBOOK_BYTES ? WORKBOOK_BYTES : FIRST_BYTES;
  return { bytes: file.slice(0, most), isPart: file.size > most };
}

/** A workbook is a ZIP archive. */
const isArchive = ([first, second]: Uint8Array): boolean => first === 0x50 && second === 0x4b;

/** How the file would be read, by the draft if there is one. Rejects as `request`, and when the file was changed, moved or deleted. */
export async function askPreview({ bytes, isPart }: Sample, draft: Draft | null, signal?: AbortSignal) {
  const content = await bytes.arrayBuffer().catch((cause) => {
    throw new Error(uploads.unreadable, { cause });
  });
  const body = new FormData();
  if (draft) body.append('format', JSON.stringify(draft));
  body.append('file', new Blob([content]), 'sample.csv');
  const init = { method: 'POST', body, ...(signal && { signal }) };
  return request<PreviewResponse>(withQuery('/preview', { part: isPart ? 'true' : null }), init);
}

export interface Unfamiliar {
  sample: Sample;
  preview: PreviewResponse;
}

/**
 * Null: the service reads the file unasked, or says itself why it cannot. `onAsk` is called before the service is asked, which a file with
 * a standard header does not need. Rejects with `Unreachable`, an abort, or a `Problem` that passes.
 */
export async function findUnfamiliar(file: File, signal: AbortSignal, onAsk: () => void): Promise<Unfamiliar | null> {
  const sample = await sampleOf(file).catch(() => null);
  // What the browser cannot read is told by the upload.
  if (!sample || (await isReadUnasked(sample).catch(() => true))) return null;
  onAsk();
  try {
    const preview = await askPreview(sample, null, signal);
    const names = preview.columns.map(({ name }) => name);
    const isKnown = preview.fit === 'standard' || preview.fit === 'saved' || hasAll(names, REPORT_COLUMNS);
    return isKnown ? null : { sample, preview };
  } catch (error) {
    const passes =
      error instanceof Problem ? error.status >= 500 || error.status === 429 : error instanceof Unreachable;
    if (passes || signal.aborted) throw error;
    return null;
  }
}

/** Whether its first line names the columns of an order, or those of a report; or it is empty, or too large a workbook for a preview. */
async function isReadUnasked({ bytes, isPart }: Sample): Promise<boolean> {
  const first = new Uint8Array(await bytes.slice(0, FIRST_LINE_BYTES).arrayBuffer());
  if (first.length === 0 || (isArchive(first) && isPart)) return true;
  const [line = ''] = new TextDecoder(encodingByMark(first)).decode(first).split(/[\r\n]/, 1);
  const names = line.split(/[,;\t|]/).map((name) => name.replaceAll('"', ''));
  return hasAll(names, ORDER_COLUMNS) || hasAll(names, REPORT_COLUMNS);
}

function hasAll(header: readonly string[], columns: readonly string[]): boolean {
  const names = new Set(header.map((name) => name.trim().toLowerCase()));
  return columns.every((column) => names.has(column));
}

function encodingByMark([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
