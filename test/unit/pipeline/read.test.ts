/** Reading whole files: rows, chunks, resuming, gzip, failures, and the streams below. */
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { type OpenFile, readFile } from '../../../src/pipeline/read/read-file.ts';
import { rowsOf } from '../../../src/pipeline/read/row-collector.ts';
import { HEADER, type Reading, readBytes, resumeAfter, sourceOf } from '../../support/reading.ts';

const cellsOf = (reading: Reading) => reading.rows.map((row) => row.cells);
const lines = (...records: string[]) => `${[HEADER, ...records].join('\n')}\n`;

async function drain(file: OpenFile): Promise<void> {
  for await (const _rows of rowsOf(file));
}

const small = {
  readBlockBytes: 64,
  maxPartRows: 2,
  detectBytes: 4096,
  maxRecordBytes: 300,
  maxChunkRows: 3,
  maxChunkBytes: 60,
};

/** Everything that reading returns for a file, except progress, which depends on how the bytes arrive. */
const outcome = ({ intake, header, chunks, failure }: Reading) => ({
  intake,
  header,
  chunks: chunks.map(({ bytesRead: _, ...chunk }) => chunk),
  failure: failure && { code: failure.code, details: failure.details },
});

const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });

/** Bytes of every kind that matters to the grammar, well formed or not. */
const anyBody = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      ' ',
      ',',
      ',',
      '\n',
      '\n',
      '\r\n',
      '\r',
      '"',
      '"',
      '""',
      ',"',
      '",',
      '"\n',
      'é',
      '€',
      '😀',
      "'",
      '=',
      '\t',
    ),
    { maxLength: 150 },
  )
  .map((parts) => parts.join(''));

