/** Files that are no workbook, damaged ones, and those that are made to do harm: each fails with a reason, at once. */
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFileFailure } from '../../../../src/model/file-failure.ts';
import { HEADER, readBytes } from '../../../support/reading.ts';
import { OF_SHEETS, partsOf, rowsOf, sheetOf, type WorkbookOf, workbookOf } from '../../../support/workbook.ts';
import { zipOf } from '../../../support/zip.ts';

const failureOf = async (bytes: Buffer, options = {}) => {
  const { failure } = await readBytes(bytes, options);
  return failure === null ? null : `${failure.code}: ${failure.message}`;
};

const HEADER_ROW = rowsOf([HEADER.split(',')]);
const sheets = [{ name: 'Orders', rows: HEADER_ROW }];
const withSheet = (rows: string, others: WorkbookOf = {}) =>
  workbookOf({ ...others, sheets: [{ name: 'Orders', rows: HEADER_ROW + rows }] });
const withPart = (name: string, bytes: string | Buffer, declared = {}) =>
  workbookOf({ sheets, parts: [{ name, bytes, declared }] });
const SHEET = 'xl/worksheets/sheet1.xml';

describe('what is refused as no workbook', () => {
  it.each([
    ['with macros', withPart('xl/vbaProject.bin', 'x'), 'not_csv: The file is an Excel workbook with macros (.xlsm)'],
    [
      'whose type has macros',
      workbookOf({ sheets, mainType: 'application/vnd.ms-excel.sheet.macroEnabled.main+xml' }),
      'not_csv: The file is an Excel workbook with macros (.xlsm)',
    ],
    [
      'with macro sheets',
      withPart('xl/macrosheets/sheet1.xml', '<x/>'),
      'not_csv: The file is an Excel workbook with macros',
    ],
    ['binary', withPart('xl/workbook.bin', 'x'), 'not_csv: The file is a binary Excel workbook (.xlsb)'],
    [
      'a Word document',
      workbookOf({ mainType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml' }),
      'not_csv: The file is an Office document, and no workbook',
    ],
    ['a ZIP archive', zipOf([{ name: 'orders.csv', bytes: HEADER }]), 'not_csv: The file is a ZIP archive'],
    [
      'a ZIP archive with such a folder',
      zipOf([{ name: 'xl/orders.csv', bytes: HEADER }]),
      'not_csv: The file is a ZIP archive, and no',
    ],
    [
      'of LibreOffice',
      zipOf([
        {
          name: 'mimetype',
          bytes: '',
          declared: { compressed: Buffer.from('application/vnd.oasis.opendocument.spreadsheet') },
        },
      ]),
      'not_csv: The file is an OpenDocument file',
    ],
    ['inside gzip', gzipSync(sheetOf([['a']])), 'not_csv: The file is a workbook inside a gzip file'],
    [
      'old, or with a password',
      Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      'not_csv: The file is an old Excel workbook (.xls), one with a password',
    ],
    ['without a sheet', workbookOf({}), 'not_csv: The workbook has no sheet with cells'],
  ])('%s', async (_, bytes, words) => {
    expect(await failureOf(bytes)).toContain(words);
  });

  it('with an empty sheet: empty_file', async () => {
    expect(await failureOf(sheetOf([]))).toContain('empty_file');
    expect(await failureOf(workbookOf({ sheets }))).toContain('empty_file');
  });

  it('text, where a sheet is asked for: unknown_sheet', async () => {
    expect(await failureOf(Buffer.from(`${HEADER}\n`), { sheet: 'Orders' })).toContain(
      'unknown_sheet: The file is no workbook',
    );
  });
});

describe('a damaged workbook fails as corrupt_workbook', () => {
  it('cut anywhere', async () => {
    const bytes = withSheet(rowsOf([['x']]).replace('r="1"', 'r="2"'));
    for (let at = 60; at < bytes.length; at += 97)
      expect(await failureOf(bytes.subarray(0, at))).toMatch(/^corrupt_workbook: /);
  });

  it.each([
    ['another check', withPart(SHEET, '<worksheet/>', { crc: 1 }), 'check of its part'],
    ['damaged bytes', withPart(SHEET, '<worksheet/>', { compressed: Buffer.from('no deflate') }), ''],
    ['an encrypted part', withPart(SHEET, '<worksheet/>', { flags: 1 }), ''],
    ['a part twice', zipOf([...partsOf({ sheets }), { name: SHEET, bytes: '' }]), 'twice'],
    ['a part behind the end of the file', withPart(SHEET, '', { offset: 1e6 }), 'behind its end'],
    ['an absolute path', withPart('/etc/passwd', ''), 'absolute path'],
    ['a path to above', withPart('xl/../../a', ''), 'relative path'],
    ['no such sheet', zipOf(partsOf({ sheets }).filter(({ name }) => name !== SHEET)), 'it has no part'],
    ['no workbook', zipOf(partsOf({ sheets }).filter(({ name }) => name !== '_rels/.rels')), '_rels/.rels'],
    ['no text in UTF-8', withPart(SHEET, Buffer.from('<worksheet>\xff</worksheet>', 'latin1')), 'not text in UTF-8'],
    ['XML that is not closed', withPart(SHEET, '<worksheet><sheetData>'), 'unclosed tag'],
    ['XML that is cut in a tag', withPart(SHEET, '<worksheet><sheetData><row r="'), ''],
    ['rows that go back', withSheet('<row r="3"/><row r="2"/>'), 'behind row 3'],
    ['a row in a row', withSheet('<row r="2"><row r="3"/></row>'), 'in one another'],
    ['a row too far down', withSheet('<row r="1048577"/>'), 'behind row 1'],
    ['a cell without a place', withSheet('<row r="2"><c r="12"><v>1</v></c></row>'), 'the place "12"'],
    [
      'a text that is not there',
      withSheet('<row r="2"><c r="A2" t="s"><v>7</v></c></row>'),
      'a text that is not there',
    ],
  ])('%s', async (_, bytes, words) => {
    const failure = await failureOf(bytes);
    expect(failure).toMatch(/^corrupt_workbook: The workbook is damaged or cut short/);
    expect(failure).toContain(words);
  });
});

describe('a workbook that is made to do harm', () => {
  it('fails before a part that grows too much is unpacked', async () => {
    const bomb = deflateRawSync(Buffer.alloc(70 * 1024 * 1024, ' '));
    const declared = { compressed: bomb, size: 70 * 1024 * 1024 };
    expect(await failureOf(withPart(SHEET, '', declared))).toContain(
      'too_large: The workbook grows more than 250 times',
    );
  });

  it('fails where a part has more than it declares', async () => {
    const declared = { compressed: deflateRawSync(Buffer.alloc(70 * 1024 * 1024, ' ')), size: 1000 };
    expect(await failureOf(withPart(SHEET, '', declared))).toContain('corrupt_workbook');
  });

  it('fails where all of its parts are too large', async () => {
    expect(await failureOf(withPart(SHEET, '<worksheet/>'), { maxInflatedBytes: 1000 })).toContain('too_large');
  });

  it('fails where parts share their bytes', async () => {
    const parts = partsOf({ sheets });
    const last = parts.at(-1)!;
    expect(await failureOf(zipOf([...parts.slice(0, -1), { ...last, declared: { offset: 0 } }]))).toContain(
      'its parts overlap',
    );
  });

  it('fails with too many parts', async () => {
    const parts = Array.from({ length: 10_001 }, (_, i) => ({ name: `xl/media/${i}`, bytes: '' }));
    expect(await failureOf(workbookOf({ sheets, parts }))).toContain('has 10007 parts');
  });

  it.each([
    [
      'a document type',
      '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>',
      'declares a document type',
    ],
    ['an external entity', '<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet/>', 'declares a document type'],
    ['an unknown entity', '<worksheet>&a;</worksheet>', 'undefined entity'],
    ['deep elements', `${'<a>'.repeat(100_000)}`, 'nests more than 64'],
    ['an endless tag', `<worksheet ${'a'.repeat(3_000_000)}`, 'has a text or tag of more than'],
    ['an endless text', `<worksheet>${'a'.repeat(3_000_000)}`, 'has a text or tag of more than'],
    ['an endless comment', `<!--${'a'.repeat(3_000_000)}`, 'has a text or tag of more than'],
  ])('fails with %s', async (_, xml, words) => {
    expect(await failureOf(withPart(SHEET, xml))).toMatch(/^corrupt_workbook: /);
    expect(await failureOf(withPart(SHEET, xml))).toContain(words);
    const texts = { sheets, texts: '', parts: [{ name: 'xl/sharedStrings.xml', bytes: xml }] };
    expect(await failureOf(workbookOf(texts))).toContain(words);
  });

  it('fails with a row of far too many characters, or a value far to the right', async () => {
    const cell = (text: string) => `<c t="inlineStr"><is><t>${text}</t></is></c>`;
    const row = `<row r="2">${cell('x'.repeat(500_000)).repeat(3)}</row>`;
    expect(await failureOf(withSheet(row))).toContain('record_too_large: Row 2 of the sheet');
    expect(await failureOf(withSheet('<row r="2"><c r="XFD2"><v>1</v></c></row>'))).toContain(
      'too_many_columns: Row 2 of the sheet has a value in column 16384',
    );
  });

  it('has no rows but a number far down: blank records', async () => {
    const { failure } = await readBytes(withSheet('<row r="1048576"><c r="A1048576"><v>1</v></c></row>'));
    expect(failure).toBeNull();
  });

  it('names its sheet as the namespace of another program', async () => {
    const xml = `<worksheet xmlns="urn:x" xmlns:y="${OF_SHEETS}"><y:sheetData>${HEADER_ROW.replaceAll(/<(\/?)/g, '<$1y:')}</y:sheetData></worksheet>`;
    expect(await failureOf(withPart(SHEET, xml))).toContain('empty_file');
  });
});

describe('with any bytes changed, cut out or put in', () => {
  const texts = Array.from({ length: 30 }, (_, i) => `<si><t>text ${i}</t></si>`).join('');
  const rows = Array.from({ length: 20 }, (_, i) => [i, i / 7, `a${i}`, { xml: `<c t="s"><v>${i}</v></c>` }]);
  const sheet = `<worksheet><sheetData>${rowsOf([HEADER.split(','), ...rows])}</sheetData></worksheet>`;
  const withXml = (bytes: Buffer | string) => sheetOf([], { texts, parts: [{ name: SHEET, bytes }] });
  const change = fc.record({
    at: fc.nat({ max: sheet.length }),
    cut: fc.nat({ max: 3 }),
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom(...['<', '/>', '</c>', '"', '&lt;', '9', 'r="1"']).map(Buffer.from),
    ),
  });
  const changed = (bytes: Buffer, changes: { at: number; cut: number; bytes: Uint8Array }[]) =>
    changes.reduce((all, { at, cut, bytes: put }) => {
      const from = at % all.length;
      return Buffer.concat([all.subarray(0, from), put, all.subarray(from + cut)]);
    }, bytes);

  it.each([
    ['a workbook', (changes: Parameters<typeof changed>[1]) => changed(withXml(sheet), changes)],
    ['the XML of a sheet', (changes: Parameters<typeof changed>[1]) => withXml(changed(Buffer.from(sheet), changes))],
  ])('%s is read, or fails as a file, with no other error and without being tried again', async (_, make) => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const { failure } = await readBytes(make(changes), { maxInflatedBytes: 1e7 });
        if (failure !== null) expect(isFileFailure(failure)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
