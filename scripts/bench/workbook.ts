/**
 * `node scripts/bench/workbook.ts orders.csv orders.xlsx`: a file of orders as a workbook, as spreadsheets write it: each text once, apart
 * from the rows, numbers as numbers. For the figures of reading workbooks.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { ZipFile } from 'yazl';
import { columnLetters } from '../../src/pipeline/report-workbook/notes.ts';
import { DECLARATION, SHEETS_NAMESPACE } from '../../src/pipeline/report-workbook/package-parts.ts';
import { xmlText } from '../../src/pipeline/report-workbook/xml-text.ts';

const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const DOCUMENT = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml';
const NUMBER = /^-?\d+(\.\d+)?$/;

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) throw new Error('usage: node scripts/bench/workbook.ts FILE.csv FILE.xlsx');
const texts = new Map<string, number>();
const numberOf = (text: string): number => texts.get(text) ?? texts.set(text, texts.size).get(text)!;
const zip = new ZipFile();
const part = (name: string, xml: string) => zip.addBuffer(Buffer.from(DECLARATION + xml), name);
const relations = (...all: [id: string, type: string, target: string][]) =>
  `<Relationships xmlns="${PACKAGE}/relationships">${all.map(([id, type, target]) => `<Relationship Id="${id}" Type="${DOCUMENT}/${type}" Target="${target}"/>`).join('')}</Relationships>`;
part(
  '[Content_Types].xml',
  `<Types xmlns="${PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" ContentType="${TYPE}"/></Types>`,
);
part('_rels/.rels', relations(['rId1', 'officeDocument', 'xl/workbook.xml']));
part(
  'xl/workbook.xml',
  `<workbook xmlns="${SHEETS_NAMESPACE}" xmlns:r="${DOCUMENT}"><sheets><sheet name="Orders" sheetId="1" r:id="rId1"/></sheets></workbook>`,
);
part(
  'xl/_rels/workbook.xml.rels',
  relations(['rId1', 'worksheet', 'worksheets/sheet1.xml'], ['rId2', 'sharedStrings', 'sharedStrings.xml']),
);

async function* sheet(path: string): AsyncGenerator<string> {
  yield `${DECLARATION}<worksheet xmlns="${SHEETS_NAMESPACE}"><sheetData>`;
  let row = 0;
  for await (const cells of createReadStream(path).pipe(parse()) as AsyncIterable<string[]>) {
    row++;
    const xml = cells.map((text, column) => {
      const place = `${columnLetters(column)}${row}`;
      return NUMBER.test(text)
        ? `<c r="${place}"><v>${text}</v></c>`
        : `<c r="${place}" t="s"><v>${numberOf(text)}</v></c>`;
    });
    yield `<row r="${row}">${xml.join('')}</row>`;
  }
  yield '</sheetData></worksheet>';
}

function* sharedTexts(): Generator<string> {
  yield `${DECLARATION}<sst xmlns="${SHEETS_NAMESPACE}">`;
  for (const text of texts.keys()) yield `<si><t xml:space="preserve">${xmlText(text)}</t></si>`;
  yield '</sst>';
}

zip.addReadStream(Readable.from(sheet(from), { objectMode: false }), 'xl/worksheets/sheet1.xml');
zip.addReadStreamLazy('xl/sharedStrings.xml', (take) =>
  take(null, Readable.from(sharedTexts(), { objectMode: false })),
);
zip.end();
await pipeline(zip.outputStream, createWriteStream(to));
