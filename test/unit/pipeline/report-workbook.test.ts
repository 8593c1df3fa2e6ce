/** A report as a workbook: its cells as they are in the CSV, the wrong ones coloured, and their reasons. */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import type { Delimiter } from '../../../src/model/intake.ts';
import { csvLine } from '../../../src/model/spreadsheet-cell.ts';
import { openSheet } from '../../../src/pipeline/read/xlsx/sheet-csv.ts';
import { writtenAs } from '../../../src/pipeline/read/xlsx/written-as.ts';
import { ZipParts } from '../../../src/pipeline/read/xlsx/zip-parts.ts';
import { type ReportForm, reportHeader, reportLine } from '../../../src/pipeline/report.ts';
import { reportWorkbook } from '../../../src/pipeline/report-workbook/report-workbook.ts';
import { sourceOf } from '../../support/reading.ts';

const bounds = { ...limits, maxInflatedBytes: 2 ** 30 };
const form: ReportForm = { columns: ['order_id', 'quantity', 'note'], records: false };
const workbookOf = (csv: string) => buffer(reportWorkbook(Readable.from([Buffer.from(csv)]), 0));
const rejected = (row: number, values: string[], ...reasons: [column: string, reason: string][]) =>
  reportLine(
    { row, values, reasons: reasons.map(([column, reason]) => ({ column, code: 'invalid_quantity', reason })) },
    'f_1',
    form,
  );

async function csvOf(workbook: Buffer): Promise<string> {
  const csv = await openSheet(sourceOf(workbook), null, writtenAs(null), bounds);
  const text = (await buffer(csv.bytes)).toString();
  await csv.close();
  return text.slice(1);
}

async function partOf(workbook: Buffer, name: string): Promise<string> {
  const parts = await ZipParts.open(sourceOf(workbook), bounds, undefined);
  return (await buffer(parts.read(name))).toString();
}

test('has every cell of the CSV, whatever its delimiter and its characters', async () => {
  const char = fc.constantFrom(...'aé0=+-@\'" \t\n\r,;|&<>_x', '_x0041_', '\u0001', '\ufffe', '\uffff', '😀', '\ufeff');
  const text = fc.string({ unit: char, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<Delimiter>(',', ';', '\t', '|'),
      fc.boolean(),
      fc.array(fc.array(text, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
      async (delimiter, bom, rows) => {
        const own = { ...form, delimiter, bom };
        const line = (values: string[], i: number, as: ReportForm) =>
          reportLine({ row: i + 2, values, reasons: [{ column: '', code: 'column_count', reason: 'no' }] }, 'f', as);
        const csv = (as: ReportForm) => reportHeader(as) + rows.map((values, i) => line(values, i, as)).join('');
        expect(await csvOf(await workbookOf(csv(own)))).toBe(csv(form));
      },
    ),
  );
});

test('colours the wrong cells, and only those, and notes their reasons; one about the whole row is at its text', async () => {
  const csv = [
    reportHeader(form),
    rejected(2, ['A-1', '1e3', ''], ['quantity', 'quantity "1e3" is wrong']),
    rejected(3, ['', 'x | y', ''], ['order_id', 'order_id is empty'], ['quantity', 'quantity "x | y" is wrong']),
    rejected(4, ['A-3', '1', ''], ['', 'the row is a duplicate']),
    rejected(5, ['A-4', '1', ''], ['order_id, note', 'both are wrong']),
  ].join('');
  const workbook = await workbookOf(csv);
  const sheet = await partOf(workbook, 'xl/worksheets/sheet1.xml');
  const coloured = [...sheet.matchAll(/<c r="([A-Z]+\d+)" s="2"/g)].map(([, place]) => place);
  const notes = await partOf(workbook, 'xl/comments1.xml');
  const noted = [...notes.matchAll(/ref="(\w+)".*?<t xml[^>]*>(.*?)<\/t>/gs)].map(([, place, text]) => [place, text]);
  expect(coloured).toEqual(['B2', 'A3', 'B3', 'G4', 'A5', 'C5']);
  const both = 'order_id is empty | quantity &quot;x | y&quot; is wrong';
  expect(noted).toEqual([
    ['B2', 'quantity &quot;1e3&quot; is wrong'],
    ['A3', both],
    ['B3', both],
    ['G4', 'the row is a duplicate'],
    ['A5', 'both are wrong'],
    ['C5', 'both are wrong'],
  ]);
  const shapes = await partOf(workbook, 'xl/drawings/vmlDrawing1.vml');
  const places = [...shapes.matchAll(/<x:Row>(\d+)<\/x:Row><x:Column>(\d+)</g)].map(
    ([, row, column]) => `${row} ${column}`,
  );
  expect(places).toEqual(['1 1', '2 0', '2 1', '3 6', '4 0', '4 2']);
  expect(sheet).not.toContain('<f>');
});

test('has as many notes as a spreadsheet opens soon, and colours all', async () => {
  const rows = limits.maxReportNotes + 10;
  const lines = Array.from({ length: rows }, (_, i) => rejected(i + 2, ['A', 'x', ''], ['quantity', 'wrong']));
  const workbook = await workbookOf(reportHeader(form) + lines.join(''));
  expect((await partOf(workbook, 'xl/comments1.xml')).match(/<comment /g)!.length).toBe(limits.maxReportNotes);
  expect((await partOf(workbook, 'xl/worksheets/sheet1.xml')).match(/ s="2"/g)!.length).toBe(rows);
  expect(await partOf(workbook, 'xl/drawings/vmlDrawing1.vml')).toContain('data="1,2,3,4,5,6,7,8,9,10"');
});

test('cuts a text that is longer than a cell may be', async () => {
  const csv = csvLine(['order_id', '_row', '_column', '_code', '_reason', '_file', '_record']);
  const line = csvLine(['x'.repeat(40_000), '2', '', 'column_count', 'no', 'f', 'y'.repeat(40_000)]);
  const cells = (await csvOf(await workbookOf(csv + line))).split('\n')[1]!.split(',');
  expect([cells[0]!.length, cells[6]!.length, cells[0]!.at(-1)]).toEqual([32_767, 32_767, '…']);
});

test('ends with the error of the stored report, and ends its reading when it is not read to its end', async () => {
  async function* failing() {
    yield Buffer.from(reportHeader(form));
    throw new Error('the store is gone');
  }
  await expect(buffer(reportWorkbook(Readable.from(failing()), 0))).rejects.toThrow('the store is gone');
  const endless = Readable.from(
    (function* () {
      yield Buffer.from(reportHeader(form));
      for (let row = 2; ; row++) yield Buffer.from(rejected(row, ['A', String(Math.random()), ''], ['quantity', 'no']));
    })(),
  );
  const output = reportWorkbook(endless, 0);
  const closed = once(endless, 'close');
  for await (const _ of output) break;
  await closed;
});