const encodings = {
  'utf-8': (text: string) => Buffer.from(text),
  'utf-8 with a mark': (text: string) => Buffer.from(`\ufeff${text}`),
  'utf-16le': (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'utf-16be': (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
};
const anyEncoding = fc.constantFrom(...Object.values(encodings));

describe('rows', () => {
  it('have their cells as text, their spreadsheet row and their end', async () => {
    const { rows, header, intake } = await readBytes(`${HEADER}\na,b\nc,d,e\n`);
    expect(intake).toEqual({ encoding: 'utf-8', delimiter: ',', gzip: false, bom: false });
    expect(header!.columns).toEqual(ORDER_COLUMNS);
    const start = HEADER.length + 1;
    const plain = { malformedQuote: false, undecodable: null };
    expect(rows).toEqual([
      { row: 2, cells: ['a', 'b'], end: start + 4, ...plain },
      { row: 3, cells: ['c', 'd', 'e'], end: start + 10, ...plain },
    ]);
  });

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('end in %s, the last one with or without it', async (_, lineEnd) => {
    const text = [HEADER, 'a,b', 'c,"d"'].join(lineEnd);
    for (const file of [text, text + lineEnd, `${text}\r`]) {
      expect(cellsOf(await readBytes(file))).toEqual([
        ['a', 'b'],
        ['c', 'd'],
      ]);
    }
  });

  it('may end in LF, CRLF and CR in turn, and reading resumes at any of them', async () => {
    const file = `${HEADER}\ra\nb\r\nc\r"d\re"\r\rf\n\r\ng\r`;
    const bounds = { maxChunkRows: 1, firstChunkRows: 1, readBlockBytes: 3 };
    const whole = await readBytes(file, { bounds });
    expect(whole.rows.map(({ row, cells }) => [row, ...cells])).toEqual([
      [2, 'a'],
      [3, 'b'],
      [4, 'c'],
      [5, 'd\re'],
      [7, 'f'],
      [9, 'g'],
    ]);
    for (const chunk of whole.chunks.filter(({ last }) => !last)) {
      const again = await readBytes(file, { bounds, resume: resumeAfter(whole, chunk), pieceSizes: [1] });
      expect(again.rows).toEqual(whole.rows.slice(chunk.n + 1));
    }
  });

  it('keep spaces and quotes inside an unquoted field', async () => {
    expect(cellsOf(await readBytes(lines(' a ,27" monitor,x "y" z, "x" y, "z')))).toEqual([
      [' a ', '27" monitor', 'x "y" z', ' "x" y', ' "z'],
    ]);
  });

  it('may have spaces and tabs around quotes, which are not part of the value; those inside are', async () => {
    const header = ORDER_COLUMNS.map((name) => ` "${name}"\t`).join(',');
    const { header: read, rows } = await readBytes(`${header}\n"a" , "b, ""c""",\t" d\n" \r\n "e"`);
    expect(read!.columns).toEqual(ORDER_COLUMNS);
    expect(rows.map(({ cells }) => cells)).toEqual([['a', 'b, "c"', ' d\n'], ['e']]);
    const tabs = ORDER_COLUMNS.map((name) => `"${name}" `).join('\t');
    expect(cellsOf(await readBytes(`${tabs}\n "a"\t"b" \t\t"c\td"`))).toEqual([['a', 'b', '', 'c\td']]);
  });

  it('may hold delimiters, line ends and doubled quotes in quoted fields', async () => {
    expect(cellsOf(await readBytes(lines('"a,b","c\nd\r\ne","say ""hi""","",""""')))).toEqual([
      ['a,b', 'c\nd\r\ne', 'say "hi"', '', '"'],
    ]);
  });

  it('have as many cells as the header: surplus empty cells are cut off, and cells under no name may be missing', async () => {
    const columns = `${HEADER},note,,`;
    const cells = (values: string) => ORDER_COLUMNS.map(() => 'x').join(',') + values;
    const { rows } = await readBytes(
      `${columns}\n${cells(',n,,')}\n${cells(',n')}\n${cells(',n,,,, ,')}\n${cells('')}\n${cells(',n,u')}\n${cells(',n,,,,v,')}\n`,
    );
    const width = ORDER_COLUMNS.length + 3;
    expect(rows.map((row) => row.cells.length)).toEqual([width, width, width, width - 3, width, width + 3]);
    expect(rows[4]!.cells.slice(-2)).toEqual(['u', '']);
  });

  it.each([
    ['sep=;\r\n', ';'],
    ['SEP=;\n', ';'],
    ['"sep=;"\r', ';'],
    ['sep=;;;;;;;;;;;\n', ';'],
    ['\ufeffsep=|\n', '|'],
    ['sep=\t\n', '\t'],
    ['sep=,\n', ','],
    ['sep=\n', ';'],
  ])(
    'may come below a line that names the delimiter for spreadsheets, %j, which counts as row 1',
    async (line, delimiter) => {
      const text = `${line}${ORDER_COLUMNS.join(delimiter)}\na${delimiter}b\nc\n`;
      for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text.replace('\ufeff', '')}`, 'utf16le')]) {
        const whole = await readBytes(bytes, { bounds: { maxChunkRows: 1, firstChunkRows: 1 } });
        expect(whole.intake!.delimiter).toBe(delimiter);
        expect(whole.rows.map(({ row, cells }) => [row, ...cells])).toEqual([
          [3, 'a', 'b'],
          [4, 'c'],
        ]);
        const again = await readBytes(bytes, { resume: resumeAfter(whole, whole.chunks[0]!) });
        expect(again.rows).toEqual(whole.rows.slice(1));
      }
    },
  );

  it('count blank records, which are not rows', async () => {
    const { rows, chunks } = await readBytes(`\n ,\n${HEADER}\n\na\n,,,\n"",  \n\r\nb\n\n\n`);
    expect(rows.map(({ row, cells }) => [row, cells[0]])).toEqual([
      [5, 'a'],
      [9, 'b'],
    ]);
    expect(chunks.at(-1)!.end.row).toBe(11);
  });

  it('with text after a closing quote are malformed, and cost only the line on which that field opens', async () => {
    const { rows } = await readBytes(lines('"a"x,b', 'c,"d', 'e,f', '"g",h', '"i\nj","k" .,l', 'm'));
    expect(rows.map(({ row, cells, malformedQuote }) => ({ row, cells, malformedQuote }))).toEqual([
      { row: 2, cells: ['"a"x', 'b'], malformedQuote: true },
      { row: 3, cells: ['c', '"d'], malformedQuote: true },
      { row: 4, cells: ['e', 'f'], malformedQuote: false },
      { row: 5, cells: ['g', 'h'], malformedQuote: false },
      { row: 6, cells: ['"i\nj"', '"k" .', 'l'], malformedQuote: true },
      { row: 7, cells: ['m'], malformedQuote: false },
    ]);
  });
});

describe('a file', () => {
  it('reads the same however its bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyBody,
        anyEncoding,
        fc.boolean(),
        pieces,
        fc.integer({ min: 1, max: 200 }),
        async (body, encode, gzip, pieceSizes, readBlockBytes) => {
          const plain = encode(`${HEADER}\n${body}`);
          const bytes = gzip ? gzipSync(plain) : plain;
          const whole = await readBytes(bytes, { bounds: { ...small, readBlockBytes: 1e6 } });
          const cut = await readBytes(bytes, { pieceSizes, bounds: { ...small, readBlockBytes } });
          expect(outcome(cut)).toEqual(outcome(whole));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('reads the same when it is resumed at the end of any chunk', async () => {
    await fc.assert(
      fc.asyncProperty(anyBody, anyEncoding, fc.boolean(), pieces, async (body, encode, gzip, pieceSizes) => {
        const plain = encode(`${HEADER}\na\n${body}`);
        const bytes = gzip ? gzipSync(plain) : plain;
        const whole = await readBytes(bytes, { bounds: small });
        for (const [index, chunk] of whole.chunks.entries()) {
          if (chunk.last) continue;
          const rest = await readBytes(bytes, { pieceSizes, bounds: small, resume: resumeAfter(whole, chunk) });
          expect(outcome(rest)).toEqual({ ...outcome(whole), chunks: outcome(whole).chunks.slice(index + 1) });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has the offset of each row, in bytes before decoding', async () => {
    await fc.assert(
      fc.asyncProperty(anyBody, anyEncoding, async (body, encode) => {
        const bytes = encode(`${HEADER}\nfirst\n${body}`);
        const { chunks, rows, failure, intake } = await readBytes(bytes, { bounds: small });
        for (const { start, end } of chunks) expect(start.offset).toBeLessThanOrEqual(end.offset);
        const ends = rows.map((row) => row.end);
        expect(ends).toEqual(ends.toSorted((a, b) => a - b));
        const decoder = new TextDecoder(intake!.encoding);
        for (const end of ends.slice(0, -1)) expect(decoder.decode(bytes.subarray(0, end))).toMatch(/[\r\n]$/);
        if (failure === null) expect(chunks.at(-1)!.end.offset).toBe(bytes.length);
      }),
      { numRuns: 300 },
    );
  });

  it('that is resumed at its end has no more rows', async () => {
    const whole = await readBytes(lines('a', 'b'));
    const { chunks, failure } = await readBytes(lines('a', 'b'), { resume: resumeAfter(whole, whole.chunks[0]!) });
    expect(failure).toBeNull();
    expect(chunks).toMatchObject([
      { n: 1, rows: [], last: true, start: whole.chunks[0]!.end, end: whole.chunks[0]!.end },
    ]);
  });

  it('that is resumed at its header gives all chunks', async () => {
    const whole = await readBytes(lines('a', 'b', 'c', 'd'), { bounds: small });
    const resume = { ...resumeAfter(whole, whole.chunks[0]!), nextChunk: 0, position: whole.chunks[0]!.start };
    expect((await readBytes(lines('a', 'b', 'c', 'd'), { bounds: small, resume })).chunks).toEqual(whole.chunks);
  });
});

describe('chunks', () => {
  it('are cut after so many rows, and the last one says so', async () => {
    const { chunks } = await readBytes(lines('a', 'b', 'c', '', 'd'), { bounds: { maxChunkRows: 3 } });
    expect(chunks.map(({ n, rows, start, end, last }) => [n, rows.length, start.row, end.row, last])).toEqual([
      [0, 3, 1, 4, false],
      [1, 1, 4, 6, true],
    ]);
    expect(chunks[1]!.start).toEqual(chunks[0]!.end);
  });

  it('grow with what was read before, also when reading resumes at the end of any of them', async () => {
    const bounds = { firstChunkRows: 2, maxChunkRows: 7 };
    const file = lines(...Array.from({ length: 30 }, (_, index) => `order ${index}`));
    const whole = await readBytes(file, { bounds });
    expect(whole.chunks.map((chunk) => chunk.rows.length)).toEqual([2, 3, 6, 7, 7, 5]);
    for (const [i, chunk] of whole.chunks.slice(0, -1).entries()) {
      const resumed = await readBytes(file, { bounds, resume: resumeAfter(whole, chunk) });
      expect(resumed.chunks).toEqual(whole.chunks.slice(i + 1));
    }
  });

  it('are cut after so many bytes', async () => {
    const { chunks } = await readBytes(lines('a'.repeat(30), 'b'.repeat(30), 'c'), { bounds: { maxChunkBytes: 60 } });
    expect(chunks.map((chunk) => chunk.rows.length)).toEqual([2, 1]);
  });

  it('without rows come only at the end, after blank records or exactly full chunks', async () => {
    const blank = '\n'.repeat(500);
    const { chunks } = await readBytes(lines(blank, 'a', 'b', 'c', blank), {
      bounds: { maxChunkRows: 3, maxChunkBytes: 100 },
    });
    expect(chunks.map(({ rows, last }) => [rows.length, last])).toEqual([
      [1, false],
      [2, true],
    ]);
    const full = await readBytes(lines('a', 'b', 'c'), { bounds: { maxChunkRows: 3 } });
    expect(full.chunks.map(({ rows, last }) => [rows.length, last])).toEqual([
      [3, false],
      [0, true],
    ]);
  });

  it.each(['', ',', ',,,,,,,,,,', ',,,,,,,,,,,,,,,', '"",""', '"  ", ,"\t"', '   '])(
    'have no row for a record of nothing but %j, which counts',
    async (blank) => {
      const { rows, failure } = await readBytes(lines(blank, 'a', blank, blank, 'b'));
      expect(failure).toBeNull();
      expect(rows.map(({ row, cells }) => [row, cells[0]])).toEqual([
        [3, 'a'],
        [6, 'b'],
      ]);
    },
  );

  it('report the stored bytes that were read', async () => {
    const file = lines(...Array.from({ length: 1000 }, (_, index) => `order ${index}`));
    for (const bytes of [Buffer.from(file), gzipSync(file)]) {
      const { chunks } = await readBytes(bytes, { bounds: { maxChunkRows: 400 } });
      expect(chunks.at(-1)!.bytesRead).toBe(bytes.length);
    }
  });
});

describe('gzip', () => {
  const file = lines('a', 'b');

  it('is recognised by its first bytes, and its members are read as one file', async () => {
    const members = Buffer.concat([gzipSync(file.slice(0, 50)), gzipSync(file.slice(50))]);
    for (let cut = 1; cut < members.length; cut++) {
      const { rows, intake } = await readBytes(members, { pieceSizes: [cut, 1e6] });
      expect(rows.map((row) => row.cells)).toEqual([['a'], ['b']]);
      expect(intake!.gzip).toBe(true);
    }
  });

  it.each([
    ['a line end', '\n'],
    ['line ends of all kinds', '\r\n\n\r'],
    ['zeros', '\0'.repeat(70_000)],
    ['zeros and line ends', '\0\0\n\0\r\n'],
  ])('may have %s behind it, or between its members', async (_, padding) => {
    const expected = cellsOf(await readBytes(file));
    // Ends in bytes that are padding where they stand behind it.
    const packed = Array.from({ length: 40 }, (_, i) => gzipSync(`${file}x,${i}\n`));
    for (const [i, bytes] of packed.entries()) {
      for (const pieceSizes of [[1e6], [packed[i]!.length, 1]]) {
        const reading = await readBytes(Buffer.concat([bytes, Buffer.from(padding)]), { pieceSizes });
        expect(reading.failure).toBeNull();
        expect(cellsOf(reading)).toEqual([...expected, ['x', String(i)]]);
      }
    }
    const members = Buffer.concat([gzipSync(file), Buffer.from(padding), gzipSync('y\n'), Buffer.from(padding)]);
    expect(cellsOf(await readBytes(members))).toEqual([...expected, ['y']]);
  });

  it('with anything but padding after it fails the file as corrupt_gzip', async () => {
    for (const more of ['\n\nx', '\x1f', '\0\x1f\x8b', ' ']) {
      const { failure } = await readBytes(Buffer.concat([gzipSync(file), Buffer.from(more, 'latin1')]));
      expect(failure?.code).toBe('corrupt_gzip');
    }
  });

  it('may have an extra field, a name, a comment and a check of them', async () => {
    const packed = gzipSync(file);
    const header = Buffer.from('\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x03\0abcorders.csv\0of today\0\0\0', 'latin1');
    const named = Buffer.concat([header, packed.subarray(10)]);
    expect(cellsOf(await readBytes(named))).toEqual(cellsOf(await readBytes(file)));
    for (const bytes of [4, 11, 20, 30, header.length]) {
      expect((await readBytes(named.subarray(0, bytes))).failure?.code).toBe('corrupt_gzip');
    }
  });

  it('that is cut short or damaged fails the file as corrupt_gzip', async () => {
    const bytes = gzipSync(file);
    for (let length = 2; length < bytes.length; length++) {
      expect((await readBytes(bytes.subarray(0, length))).failure).toMatchObject({
        code: 'corrupt_gzip',
        retryable: false,
      });
    }
    bytes[bytes.length - 6]! ^= 1;
    expect((await readBytes(bytes)).failure?.code).toBe('corrupt_gzip');
  });

  it('that is damaged gives the same rows before the damage in any pieces, and from the end of any chunk', async () => {
    const noise = (index: number) => Math.imul(index, 0x9e3779b1).toString(36);
    const bytes = gzipSync(lines(...Array.from({ length: 20_000 }, (_, index) => `${noise(index)},${noise(-index)}`)));
    bytes.fill(0xff, bytes.length - 4_000, bytes.length - 3_900);
    const bounds = { detectBytes: 1_000, maxChunkRows: 100 };
    const whole = await readBytes(bytes, { bounds, pieceSizes: [1e6] });
    expect(whole.failure?.code).toBe('corrupt_gzip');
    expect(whole.chunks.length).toBeGreaterThan(100);
    for (const pieceSizes of [[1_000], [70_000, 13]])
      expect(outcome(await readBytes(bytes, { bounds, pieceSizes }))).toEqual(outcome(whole));
    const { chunks, ...ends } = outcome(whole);
    for (const at of [0, 50, chunks.length - 2]) {
      const rest = await readBytes(bytes, { bounds, resume: resumeAfter(whole, whole.chunks[at]!) });
      expect(outcome(rest)).toEqual({ ...ends, chunks: chunks.slice(at + 1) });
    }
  });

  it('that inflates to more than a file may have is too_large', async () => {
    expect((await readBytes(gzipSync(file), { maxInflatedBytes: file.length })).failure).toBeNull();
    expect((await readBytes(gzipSync(file), { maxInflatedBytes: file.length - 1 })).failure?.code).toBe('too_large');
  });

  it('that grows like a bomb is too_large', async () => {
    const bomb = gzipSync(lines(...Array.from({ length: 30_000 }, () => 'a'.repeat(100))));
    const { failure } = await readBytes(bomb, { bounds: { gzipRatioFromBytes: 1_000_000 } });
    expect(failure?.code).toBe('too_large');
    expect(failure?.message).toContain('250 times');
  });

  it.each([
    ['of gzip', gzipSync(file), 'a gzip file inside a gzip file'],
    ['of a PDF', Buffer.from('%PDF-1.7\n'), 'a PDF'],
  ])('%s is not_csv', async (_, inner, words) => {
    const { failure } = await readBytes(gzipSync(inner));
    expect(failure?.code).toBe('not_csv');
    expect(failure?.message).toContain(words);
  });
});

describe('a file fails', () => {
  it.each(['', '\ufeff', '\n \n,,\n', HEADER, lines(), lines('', ' , ', '')])(
    'as empty_file when there is no order in it: %j',
    async (file) => {
      for (const bytes of [Buffer.from(file), gzipSync(file)]) {
        expect((await readBytes(bytes)).failure).toMatchObject({ code: 'empty_file', retryable: false });
      }
    },
  );

  it('as empty_file when it is resumed at its header and nothing follows', async () => {
    const whole = await readBytes(lines('a'));
    const resume = { ...resumeAfter(whole, whole.chunks[0]!), nextChunk: 0, position: whole.chunks[0]!.start };
    expect((await readBytes(lines(), { resume })).failure?.code).toBe('empty_file');
  });

  it.each(['x,"never closed\n', `x,"closed too late${'\ny'.repeat(300)}"\n`])(
    'as unclosed_quote with the row',
    async (record) => {
      const { failure, rows } = await readBytes(lines('a', 'b', 'c', record), { bounds: small });
      expect(failure).toMatchObject({ code: 'unclosed_quote', retryable: false, details: { row: 5 } });
      expect(failure?.message).toContain('Row 5');
      expect(rows).toHaveLength(3);
    },
  );

  it('as unclosed_quote that mentions quotes escaped by a backslash', async () => {
    for (const record of ['x,"27\\"" monitor\n', `x,"27\\"" monitor${'\ny'.repeat(300)}"\n`]) {
      const { failure } = await readBytes(lines('a', record), { bounds: small });
      expect(failure).toMatchObject({ code: 'unclosed_quote', details: { row: 3 } });
      expect(failure?.message).toContain('escaped by a backslash (\\"), export them written twice ("")');
    }
  });

  it('as record_too_large with the row', async () => {
    const tooLong = `${'x'.repeat(300)}\n`;
    const { failure } = await readBytes(lines('a', tooLong), { bounds: small });
    expect(failure).toMatchObject({ code: 'record_too_large', retryable: false, details: { row: 3 } });
    const longest = `${'x'.repeat(299)}`;
    expect((await readBytes(lines('a', longest), { bounds: small })).failure).toBeNull();
  });

  it('without holding a field that never ends', async () => {
    let sent = 0;
    const endless = {
      sizeBytes: 1e12,
      async open() {
        return Readable.from(
          (function* () {
            yield Buffer.from(lines('a'));
            for (;;) {
              sent += 65_536;
              yield Buffer.alloc(65_536, 'x');
            }
          })(),
        );
      },
    };
    const file = await readFile(endless, null, { maxInflatedBytes: 1e9 });
    await expect(drain(file)).rejects.toMatchObject({ code: 'record_too_large' });
    expect(sent).toBeLessThan(4 * limits.maxRecordBytes);
  });
});

describe('a report that is uploaded again', () => {
  it('loses the quote that was put before cells, only in data columns', async () => {
    const { rows, header } = await readBytes(
      [`${HEADER},'=note,_row,_file`, `'=1,''a,'a,'-,=1,',,'@x,+1,"'\t",z,'+n,'=2,'=f`].join('\n'),
    );
    expect(header).toMatchObject({
      report: { _file: 13, _code: -1 },
      fileColumn: 13,
      dataColumns: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    });
    expect(header!.columns[11]).toBe('=note');
    expect(rows[0]!.cells).toEqual(['=1', "'a", "'a", '-', '=1', "'", '', '@x', '+1', '\t', 'z', '+n', "'=2", "'=f"]);
  });

  it('is still invalid where a cell shows U+FFFD for undecodable bytes; other files may have that character', async () => {
    const { rows } = await readBytes(`${HEADER},_row,_file\na,caf\ufffd,b,,,,,,,,,7\ufffd,f\n`);
    expect(rows[0]).toMatchObject({ cells: expect.arrayContaining(['caf\ufffd']), undecodable: [1] });
    expect((await readBytes(lines('a,caf\ufffd'))).rows[0]!.undecodable).toBeNull();
  });

  it('is recognised by both of its columns; other files keep their quotes', async () => {
    const { rows, header } = await readBytes(`${HEADER},_file\n'=1`);
    expect(header).toMatchObject({ report: null, fileColumn: 11 });
    expect(rows[0]!.cells).toEqual(["'=1"]);
  });
});

