/** What a preview finds out about the bytes of a file: encoding, delimiter, header; and that no file costs it much. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/limits.ts';
import { ORDER_COLUMNS } from '../../../../src/model/columns.ts';
import { previewOf } from '../../../support/preview.ts';

const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const LIST = 'Order No;Kunde;Menge\nA-1;Zoë;2\nA-2;Bob;1\n';

describe('the encoding', () => {
  it.each<[string, Buffer, string | undefined, object]>([
    ['UTF-8', Buffer.from(LIST), undefined, { encoding: 'utf-8', encodingBy: 'bytes', bom: false, mustBeNamed: false }],
    [
      'UTF-8 with a mark',
      Buffer.from(`\ufeff${LIST}`),
      undefined,
      { encoding: 'utf-8', encodingBy: 'mark', bom: true },
    ],
    ['Windows-1252', Buffer.from(LIST, 'latin1'), undefined, { encoding: 'windows-1252', encodingBy: 'bytes' }],
    [
      'UTF-16 with a mark',
      utf16le(`\ufeff${LIST}`),
      undefined,
      { encoding: 'utf-16le', bom: true, mustBeNamed: false },
    ],
    [
      'UTF-16 without a mark',
      utf16le(LIST),
      undefined,
      { encoding: 'utf-16le', encodingBy: 'bytes', mustBeNamed: true },
    ],
    ['UTF-16 big-endian', utf16le(LIST).swap16(), undefined, { encoding: 'utf-16be', mustBeNamed: true }],
    [
      'as asked',
      Buffer.from(LIST, 'latin1'),
      'iso-8859-15',
      { encoding: 'iso-8859-15', encodingBy: 'sender', mustBeNamed: true },
    ],
    ['gzip', gzipSync(LIST), undefined, { encoding: 'utf-8', gzip: true, whole: true }],
  ])('is found: %s', async (_, file, encoding, expected) => {
    const { beginning, header, columns } = await previewOf(file, { encoding });
    expect(beginning).toMatchObject(expected);
    expect(header!.record.cells).toEqual(['Order No', 'Kunde', 'Menge']);
    expect(columns[1]!.examples).toEqual(['Zoë', 'Bob']);
  });

  it.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'empty_upload'],
    ['gzip of nothing', gzipSync(''), 'empty_upload'],
    ['a workbook', Buffer.from('PK\x03\x04 and so on'), 'not_csv'],
    ['an image', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), 'not_csv'],
    ['bytes', Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]), 'not_csv'],
    ['gzip in gzip', gzipSync(gzipSync(LIST)), 'not_csv'],
    ['damaged gzip', Buffer.from('1f8b08ff', 'hex'), 'corrupt_gzip'],
    ['HTML', Buffer.from('<!doctype html><title>Orders</title>'), 'not_csv'],
    ['JSON', Buffer.from('{"orders":[]}'), 'not_csv'],
    [
      'Windows-1251',
      Buffer.from(`A;B\n${'\xcf\xf0\xe8\xe2\xe5\xf2;\xec\xe8\xf0\n'.repeat(9)}`, 'latin1'),
      'unsupported_encoding',
    ],
  ])('%s is refused', async (_, file, code) => {
    await expect(previewOf(file)).rejects.toMatchObject({ code });
  });

  it('of a file that is sent in part, the last row is left out, as it may be cut', async () => {
    const part = Buffer.from(LIST).subarray(0, -1);
    expect((await previewOf(part, { isPart: true })).rows).toHaveLength(1);
    expect((await previewOf(part)).rows).toHaveLength(2);
    const packed = gzipSync(LIST + Array.from({ length: 5_000 }, (_, i) => `B-${i};Bob;${i * 7919}\n`).join(''));
    const { beginning, columns } = await previewOf(packed.subarray(0, packed.length / 2));
    expect(beginning).toMatchObject({ gzip: true, whole: false });
    expect(columns[0]!.filled).toBeGreaterThan(500);
  });
});

describe('the header', () => {
  const rows = 'A-1;Ann;2\nA-2;Bob;1\n';
  it.each<[string, string, { delimiter: string; row: number; titles: number; names: number } | null]>([
    ['in the first row', LIST, { delimiter: ';', row: 1, titles: 0, names: 3 }],
    ['below a title', `Bestellungen\n${LIST}`, { delimiter: ';', row: 2, titles: 1, names: 3 }],
    [
      'below padded titles and an empty line',
      `Report;;\nMay;2026;\n;;\n${LIST}`,
      { delimiter: ';', row: 4, titles: 2, names: 3 },
    ],
    [
      'below titles with commas',
      `Müller, Sohn, Enkel\nA, B, C, D\n${LIST}`,
      { delimiter: ';', row: 3, titles: 2, names: 3 },
    ],
    ['below sep=', `sep=;\n${LIST}`, { delimiter: ';', row: 2, titles: 0, names: 3 }],
    ['with tabs', LIST.replaceAll(';', '\t'), { delimiter: '\t', row: 1, titles: 0, names: 3 }],
    ['with bars', LIST.replaceAll(';', '|'), { delimiter: '|', row: 1, titles: 0, names: 3 }],
    [
      'with decimal commas below',
      'Order No;Price\nA-1;4,20\nA-2;3,10\n',
      { delimiter: ';', row: 1, titles: 0, names: 2 },
    ],
    [
      'in a language that is not known',
      `Zamówienie;Imię;Ilość\n${rows}`,
      { delimiter: ';', row: 1, titles: 0, names: 0 },
    ],
    [
      'with a line break in a name',
      `"Order\nNo";Kunde;Menge\n${rows}`,
      { delimiter: ';', row: 1, titles: 0, names: 3 },
    ],
    ['of one column', 'Order No\nA-1\nA-2\n', { delimiter: ',', row: 1, titles: 0, names: 1 }],
    ['without rows', 'Order No,Qty\n', { delimiter: ',', row: 1, titles: 0, names: 2 }],
    ['of the standard', `${ORDER_COLUMNS.join()}\n`, { delimiter: ',', row: 1, titles: 0, names: 11 }],
    [
      'missing: the first row is an order',
      'A-1,Ann Lee,ann@example.com,2,4.20,2026-11-21\nA-2,Bob,bob@example.com,1,1.10,2026-11-22\n',
      null,
    ],
    ['missing: a letter', 'Dear all\nplease find the orders\n', null],
    ['missing: 1 MiB in one line', `Order No,Qty${',x'.repeat(600_000)}`, null],
    ['missing: an open quote', `"Order No,Qty\n${'A,1\n'.repeat(9)}`, null],
  ])('is found: %s', async (_, file, expected) => {
    const { header } = await previewOf(file);
    const found = header && {
      delimiter: header.delimiter,
      row: header.record.row,
      titles: header.titles.length,
      names: header.names,
    };
    expect(found).toEqual(expected);
  });

  it('may have columns of one name, which are not proposed', async () => {
    const { columns, ...suggestion } = await previewOf('Order No,Price,price,Qty\nA-1,4.20,3.10,1\n');
    expect(columns.map(({ isAmbiguous }) => isAmbiguous)).toEqual([false, true, true, false]);
    expect(suggestion.format.columns!.unit_price).toBeUndefined();
    expect(suggestion.missing).toContain('unit_price');
  });
});

it('the rows before one that cannot be read are shown, with the reason why it ends there', async () => {
  const long = `A-2,${'x'.repeat(limits.previewRecordBytes)}`;
  expect(await previewOf(`Order No,Note\nA-1,a\n${long}\nA-3,b\n`)).toMatchObject({
    rows: [{ row: 2 }],
    failure: { code: 'record_too_large', row: 3 },
  });
  expect(await previewOf('Order No,Note\nA-1,a\nA-2,"b\n')).toMatchObject({
    rows: [{ row: 2 }],
    failure: { code: 'unclosed_quote', row: 3 },
  });
});

describe('a file is not too much for it:', () => {
  const mib = (line: string) => line.repeat(Math.ceil(limits.previewBytes / line.length));
  it.each([
    ['delimiters', mib(',')],
    ['delimiters of every kind', mib(',;\t|')],
    ['lines of delimiters', `Order No${',a'.repeat(255)}\n${mib(`${',9'.repeat(255)}\n`)}`],
    ['line ends', mib('\r')],
    ['quotes', mib('"')],
    ['quotes and delimiters', mib('",')],
    ['e-mail addresses of nothing', `Mail,Order\n${mib(`${'@.'.repeat(120)} x,1\n`)}`],
    ['numbers of nothing', `Price,Order\n${mib(`${'1,2.'.repeat(9)}x,1\n`)}`],
    ['dates of nothing', `Date,Order\n${mib('11/11/2026 11:11:11.111 +01:0x,1\n')}`],
    ['long names', `${mib(`${'a1B'.repeat(60)},`).slice(0, 100_000)}\n1\n`],
    ['one order id', `Order No,Qty,Price\n${mib('A-1,1,2.00\n')}`],
    ['two-byte text', `Order No,Kunde\n${mib('A-1,Zoë\n')}`],
    ['control characters behind the start', `Order No,Kunde\n${'A-1,a\n'.repeat(50)}${mib('A-1,\0\n')}`],
  ])('%s', async (_, file) => {
    let rounds = 0;
    const next = () => {
      rounds++;
      beat = setImmediate(next);
    };
    let beat = setImmediate(next);
    try {
      await previewOf(Buffer.from(file).subarray(0, limits.previewBytes), { isPart: true });
    } finally {
      clearImmediate(beat);
    }
    // Others are served in between.
    expect(rounds).toBeGreaterThan(3);
  });
});
