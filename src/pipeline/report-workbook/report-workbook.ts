/**
 * A report as a workbook (.xlsx): the cells of its CSV, all as texts, the wrong ones coloured, with the reason as a note. Nothing in it is a
 * formula, and it can be uploaded as it is. It is made as it is sent, from the stored CSV, and so has what that has.
 */
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { limits } from '../../limits.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import { type Note, noteShapesXml, notesXml, placeOf } from './notes.ts';
import {
  DECLARATION,
  NOTE_SHAPES_ID,
  NOTE_SHAPES_PART,
  NOTES_PART,
  PACKAGE_PARTS,
  RELATIONS_NAMESPACE,
  SHEET_PART,
  SHEETS_NAMESPACE,
  STYLE,
} from './package-parts.ts';
import { type ReportRow, reportRows } from './report-rows.ts';
import { xmlText } from './xml-text.ts';

/** `csv`: the stored report; `createdAtMs`: its time. The stream ends with its errors; destroy it to end it early. */
export function reportWorkbook(csv: Readable, createdAtMs: number): Readable {
  const zip = new ZipFile();
  const options = { mtime: new Date(createdAtMs), forceDosTimestamp: true };
  const output = zip.outputStream as Readable;
  const notes: Note[] = [];
  for (const [name, xml] of PACKAGE_PARTS) zip.addBuffer(Buffer.from(xml), name, options);
  const addPart = (name: string, pieces: () => AsyncIterable<string> | Iterable<string>) =>
    zip.addReadStreamLazy(name, options, (take) => {
      const part = Readable.from(inBlocks(pieces()), { objectMode: false });
      part.once('error', (error) => output.destroy(error));
      output.once('close', () => part.destroy());
      take(null, part);
    });
  addPart(SHEET_PART, () => sheetXml(csv, notes));
  addPart(NOTES_PART, () => notesXml(notes));
  addPart(NOTE_SHAPES_PART, () => noteShapesXml(notes));
  zip.on('error', (error) => output.destroy(error as Error));
  output.once('close', () => csv.destroy());
  zip.end();
  return output;
}

/** Collects the notes on the way. */
async function* sheetXml(csv: Readable, notes: Note[]): AsyncGenerator<string> {
  yield `${DECLARATION}<worksheet xmlns="${SHEETS_NAMESPACE}" xmlns:r="${RELATIONS_NAMESPACE}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`;
  let index = 0;
  for await (const row of reportRows(csv)) {
    yield rowXml(row, index);
    for (const [column, text] of row.wrong)
      if (notes.length < limits.maxReportNotes) notes.push({ row: index, column, text });
    index++;
  }
  yield `</sheetData><legacyDrawing r:id="${NOTE_SHAPES_ID}"/></worksheet>`;
}

function rowXml({ cells, wrong }: ReportRow, row: number): string {
  const xml = cells.map((text, column) => {
    const style = row === 0 ? STYLE.header : wrong.has(column) ? STYLE.wrong : STYLE.text;
    const place = placeOf(row, column);
    return text === ''
      ? `<c r="${place}" s="${style}"/>`
      : `<c r="${place}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${xmlText(text)}</t></is></c>`;
  });
  return `<row r="${row + 1}">${xml.join('')}</row>`;
}

/** In blocks that take some ms to make, each in its turn. */
async function* inBlocks(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<Buffer> {
  let block = '';
  for await (const piece of pieces) {
    block += piece;
    if (block.length < limits.readBlockBytes) continue;
    yield Buffer.from(block);
    await sliceTurn();
    block = '';
  }
  yield Buffer.from(block);
}
