/** What the cells of a sheet become: those of Excel, LibreOffice, Google Sheets, and of programs that leave out what they may. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/limits.ts';
import { formatSchema } from '../../../../src/model/format.ts';
import { OMS } from '../../../../src/model/presets/oms.ts';
import { csvLine } from '../../../../src/model/spreadsheet-cell.ts';
import { openSheet } from '../../../../src/pipeline/read/xlsx/sheet-csv.ts';
import { writtenAs } from '../../../../src/pipeline/read/xlsx/written-as.ts';
import { HEADER, readBytes, resumeAfter, sourceOf } from '../../../support/reading.ts';
import { OF_SHEETS, partsOf, rowsOf, sheetOf, type WorkbookOf, workbookOf } from '../../../support/workbook.ts';
import { zipOf } from '../../../support/zip.ts';

const bounds = { ...limits, maxInflatedBytes: 2 ** 30 };

async function csvOf(bytes: Buffer, sheet: string | null = null, written = writtenAs(null)): Promise<string> {
  const csv = await openSheet(sourceOf(bytes, [997]), sheet, written, bounds);
  const pieces: Buffer[] = [];
  for await (const piece of csv.bytes) pieces.push(piece);
  await csv.close();
  const all = Buffer.concat(pieces);
  expect(all.subarray(0, 3)).toEqual(Buffer.from('\ufeff'));
  const text = all.subarray(3).toString('latin1').replaceAll('\xff', '<no text>');
  return Buffer.from(text, 'latin1').toString();
}

const xmlOf = (rows: string, others: WorkbookOf = {}) => workbookOf({ ...others, sheets: [{ name: 'Orders', rows }] });
/** The text of a cell that is alone in its sheet. */
const textOf = async (cell: string, others: WorkbookOf = {}, written = writtenAs(null)) =>
  (await csvOf(xmlOf(`<row>${cell}</row>`, others), null, written)).slice(0, -1);

describe('the rows of a sheet', () => {
  it('are records with their numbers, blank ones where there is none, and all as wide as the widest before', async () => {
    const rows =
      '<row r="2"><c r="B2"><v>1</v></c></row><row r="5" hidden="1"><c r="A5"><v>2</v></c><c r="C5" s="0"/></row><row r="9"><c r="D9"/></row>';
    expect(await csvOf(xmlOf(rows))).toBe('\n,1\n\n\n2,\n');
  });

  it('are counted where they, and their cells, have no number', async () => {
    const rows = '<row><c><v>1</v></c><c><v>2</v></c></row><row><c/><c><v>3</v></c></row>';
    expect(await csvOf(xmlOf(rows))).toBe('1,2\n,3\n');
  });

  it('have their merged cells at the first of them', async () => {
    const rows = `${rowsOf([
      ['A', 'x'],
      [null, 'y'],
    ])}</sheetData><mergeCells><mergeCell ref="A1:A2"/></mergeCells><sheetData>`;
    expect(await csvOf(xmlOf(rows))).toBe('A,x\n,y\n');
  });

  it('are read with any prefix, in UTF-16, and in the strict form', async () => {
    const x = `<?xml version="1.0"?><x:worksheet xmlns:x="${OF_SHEETS}"><x:sheetData><x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>ä</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>`;
    const name = 'xl/worksheets/sheet1.xml';
    const sheets = [{ name: 'S', rows: '' }];
    expect(await csvOf(workbookOf({ sheets, parts: [{ name, bytes: x }] }))).toBe('ä\n');
    const utf16 = Buffer.from(`\ufeff${x}`, 'utf16le');
    expect(await csvOf(workbookOf({ sheets, parts: [{ name, bytes: utf16 }] }))).toBe('ä\n');
    const strict = partsOf({ sheets, parts: [{ name, bytes: x }] }).map((part) => ({
      ...part,
      bytes: part.bytes
        .toString()
        .replaceAll(
          'http://schemas.openxmlformats.org/officeDocument/2006',
          'http://purl.oclc.org/ooxml/officeDocument',
        )
        .replaceAll(OF_SHEETS, 'http://purl.oclc.org/ooxml/spreadsheetml/main'),
    }));
    expect(await csvOf(zipOf(strict))).toBe('ä\n');
  });

  it('are of the sheet with the name, or of the first one that is not hidden', async () => {
    const sheets = ['Lists', 'Orders', 'März & April'].map((name, i) => ({
      name,
      rows: rowsOf([[`of ${name}`]]),
      ...(i === 0 && { state: 'hidden' as const }),
    }));
    const bytes = workbookOf({ sheets });
    expect(await csvOf(bytes)).toBe('of Orders\n');
    expect(await csvOf(bytes, 'Lists')).toBe('of Lists\n');
    expect(await csvOf(bytes, ' märz & april')).toBe('of März & April\n');
    await expect(csvOf(bytes, 'Mai')).rejects.toMatchObject({
      code: 'unknown_sheet',
      message: expect.stringContaining('it has "Lists", "Orders", "März & April"'),
    });
  });
});

