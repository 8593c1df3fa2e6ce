/** What the first bytes of a file tell: its kind, encoding, delimiter. */
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { DELIMITERS } from '../../../src/model/intake.ts';
import { csvLine } from '../../../src/model/spreadsheet-cell.ts';
import { parseEncoding, sniffBinary } from '../../../src/pipeline/intake.ts';
import { HEADER, readBytes } from '../../support/reading.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('the encoding', () => {
  it.each([
    ['utf-8 without a mark', Buffer.from(`${HEADER}\né€😀`), { encoding: 'utf-8', bom: false }],
    ['utf-8 with a mark', Buffer.from(`\ufeff${HEADER}\né€😀`), { encoding: 'utf-8', bom: true }],
    ['utf-16le with a mark', utf16le(`\ufeff${HEADER}\né€😀`), { encoding: 'utf-16le', bom: true }],
    ['utf-16be with a mark', utf16be(`\ufeff${HEADER}\né€😀`), { encoding: 'utf-16be', bom: true }],
  ])('is found: %s', async (_, bytes, expected) => {
    for (const pieceSizes of [[1], [2, 1], [1e6]]) {
      const { intake, rows, header } = await readBytes(bytes, { pieceSizes, bounds: { readBlockBytes: 1 } });
      expect(intake).toMatchObject(expected);
      expect(header!.columns[0]).toBe('order_id');
      expect(rows).toMatchObject([{ cells: ['é€😀'], undecodable: null, end: bytes.length }]);
    }
  });

  it('is Windows-1252 when there are bytes that UTF-8 forbids and none that only it has', async () => {
    const { intake, rows } = await readBytes(latin1(`${HEADER}\n\x80 5,caf\xe9,\x93q\x94\n`));
    expect(intake!.encoding).toBe('windows-1252');
    expect(rows).toMatchObject([{ cells: ['€ 5', 'café', '“q”'], undecodable: null }]);
  });

  it('is UTF-8 when both are there, and the bad bytes are the cell’s', async () => {
    const { intake, rows } = await readBytes(latin1(`${HEADER}\nok,caf\xe9,"x\xff",caf\xc3\xa9,\xef\xbf\xbd\nb`));
    expect(intake!.encoding).toBe('utf-8');
    expect(rows).toMatchObject([
      { cells: ['ok', 'caf\ufffd', 'x\ufffd', 'café', '\ufffd'], undecodable: [1, 2] },
      { cells: ['b'], undecodable: null },
    ]);
  });

  it('is decided by the beginning alone', async () => {
    const late = latin1(`${HEADER}\n${'a\n'.repeat(500)}caf\xe9\n`);
    expect((await readBytes(late, { bounds: { detectBytes: 500 } })).intake!.encoding).toBe('utf-8');
    expect((await readBytes(late)).intake!.encoding).toBe('windows-1252');
  });

  it('is UTF-8 wherever the end of the beginning cuts a character', async () => {
    const bytes = Buffer.from(`${HEADER}\naé€😀b`);
    for (let detectBytes = HEADER.length + 1; detectBytes <= bytes.length + 1; detectBytes++) {
      expect((await readBytes(bytes, { bounds: { detectBytes } })).intake!.encoding).toBe('utf-8');
    }
  });

  it('is what the uploader says, before all else', async () => {
    const bytes = latin1(`${HEADER}\ncaf\xc3\xa9\n`);
    expect((await readBytes(bytes, { encoding: 'Latin1' })).rows[0]!.cells).toEqual(['cafÃ©']);
    const unmarked = await readBytes(utf16be(`${HEADER}\né`), { encoding: 'UTF-16BE' });
    expect(unmarked.intake).toMatchObject({ encoding: 'utf-16be', bom: false });
    expect(unmarked.rows[0]!.cells).toEqual(['é']);
    const marked = await readBytes(utf16be(`\ufeff${HEADER}\né`), { encoding: 'utf-16' });
    expect(marked.intake).toMatchObject({ encoding: 'utf-16be', bom: true });
  });

  it('has the names that browsers know', () => {
    const known = { 'utf-8': ['utf8', ' UTF-8 '], 'utf-16le': ['utf-16', 'UTF-16LE'], 'utf-16be': ['utf-16be'] };
    for (const [encoding, labels] of Object.entries(known)) {
      for (const label of labels) expect(parseEncoding(label)).toBe(encoding);
    }
    for (const label of ['latin1', 'ISO-8859-1', 'ascii', 'cp1252']) expect(parseEncoding(label)).toBe('windows-1252');
  });

  it.each(['shift_jis', 'iso-8859-2', 'nonsense', ''])(
    '%j is unsupported_encoding, and the four are named',
    async (encoding) => {
      const { failure } = await readBytes(HEADER, { encoding });
      expect(failure).toMatchObject({ code: 'unsupported_encoding', retryable: false });
      expect(failure!.message).toContain('utf-8, utf-16le, utf-16be, windows-1252');
    },
  );

  it.each([
    ['utf-16le', utf16le(`${HEADER}\na\n`)],
    ['utf-16be', utf16be(`${HEADER}\na\n`)],
  ])('%s without a mark is unsupported_encoding, and the remedy is told', async (encoding, bytes) => {
    const { failure } = await readBytes(bytes);
    expect(failure!.code).toBe('unsupported_encoding');
    expect(failure!.message).toContain(`?encoding=${encoding}`);
    expect((await readBytes(bytes, { encoding })).rows[0]!.cells).toEqual(['a']);
  });

  it('of UTF-16 marks cells with half characters, an odd last byte too', async () => {
    const text = `\ufeff${HEADER}\na\ud83d,😀\nb,c`;
    const bytes = Buffer.concat([utf16le(text), Buffer.from([0x61])]);
    const { rows, chunks } = await readBytes(bytes, { pieceSizes: [3] });
    expect(rows).toMatchObject([
      { cells: ['a\ufffd', '😀'], undecodable: [0] },
      { cells: ['b', 'c\ufffd'], undecodable: [1], end: bytes.length },
    ]);
    expect(chunks.at(-1)!.end.offset).toBe(bytes.length);
  });

  it('of Windows-1252 turns every byte into one character', async () => {
    const record = fc.array(
      fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', ' ', 'é', 'ÿ', '\xa0', '×'), maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1 }), async (records) => {
        const body = records.map((cells) => csvLine(['id', ...cells])).join('');
        const { rows } = await readBytes(latin1(`${HEADER}\n${body}`), { encoding: 'windows-1252' });
        expect(rows.map((row) => row.cells)).toEqual(parse(body, { relax_column_count: true, record_delimiter: '\n' }));
      }),
    );
  });

  it('turns text into the same text', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !/[",\r\n\ufeff]/.test(value));
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        for (const bytes of [Buffer.from(`${HEADER}\nid,${value}`), utf16le(`\ufeff${HEADER}\nid,${value}`)]) {
          expect((await readBytes(bytes)).rows).toMatchObject([{ cells: ['id', value], undecodable: null }]);
        }
      }),
    );
  });
});