describe('the streams below', () => {
  const big = Buffer.from(lines(...Array.from({ length: 50_000 }, (_, index) => `order ${index},${'x'.repeat(50)}`)));

  it.each([
    ['plain', big],
    ['gzip', gzipSync(big, { level: 1 })],
  ])('end when the reader breaks off (%s)', async (_, bytes) => {
    const source = sourceOf(bytes, [10_000]);
    const file = await readFile(source, null, { maxInflatedBytes: 1e9 });
    for await (const _rows of rowsOf(file)) break;
    expect(source.opened[0]!.destroyed).toBe(true);
  });

  it.each([
    ['plain', big],
    ['gzip', gzipSync(big, { level: 1 })],
  ])('end when the reader breaks off while the source is stalled (%s)', async (_, bytes) => {
    const stalled = new Readable({ read() {} });
    stalled.push(bytes.subarray(0, -1));
    const source = { sizeBytes: bytes.length, open: async () => stalled };
    const file = await readFile(source, null, { maxInflatedBytes: 1e9 });
    for await (const _rows of rowsOf(file)) break;
    expect(stalled.destroyed).toBe(true);
  });

  it.each([
    ['plain', big],
    ['gzip', gzipSync(big, { level: 1 })],
  ])('end when the signal aborts, with its reason (%s)', async (_, bytes) => {
    const abort = new AbortController();
    const source = sourceOf(bytes, [10_000]);
    const file = await readFile(source, null, { maxInflatedBytes: 1e9, signal: abort.signal });
    const reason = new Error('the lease is lost');
    const reading = (async () => {
      for await (const _rows of rowsOf(file)) abort.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
    expect(source.opened[0]!.destroyed).toBe(true);
  });

  it.each([
    ['plain', big],
    ['gzip', gzipSync(big, { level: 1 })],
  ])('end when the signal aborts while the source is stalled (%s)', async (_, bytes) => {
    const abort = new AbortController();
    const stalled = new Readable({ read() {} });
    stalled.push(bytes.subarray(0, 20_000));
    const opening = readFile({ sizeBytes: bytes.length, open: async () => stalled }, null, {
      maxInflatedBytes: 1e9,
      signal: abort.signal,
    });
    const reason = new Error('the service stops');
    setTimeout(() => abort.abort(reason), 20);
    await expect(opening).rejects.toBe(reason);
    expect(stalled.destroyed).toBe(true);
  });

  it('are never opened once the signal has aborted', async () => {
    const source = sourceOf(big);
    const reason = new Error('too late');
    await expect(readFile(source, null, { maxInflatedBytes: 1e9, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(source.opened).toHaveLength(0);
  });

  it.each([
    ['plain', big],
    ['gzip', gzipSync(big, { level: 1 })],
  ])('pass their errors on as they are (%s)', async (_, bytes) => {
    const failure = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    for (const length of [0, 1, 100, bytes.length - 1]) {
      const broken = async () =>
        Readable.from(
          (async function* () {
            yield bytes.subarray(0, length);
            await turn();
            throw failure;
          })(),
        );
      const reading = async () => {
        const file = await readFile({ sizeBytes: bytes.length, open: broken }, null, { maxInflatedBytes: 1e9 });
        return drain(file);
      };
      await expect(reading()).rejects.toBe(failure);
    }
  });

  it('that end before the object are a retryable error, never a shorter file', async () => {
    const source = { sizeBytes: big.length + 1, open: async () => Readable.from([big]) };
    const file = await readFile(source, null, { maxInflatedBytes: 1e9 });
    await expect(drain(file)).rejects.toMatchObject({ code: 'short_read', retryable: true });
  });
});