describe('the text of a cell', () => {
  it.each([
    ['<c t="inlineStr"><is><t>007</t></is></c>', '007'],
    ['<c t="inlineStr"><is><t>a, "b"</t></is></c>', '"a, ""b"""'],
    [
      '<c t="inlineStr"><is><r><t>Rich</t></r><r><rPr><b/></rPr><t xml:space="preserve"> text</t></r><rPh sb="0" eb="1"><t>left out</t></rPh></is></c>',
      'Rich text',
    ],
    ['<c t="inlineStr"><is><t>two_x000D_\nlines</t></is></c>', '"two\r\nlines"'],
    ['<c t="inlineStr"><is><t><![CDATA[<a&b>]]></t></is></c>', '<a&b>'],
    ['<c t="str"><f>A1&amp;"x"</f><v>of a formula</v></c>', 'of a formula'],
    ['<c t="s"><v>1</v></c>', 'Straße 東京'],
    ['<c t="s"><v>0</v></c>', '00042'],
    ['<c t="b"><v>1</v></c>', 'TRUE'],
    ['<c t="b"><v>0</v></c>', 'FALSE'],
    ['<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', '#DIV/0!<no text>'],
    ['<c><v>19.99</v></c>', '19.99'],
    ['<c><v>19.989999999999998</v></c>', '19.99'],
    ['<c><v>0.30000000000000004</v></c>', '0.3'],
    ['<c><v>100.0</v></c>', '100'],
    ['<c t="n"><f>A1</f><v>1E5</v></c>', '100000'],
    ['<c><v>1.2345E-3</v></c>', '0.0012345'],
    ['<c><v>-2.50</v></c>', '-2.5'],
    ['<c><v>-0</v></c>', '0'],
    ['<c><v>4006381333931</v></c>', '4006381333931'],
    ['<c><v>12345678901234567890</v></c>', '12345678901234567890'],
    ['<c><v>none</v></c>', 'none'],
    ['<c t="d"><v>2026-11-20T00:00:00</v></c>', '2026-11-20'],
    ['<c t="d"><v>2026-11-20T14:03:05.250</v></c>', '2026-11-20T14:03:05.250'],
  ])('%s is %s', async (xml, text) => {
    const texts = '<si><t>00042</t></si><si><r><t>Straße</t></r><r><t xml:space="preserve"> 東京</t></r></si>';
    expect(await textOf(xml, { texts })).toBe(text);
  });

  it.each([
    ['dd.mm.yyyy', 46346, '2026-11-20'],
    ['dd.mm.yyyy', 46346.99, '2026-11-20'],
    ['yyyy-mm-dd hh:mm', 46346.585_416_666_7, '2026-11-20T14:03:00'],
    ['m/d/yy h:mm AM/PM', 46346, '2026-11-20'],
    ['yyyy-mm-dd hh:mm:ss.000', 46346.585_477_430_56, '2026-11-20T14:03:05.250'],
    ['[$-407]d. mmmm yyyy;@', 46346, '2026-11-20'],
    ['hh:mm', 0.5, '12:00:00'],
    ['mmm', 46346, '2026-11-20'],
    [14, 46346, '2026-11-20'],
    [22, 46346.25, '2026-11-20T06:00:00'],
    ['dd/mm/yyyy', 1, '1900-01-01'],
    ['dd/mm/yyyy', 59, '1900-02-28'],
    ['dd/mm/yyyy', 60, '1900-02-29'],
    ['dd/mm/yyyy', 61, '1900-03-01'],
    ['dd/mm/yyyy', 2_958_465, '9999-12-31'],
    ['dd/mm/yyyy', 2_958_466, '2958466'],
    ['dd/mm/yyyy', -1, '-1'],
    ['[h]:mm', 1.5, '1.5'],
    ['0.00 "days"', 1.5, '1.5'],
    ['[Red]#,##0.00\\ [$EUR-1]', 1234.5, '1234.5'],
    ['0.00E+00', 1.5, '1.5'],
    ['General', 1.5, '1.5'],
    [2, 1.5, '1.5'],
  ])('with the number format %s, %s is %s', async (format, number, text) => {
    expect(await textOf(`<c s="1"><v>${number}</v></c>`, { formats: [format] })).toBe(text);
  });

  it('is a date of the calendar from 1904 where the workbook says so', async () => {
    expect(await textOf('<c s="1"><v>44884</v></c>', { formats: [14], is1904: true })).toBe('2026-11-20');
    expect(await textOf('<c s="1"><v>0</v></c>', { formats: [14], is1904: true })).toBe('1904-01-01');
  });

  it('has numbers and dates as the format of the file reads them', async () => {
    const german = formatSchema.parse({
      ...OMS,
      name: 'german',
      numbers: { decimal: ',', group: '.' },
      dates: ['dd.MM.yyyy', 'd.M.yy h:mm a'],
    });
    const formats = ['dd.mm.yyyy', 'dd.mm.yyyy hh:mm', 'dd.mm.yyyy hh:mm:ss'];
    const written = writtenAs(german);
    const read = (cell: string) => textOf(cell, { formats }, written);
    expect(await read('<c><v>1.234</v></c>')).toBe('"1,234"');
    expect(await read('<c t="inlineStr"><is><t>1.234,50</t></is></c>')).toBe('"1.234,50"');
    expect(await read('<c s="1"><v>46346</v></c>')).toBe('20.11.2026');
    expect(await read('<c s="2"><v>46346.585416666667</v></c>')).toBe('20.11.26 2:03 PM');
    expect(await read('<c s="3"><v>46346.585474537038</v></c>')).toBe('2026-11-20T14:03:05');
  });
});