describe('the delimiter', () => {
  it.each(DELIMITERS)('%j is found by the header, and the others are then text', async (delimiter) => {
    const others = DELIMITERS.filter((other) => other !== delimiter);
    const names = [`"note ${others.join('')}"`, ...ORDER_COLUMNS, ...others.map((other) => `x${other}y${other}z`)];
    const cells = others.map((other) => `1${other}5`);
    const { intake, rows, header } = await readBytes(`\n${names.join(delimiter)}\n${cells.join(delimiter)}\n`);
    expect(intake!.delimiter).toBe(delimiter);
    expect(header!.columns).toHaveLength(names.length);
    expect(rows[0]!.cells).toEqual(cells);
  });

  it('is found in a header of quoted names with a line end in one', async () => {
    const { intake } = await readBytes(`"a\nb";${ORDER_COLUMNS.map((name) => `"${name}"`).join(';')}\nx\n`);
    expect(intake!.delimiter).toBe(';');
  });
});

const BINARIES: [string, number[] | string][] = [
  ['Excel workbook (.xlsx)', 'PK\x03\x04\x14\0'],
  ['ZIP archive', 'PK\x05\x06\0\0'],
  ['old Excel workbook (.xls)', [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]],
  ['PDF', '%PDF-1.7\n'],
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['JPEG', [0xff, 0xd8, 0xff, 0xe0]],
  ['GIF', 'GIF87a'],
  ['GIF', 'GIF89a'],
  ['Zstandard', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ['bzip2', 'BZh91AY&SY'],
  ['7-Zip', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['RAR', 'Rar!\x1a\x07\x01\0'],
  ['program', '\x7fELF'],
];

describe('a file that is no CSV', () => {
  it.each(BINARIES)('is not_csv and named: %s', async (words, magic) => {
    const bytes = Buffer.concat([
      typeof magic === 'string' ? latin1(magic) : Buffer.from(magic),
      Buffer.alloc(5000, 7),
    ]);
    expect(sniffBinary(bytes)).toContain(words);
    for (const file of [bytes, gzipSync(bytes)]) {
      const { failure } = await readBytes(file);
      expect(failure).toMatchObject({ code: 'not_csv', retryable: false });
      expect(failure!.message).toContain(words);
    }
  });

  it('is told from text and gzip', () => {
    for (const text of ['', 'P', 'PK,x', 'BZh9,name', 'order_id', '%PDF'])
      expect(sniffBinary(Buffer.from(text))).toBeNull();
    expect(sniffBinary(gzipSync('a'))).toBeNull();
  });

  it.each([
    ['NUL characters in its header', `order_id\0,${HEADER}\na`],
    ['control characters in a name on a later line', `\n"x\n\x02",${HEADER}\na`],
    ['control characters at its beginning', `\x01\x02${'x'.repeat(2e6)}`],
    ['UTF-32', Buffer.from(`\ufeff${HEADER}`, 'utf16le').toString('latin1').replace(/../gs, '$&\0\0')],
    ['line ends of CR alone', `${HEADER}\ra,b\rc,d\r`],
  ])('is not_csv: %s', async (_, text) => {
    expect((await readBytes(latin1(text))).failure?.code).toBe('not_csv');
  });
});
