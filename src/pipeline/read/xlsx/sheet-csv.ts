/**
 * A sheet of a workbook (.xlsx) as CSV: UTF-8 with a byte order mark, commas, a record for each row. From there on the file is read like any
 * other, with offsets of that; to resume, it is converted from its start again. The same bytes, read in the same form, become the same CSV.
 */
import { limits } from '../../../limits.ts';
import type { ByteSource } from '../byte-source.ts';
import type { InflateBounds } from '../gunzip.ts';
import { SheetRows, sheetText } from './sheet-rows.ts';
import { SheetTexts } from './sheet-texts.ts';
import { findSheet, readWorkbook, type Workbook } from './workbook.ts';
import type { WrittenAs } from './written-as.ts';
import { takeXml, type XmlTaker } from './xml.ts';
import { ZipParts } from './zip-parts.ts';

export interface SheetCsv {
  /** The name of the sheet. */
  name: string;
  /** The names of all sheets of the workbook. */
  names: string[];
  bytes: AsyncGenerator<Buffer>;
  /** Stored bytes that were read so far. */
  bytesRead(): number;
  close(): Promise<void>;
}

const BOM = Buffer.from('\ufeff');

/** `name`: null for the first sheet. Here and in `bytes`: throws the failures of workbooks, and errors of the source unchanged. */
export async function openSheet(
  source: ByteSource,
  name: string | null,
  written: WrittenAs,
  bounds: InflateBounds,
  signal?: AbortSignal,
): Promise<SheetCsv> {
  const parts = await ZipParts.open(source, bounds, signal);
  const texts = new SheetTexts();
  try {
    const workbook = await readWorkbook(parts);
    const sheet = findSheet(workbook, name);
    return {
      name: sheet.name,
      names: workbook.sheets.map((one) => one.name),
      bytes: convert(parts, workbook, sheet.part, texts, written),
      bytesRead: () => Math.min(parts.bytesRead, source.sizeBytes),
      async close() {
        parts.close();
        await texts.close();
      },
    };
  } catch (error) {
    parts.close();
    throw error;
  }
}

async function* convert(
  parts: ZipParts,
  workbook: Workbook,
  sheet: string,
  texts: SheetTexts,
  written: WrittenAs,
): AsyncGenerator<Buffer> {
  if (workbook.texts !== null && parts.names.includes(workbook.texts)) await readTexts(parts, workbook.texts, texts);
  yield BOM;
  const rows = new SheetRows(workbook, texts, { is1904: workbook.is1904, written });
  for await (const _ of takeXml(parts.read(sheet), sheet, rows)) {
    const bytes = rows.take();
    if (bytes.length > 0) yield bytes;
  }
}

/** Each text is written as a cell of the CSV once. */
async function readTexts(parts: ZipParts, part: string, texts: SheetTexts): Promise<void> {
  let text = '';
  let isText = false;
  let isPhonetic = false;
  const taker: XmlTaker = {
    open(name) {
      if (name === 'si') text = '';
      else if (name === 't') isText = !isPhonetic;
      else if (name === 'rPh') isPhonetic = true;
    },
    text(words) {
      if (isText && text.length < limits.maxRecordBytes) text += words;
    },
    close(name) {
      if (name === 'si') texts.add(sheetText(text));
      else if (name === 't') isText = false;
      else if (name === 'rPh') isPhonetic = false;
    },
  };
  for await (const _ of takeXml(parts.read(part), part, taker)) await texts.settle();
}