it('a workbook with more texts than memory should hold is read through a temporary file', async () => {
  const count = 400_000;
  const text = (i: number) => `${i}${'x'.repeat(i % 100)}`;
  const texts = Array.from({ length: count }, (_, i) => `<si><t>${text(i)}</t></si>`).join('');
  const rows = [0, 1, 1310, 200_000, 399_999, 5].map((i) => `<row><c t="s"><v>${i}</v></c></row>`).join('');
  const csv = await csvOf(xmlOf(rows, { texts }));
  expect(csv).toBe(`${[0, 1, 1310, 200_000, 399_999, 5].map(text).join('\n')}\n`);
});

it('is the same CSV however its bytes come, and goes on at the end of each chunk, in the form of its format', async () => {
  const german = formatSchema.parse({ ...OMS, name: 'german', numbers: { decimal: ',' }, dates: ['dd.MM.yyyy'] });
  const order = (i: number) => [
    `Ä-${i}`,
    'a',
    'b',
    'c',
    'd',
    'e',
    i,
    1.5,
    { xml: '<c s="1"><v>46346</v></c>' },
    'f',
    'g',
  ];
  const rows = [HEADER.split(','), ...Array.from({ length: 9 }, (_, i) => (i === 4 ? [] : order(i)))];
  const bytes = sheetOf(rows, { formats: [14] });
  const bounds = { firstChunkRows: 2, maxChunkRows: 3, readBlockBytes: 64 };
  for (const options of [{ format: german }, {}]) {
    const whole = await readBytes(bytes, { bounds, ...options });
    expect(whole.rows.map(({ row, cells }) => [row, cells[0], cells[7], cells[8]])).toEqual(
      [2, 3, 4, 5, 7, 8, 9, 10].map((row) =>
        'format' in options ? [row, `Ä-${row - 2}`, '1,5', '20.11.2026'] : [row, `Ä-${row - 2}`, '1.5', '2026-11-20'],
      ),
    );
    expect(whole.chunks.length).toBeGreaterThan(2);
    let before = 0;
    for (const chunk of whole.chunks.filter(({ last }) => !last)) {
      before += chunk.rows.length;
      const again = await readBytes(bytes, { bounds, resume: resumeAfter(whole, chunk), pieceSizes: [1, 7, 999] });
      expect(again.rows).toEqual(whole.rows.slice(before));
      expect(chunk.bytesRead).toBeLessThanOrEqual(bytes.length);
    }
  }
});

it('of texts has the rows of the CSV file with the same texts', async () => {
  const char = fc.constantFrom(...'aé0=\'" \t\n,;|&<_', '_x0041_', '😀', '\ufeff');
  const text = fc.string({ unit: char, maxLength: 8 });
  const row = fc.array(text, { minLength: 11, maxLength: 11 });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), async (rows) => {
      const all = [HEADER.split(','), ...rows];
      const asText = await readBytes(`\ufeff${all.map((cells) => csvLine(cells)).join('')}`);
      const escaped = all.map((cells) => cells.map((cell) => cell.replaceAll(/_(?=x[0-9a-f]{4}_)/gi, '_x005F_')));
      const asSheet = await readBytes(sheetOf(escaped));
      const cellsOf = ({ rows: read }: typeof asText) => read.map((each) => [each.row, ...each.cells]);
      expect(cellsOf(asSheet)).toEqual(cellsOf(asText));
      expect(asSheet.failure?.code).toBe(asText.failure?.code);
    }),
  );
});
