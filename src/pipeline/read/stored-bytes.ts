/**
 * The first step of reading a file: the stored object as a stream of CSV bytes, inflated when it is gzip, converted when it is a workbook,
 * from any offset of the inflated or converted bytes. The caller that opens it must close it, which ends every stream below.
 */
import type { OmsError } from '../../errors.ts';
import { fileFailure } from '../../model/file-failure.ts';
import type { Intake } from '../../model/intake.ts';
import { ByteReader } from './byte-reader.ts';
import { type ByteSource, readRange } from './byte-source.ts';
import { type InflateBounds, inflate, isGzipMagic } from './gunzip.ts';
import { isWorkbook, SNIFFED_BYTES } from './sniff-binary.ts';
import { openSheet } from './xlsx/sheet-csv.ts';
import type { WrittenAs } from './xlsx/written-as.ts';

export interface StoredBytes {
  gzip: boolean;
  /** The sheet that was converted; null where the file is no workbook. */
  sheet: string | null;
  bytes: ByteReader;
  /** Stored bytes that were taken from the source, or unpacked, or skipped. */
  bytesRead(): number;
  close(): Promise<void>;
}

/** How a workbook is converted. */
export interface AskedSheet {
  /** Null: the first one. */
  sheet: string | null;
  written: WrittenAs;
}

/** `known`: how it is read; null when that has to be detected from the first bytes. Throws `unknown_sheet` where there is none. */
export async function openStored(
  source: ByteSource,
  offset: number,
  known: Pick<Intake, 'gzip' | 'sheet'> | null,
  asked: AskedSheet,
  bounds: InflateBounds,
  signal: AbortSignal | undefined,
): Promise<StoredBytes> {
  signal?.throwIfAborted();
  if (known?.sheet !== undefined) return openWorkbook(source, offset, { ...asked, sheet: known.sheet }, bounds, signal);
  const from = known?.gzip === true ? 0 : offset;
  const range = readRange(source, from, source.sizeBytes - from, signal);
  let bytesRead = Math.min(from, source.sizeBytes);
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of range) {
      bytesRead += piece.length;
      yield piece;
    }
  }

  const stored = new ByteReader(counted());
  // A few bytes of gzip may hold millions of rows: only unpacked bytes show progress.
  const unpacked = { bytes: 0 };
  let inflated: ByteReader | undefined;
  const close = async () => {
    // First the stream: a generator that waits for it can only be closed once it has ended.
    range.destroy();
    await inflated?.close();
    await stored.close();
  };
  try {
    const first = known === null ? await stored.peek(SNIFFED_BYTES) : Buffer.alloc(0);
    if (isWorkbook(first)) {
      await close();
      return await openWorkbook(source, offset, asked, bounds, signal);
    }
    if (asked.sheet !== null && known === null) throw noWorkbook(asked.sheet);
    const isGzip = known?.gzip ?? isGzipMagic(first);
    if (isGzip) {
      inflated = new ByteReader(inflate(stored, bounds, unpacked));
      await inflated.skip(offset);
    }
    const read = () => (isGzip ? unpacked.bytes : bytesRead);
    return { gzip: isGzip, sheet: null, bytes: inflated ?? stored, bytesRead: read, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openWorkbook(
  source: ByteSource,
  offset: number,
  { sheet, written }: AskedSheet,
  bounds: InflateBounds,
  signal: AbortSignal | undefined,
): Promise<StoredBytes> {
  const csv = await openSheet(source, sheet, written, bounds, signal);
  const bytes = new ByteReader(csv.bytes);
  const close = async () => {
    await csv.close();
    await bytes.close();
  };
  try {
    await bytes.skip(offset);
    return { gzip: false, sheet: csv.name, bytes, bytesRead: csv.bytesRead, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const noWorkbook = (sheet: string): OmsError =>
  fileFailure(
    'unknown_sheet',
    `The file is no workbook (.xlsx), so it has no sheet ${JSON.stringify(sheet)}: upload it without ?sheet=.`,
  );
