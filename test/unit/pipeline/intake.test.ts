/** What is detected from the first bytes of a file: its kind, encoding, delimiter. */
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { DELIMITERS, ENCODINGS } from '../../../src/model/intake.ts';
import { csvLine } from '../../../src/model/spreadsheet-cell.ts';
import { declaredEncoding, parseEncoding } from '../../../src/pipeline/read/encoding.ts';
import { sniffBinary } from '../../../src/pipeline/read/sniff-binary.ts';
import { HEADER, readBytes, resumeAfter } from '../../support/reading.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

/** Bytes that may be a character of the encoding, each of them. */
function characterBytes(encoding: string): number[][] {
  const high = Array.from({ length: 128 }, (_, i) => 128 + i);
  if (encoding === 'iso-2022-jp') return [[0x1b, 0x24, 0x42, 0x30, 0x2c, 0x1b, 0x28, 0x42]];
  const pairs = high.flatMap((lead) => [...high, 0x40, 0x5c, 0x7c, 0x7e].map((trail) => [lead, trail]));
  return [...high.map((byte) => [byte]), ...(/^(shift|euc|gb|big5)/.test(encoding) ? pairs : [])];
}

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

  it('is Windows-1252 when there are bytes that UTF-8 forbids and no characters of UTF-8', async () => {
    const { intake, rows } = await readBytes(latin1(`${HEADER}\n\x80 5,caf\xe9,\x93q\x94\n`));
    expect(intake!.encoding).toBe('windows-1252');
    expect(rows).toMatchObject([{ cells: ['€ 5', 'café', '“q”'], undecodable: null }]);
  });

  it('is UTF-8 when there are both, and the cell with the bad bytes is invalid', async () => {
    const { intake, rows } = await readBytes(latin1(`${HEADER}\nok,caf\xe9,"x\xff",caf\xc3\xa9,\xef\xbf\xbd\nb`));
    expect(intake!.encoding).toBe('utf-8');
    expect(rows).toMatchObject([
      { cells: ['ok', 'caf\ufffd', 'x\ufffd', 'café', '\ufffd'], undecodable: [1, 2] },
      { cells: ['b'], undecodable: null },
    ]);
  });

  const western = 'José Müller\n'.repeat(4);

  it.each<[string, string, string, string]>([
    ['one cell that happens to be UTF-8', `${western}NESCAF\xc9\xae Gold\n`, 'windows-1252', 'NESCAFÉ® Gold'],
    ['that cell first', `NESCAF\xc9\xae Gold\n${western}`, 'windows-1252', 'José Müller'],
    ['that cell alone', 'NESCAF\xc9\xae Gold\n', 'windows-1252', 'NESCAFÉ® Gold'],
    ['a quotation of the French', '\xab\xa0caf\xe9\xa0\xbb\n', 'windows-1252', '«\xa0café\xa0»'],
    ['a sign behind it', 'CAF\xc9\x92S;Spa\xdf\x94\n', 'windows-1252', 'CAFÉ’S;Spaß”'],
    ['a cell that was decoded wrongly before', `${western}Jos\xc3\xa9\n`, 'windows-1252', 'JosÃ©'],
    ['quotes and the euro sign', '\x80 5 \x93q\x94 \x96 d\x92or\n', 'windows-1252', '€ 5 “q” – d’or'],
    ['control characters of Latin-1', 'Jos\xe9,a\x81b,M\xfcller\n', 'windows-1252', 'Müller'],
    ['UTF-8 with one broken byte', 'Jos\xc3\xa9\nM\xfcller\n', 'utf-8', 'M\ufffdller'],
    ['UTF-8 that was cut in characters', '\xe7\x8e\x8b\xe7\x8e,\xf0\x9f\n', 'utf-8', '王\ufffd'],
    ['UTF-8 that ends in a character', 'Jos\xc3\xa9\nJos\xc3', 'utf-8', 'Jos\ufffd'],
    ['UTF-8 of UTF-8', 'Jos\xc3\x83\xc2\xa9\n', 'utf-8', 'JosÃ©'],
    ['a name of Azerbaijan', 'Xalid\xc9\x99\n', 'utf-8', 'Xalidə'],
    ['a name in capitals but for its accent', 'JOS\xc3\xa9\n', 'utf-8', 'JOSé'],
    ['Japanese behind Latin letters', 'T\xe3\x82\xb7\xe3\x83\xa3\xe3\x83\x84\n', 'utf-8', 'Tシャツ'],
  ])('is what its bytes speak for: %s', async (_, body, encoding, cell) => {
    const early = latin1(`${HEADER}\n${body}`);
    const late = latin1(`${HEADER}\n${'a\n'.repeat(500)}${body}`);
    for (const [file, bounds] of [
      [early, {}],
      [late, { detectBytes: 600, readBlockBytes: 64 }],
    ] as const) {
      const { intake, rows } = await readBytes(file, { bounds });
      expect(intake).toEqual({ encoding, delimiter: ',', gzip: false, bom: false });
      expect(rows.flatMap((each) => each.cells)).toContain(cell);
    }
  });

  it.each([
    ['Shift_JIS', '\x92\x8a\x93c\x97\x90\x98Y'],
    ['Cyrillic of Windows', '\xc8\xe2\xe0\xed,\xcf\xe5\xf2\xf0\xee\xe2,\xc5\xeb\xe5\xed\xe0'],
    ['GBK', '\xc0\xee\xc3\xf7,\xb1\xb1\xbe\xa9,\xc9\xcf\xba\xa3'],
  ])(
    'is unsupported_encoding where it would be neither, %s for example, rather than garbled characters',
    async (_, text) => {
      const early = latin1(`${HEADER}\n${text}\n`);
      const late = latin1(`${HEADER}\n${'a\n'.repeat(500)}${text}\n`);
      expect((await readBytes(early)).failure?.code).toBe('unsupported_encoding');
      const { failure, rows } = await readBytes(late, {
        bounds: { detectBytes: 600, readBlockBytes: 64, maxPartRows: 1 },
      });
      expect(failure!.message).toContain('neither UTF-8 nor Windows-1252');
      expect(rows.length).toBeGreaterThan(400);
    },
  );

  it('is open until the first bytes that are not ASCII, and decided there for the rest, wherever reading begins', async () => {
    const lines = (text: string, times: number) => `${text}\n`.repeat(times);
    const bytes = latin1(
      `${HEADER}\n${lines('plain', 300)}${lines('Jos\xe9', 4)}${lines('b', 300)}${lines('Jos\xc3\xa9', 50)}`,
    );
    const bounds = { detectBytes: 400, readBlockBytes: 90, maxChunkRows: 20, firstChunkRows: 20 };
    const whole = await readBytes(bytes, { bounds });
    expect(whole.chunks[0]!.intake).toEqual({ ...whole.intake, encoding: 'utf-8', encodingOpen: true });
    expect(whole.intake).toEqual({ encoding: 'windows-1252', delimiter: ',', gzip: false, bom: false });
    expect(whole.rows.at(-1)!.cells).toEqual(['JosÃ©']);
    for (const chunk of whole.chunks.filter(({ last }) => !last)) {
      const again = await readBytes(bytes, {
        resume: resumeAfter(whole, chunk),
        bounds: { ...bounds, readBlockBytes: 37 },
      });
      expect(again.rows).toEqual(whole.rows.slice(-again.rows.length));
      expect(again.intake).toEqual(whole.intake);
    }
  });

  it('of a damaged gzip file is decided by the bytes before the damage', async () => {
    const packed = gzipSync(latin1(`${HEADER}\n${'a\n'.repeat(400)}${'Jos\xe9\n'.repeat(50)}`), { level: 0 });
    const { rows, failure, intake } = await readBytes(packed.subarray(0, -200), {
      bounds: { detectBytes: 300, readBlockBytes: 64, maxPartRows: 1 },
    });
    expect(failure?.code).toBe('corrupt_gzip');
    expect(intake!.encoding).toBe('windows-1252');
    expect(rows.at(-1)!.cells).toEqual(['José']);
  });

  it('is UTF-8 wherever the end of the evidence cuts a character', async () => {
    const bytes = Buffer.from(`${HEADER}\naé€😀b`);
    for (let detectBytes = HEADER.length + 1; detectBytes <= bytes.length + 1; detectBytes++) {
      expect((await readBytes(bytes, { bounds: { detectBytes } })).intake!.encoding).toBe('utf-8');
    }
  });

  it('is the choice of the uploader, whatever the bytes are', async () => {
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

  it.each(['utf-7', 'iso-2022-kr', 'x-user-defined', 'nonsense', ''])(
    '%j is unsupported_encoding, and those that can be used are named',
    async (encoding) => {
      const { failure } = await readBytes(HEADER, { encoding });
      expect(failure).toMatchObject({ code: 'unsupported_encoding', retryable: false });
      expect(failure!.message).toContain(ENCODINGS.join(', '));
    },
  );

  it.each(ENCODINGS.filter((name) => !name.startsWith('utf-')))('may be %s, each character of it', async (encoding) => {
    const decoder = new TextDecoder(encoding, { fatal: true });
    const characters = characterBytes(encoding).flatMap((bytes) => {
      try {
        return [{ bytes: Buffer.from(bytes), text: decoder.decode(Uint8Array.from(bytes)) }];
      } catch {
        return [];
      }
    });
    const lines = characters.map(({ bytes }) => Buffer.concat([latin1('a'), bytes, latin1(' ,b\n')]));
    const file = Buffer.concat([latin1(`${HEADER}\n`), ...lines]);
    for (const pieceSizes of [[1e6], [1000, 1, 7]]) {
      const { rows, intake } = await readBytes(file, { encoding, pieceSizes });
      expect(intake!.encoding).toBe(encoding);
      expect(rows.map((each) => each.cells)).toEqual(characters.map(({ text }) => [`a${text} `, 'b']));
      expect(rows.every(({ undecodable }) => undecodable === null)).toBe(true);
    }
  });

  it.each(['shift_jis', 'euc-jp', 'gbk', 'gb18030', 'big5', 'euc-kr', 'windows-1253'])(
    'of %s with undecodable bytes marks their cells and no others, in any pieces and resumed at any border',
    async (encoding) => {
      const good = { shift_jis: '\x93c', big5: '\xa4\xa4', 'windows-1253': '\xe1' }[encoding] ?? '\xb0\xa1';
      const bad = { big5: '\xfe', 'windows-1253': '\xd2' }[encoding] ?? '\xff';
      const body = `${good},x\n${bad},${good}\n"${good}\n",${good}${bad}\n`.repeat(20);
      const bounds = { maxChunkRows: 7, firstChunkRows: 7 };
      const file = latin1(`${HEADER}\n${body}`);
      const whole = await readBytes(file, { encoding, bounds });
      expect(whole.failure).toBeNull();
      expect(whole.rows.map(({ undecodable }) => undecodable)).toEqual(
        Array(20)
          .fill([null, [0], [1]])
          .flat(),
      );
      const cut = await readBytes(file, { encoding, bounds: { ...bounds, readBlockBytes: 3 }, pieceSizes: [1, 2] });
      expect(cut.rows).toEqual(whole.rows);
      for (const chunk of whole.chunks.filter(({ last }) => !last)) {
        const again = await readBytes(file, { resume: resumeAfter(whole, chunk), bounds });
        expect(again.rows).toEqual(whole.rows.slice(-again.rows.length));
      }
    },
  );

  it('that a content type declares overrides the bytes, but not a byte order mark', async () => {
    const declared = declaredEncoding('text/csv; charset="Shift_JIS"')!;
    expect((await readBytes(latin1(`${HEADER}\n\x93c`), { encoding: declared })).rows[0]!.cells).toEqual(['田']);
    const marked = await readBytes(Buffer.from(`\ufeff${HEADER}\né`), { encoding: declared });
    expect(marked.intake).toMatchObject({ encoding: 'utf-8', bom: true });
    expect(declaredEncoding('text/csv')).toBeNull();
    expect(declaredEncoding('text/csv;charset=')).toBeNull();
    expect(declaredEncoding(undefined)).toBeNull();
    expect(() => declaredEncoding('text/csv; charset=klingon')).toThrow('"klingon" is not known');
  });

  it.each([
    ['utf-16le', utf16le(`${HEADER}\na\n`)],
    ['utf-16be', utf16be(`${HEADER}\na\n`)],
  ])('%s without a byte order mark is unsupported_encoding, with the fix', async (encoding, bytes) => {
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

  it('is found in a header of quoted names, one with a line end', async () => {
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

describe('a file that is not CSV', () => {
  it.each([
    ['an HTML page', '<!DOCTYPE html>\n<html><body>Sign in</body></html>'],
    ['an HTML page', '\ufeff \n<HTML xmlns:x="urn:schemas-microsoft-com:office:excel"><table><tr><td>order_id</td>'],
    ['an HTML page', '<table border=1>\n<tr><td>1,2'],
    ['an HTML page', '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">\n<html>'],
    ['an HTML page', '<!-- saved from the web -->\n<html>'],
    ['an XML document', '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook>'],
    ['an XML document', '<Error><Code>AccessDenied</Code></Error>'],
    ['JSON', '{"order_id":"A-1","quantity":2}\n{"order_id":"A-2","quantity":2}\n'],
    ['JSON', '[\n  {\n    "order_id": "A-1"\n  }\n]'],
    ['JSON', '[]'],
    ['JSON', '{}'],
    ['JSON', `[{"order_id":"${'x'.repeat(2 * 1024 * 1024)}"}]`],
    ['an RTF document', '{\\rtf1\\ansi'],
  ])('is not_csv and named: %s in %s', async (words, text) => {
    for (const bytes of [Buffer.from(text), gzipSync(text), Buffer.from(`\ufeff${text}`, 'utf16le')]) {
      const { failure } = await readBytes(bytes);
      expect(failure).toMatchObject({ code: 'not_csv', retryable: false });
      expect(failure!.message).toBe(
        `The file is ${words}: save or export it as CSV in UTF-8, or as .xlsx, and upload that.`,
      );
    }
  });

  it('that only looks like another kind is read when its header has the columns, else it is missing_column', async () => {
    for (const name of ['<table>', '{"x"}', '["x"]', '<?xml?>'])
      expect((await readBytes(`${name},${HEADER}\na\n`)).failure).toBeNull();
    for (const start of ['<b', '[Orders]', '{x}', '<table>,order_id'])
      expect((await readBytes(`${start}\na\n`)).failure?.code).toBe('missing_column');
  });

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

  it('is distinguished from text and gzip', () => {
    for (const text of ['', 'P', 'PK,x', 'BZh9,name', 'order_id', '%PDF'])
      expect(sniffBinary(Buffer.from(text))).toBeNull();
    expect(sniffBinary(gzipSync('a'))).toBeNull();
  });

  it.each([
    ['NUL characters in its header', `order_id\0,${HEADER}\na`],
    ['control characters in a name on a later line', `\n"x\n\x02",${HEADER}\na`],
    ['control characters at its beginning', `\x01\x02${'x'.repeat(2e6)}`],
    ['UTF-32', Buffer.from(`\ufeff${HEADER}`, 'utf16le').toString('latin1').replace(/../gs, '$&\0\0')],
  ])('is not_csv: %s', async (_, text) => {
    expect((await readBytes(latin1(text))).failure?.code).toBe('not_csv');
  });
});
