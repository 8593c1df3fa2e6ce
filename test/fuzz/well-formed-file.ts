/**
 * Files made by a grammar, so that what is in them is known: any header, delimiter, encoding, line end and style of quotes that users'
 * programs write. What readers take differently is left out: text after a closing quote, and quotes that never close.
 */
import { gzipSync } from 'node:zlib';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import { DELIMITERS, type Delimiter, type Encoding } from '../../src/model/intake.ts';
import type { Random } from '../simulator/random.ts';

export interface WellFormedFile {
  bytes: Buffer;
  /** As an uploader types it. */
  label: string | undefined;
  encoding: Encoding;
  delimiter: Delimiter;
  gzip: boolean;
  /** The whole file as other readers take it: without a byte order mark, blanks around quotes, and a line for spreadsheets. */
  text: string;
  /** Null where they take turns. */
  lineEnd: '\n' | '\r\n' | '\r' | null;
  columns: string[];
  /** Without blank records, which count. */
  rows: { row: number; cells: string[] }[];
}

interface Coding {
  encoding: Encoding;
  label?: string;
  encode(text: string): Buffer;
  /** Where not all characters are known. */
  knows?(character: string): boolean;
}

/** The other way round of what Node decodes. */
function legacy(encoding: Encoding, label: string): Coding {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const bytesOf = new Map<string, number[]>();
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  for (const bytes of [...all.map((byte) => [byte]), ...all.flatMap((lead) => all.map((trail) => [lead, trail]))]) {
    try {
      const text = decoder.decode(Uint8Array.from(bytes));
      if ([...text].length === 1 && !bytesOf.has(text)) bytesOf.set(text, bytes);
    } catch {
      // No character of it.
    }
  }
  return {
    encoding,
    label,
    knows: (character) => bytesOf.has(character),
    encode: (text) => Buffer.from([...text].flatMap((character) => bytesOf.get(character)!)),
  };
}

const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => utf16le(text).swap16();

const CODINGS: Coding[] = [
  { encoding: 'utf-8', encode: (text) => Buffer.from(text) },
  { encoding: 'utf-8', encode: (text) => Buffer.from(`\ufeff${text}`) },
  { encoding: 'utf-16le', encode: (text) => utf16le(`\ufeff${text}`) },
  { encoding: 'utf-16be', encode: (text) => utf16be(`\ufeff${text}`) },
  { encoding: 'utf-16le', label: 'utf-16', encode: utf16le },
  { encoding: 'utf-16be', label: 'UTF-16BE', encode: utf16be },
  {
    encoding: 'windows-1252',
    label: 'latin1',
    encode: (text) => Buffer.from(text.replaceAll('€', '\x80'), 'latin1'),
  },
  legacy('shift_jis', 'sjis'),
  legacy('gbk', 'gb2312'),
  legacy('big5', 'big5'),
  legacy('windows-1251', 'cp1251'),
];

const CELLS = [
  ...['A-1', '007', '2', '19.99', 'ada@example.com', '2026-11-20', '12 St James Square', 'x'.repeat(600)],
  ...['', ' ', '  a ', '\u00a0', ',', ';', '|', '\t', 'a,b', '5;', '\t\t'],
  ...['"', '""', '27" monitor', 'say "hi"', '"a"', '","', '"\n"', "'", "'=1", '=1+1', '@x', '-5', '+a'],
  ...['\n', '\r\n', '\r', 'a\rb', 'a\nb\r\nc', '\n\n', 'a\r', '\0', '\x07'],
  ...['é', 'ÿ', '€', '×é€'],
];
const WIDE_CELLS = ['王 秀英', '😀', 'a\ufeffb', '\u2028', 'e\u0301', 'ポ|ソ', '田\\中', 'Иван'];

/** Stands for a blank beside a quote. */
const BLANK = '\ue000';

const EXTRA_COLUMNS = [
  'note',
  'Note',
  'note',
  'a;b|c',
  'x"y',
  '=sum',
  "'quoted",
  'Über',
  'two\nlines',
  '_row',
  '_code',
  '',
  '',
  'tab\tbed',
];

export function wellFormedFile(random: Random): WellFormedFile {
  const coding = random.pick(CODINGS);
  const delimiter = random.weighted<Delimiter>(DELIMITERS.map((each, index) => [index === 0 ? 3 : 1, each]));
  const lineEnd = random.weighted<'\n' | '\r\n' | '\r' | null>([
    [4, '\n'],
    [4, '\r\n'],
    [2, '\r'],
    [1, null],
  ]);
  const blanks = random.chance(0.3) ? [BLANK, BLANK + BLANK, ''] : [''];
  const quoting = random.pick(['all', 'needed', 'some'] as const);
  const pool = coding.encoding === 'windows-1252' ? CELLS : [...CELLS, ...WIDE_CELLS];

  const write = (cell: string) => {
    const must = cell.startsWith('"') || /[\r\n]/.test(cell) || cell.includes(delimiter);
    const quoted = must || quoting === 'all' || (quoting === 'some' && random.chance(0.3));
    if (!quoted) return cell;
    const [before, after] = [random.pick(blanks), random.pick(blanks)];
    return `${before}"${cell.replaceAll('"', '""')}"${after}`;
  };
  const blank = () =>
    random.pick(['', ' ', delimiter.repeat(random.between(1, 12)), '""', `"\n"${delimiter} `, ' '.repeat(80)]);

  const known = (text: string) =>
    coding.knows === undefined ? text : Array.from(text, (each) => (coding.knows!(each) ? each : '?')).join('');
  const columns = headerColumns(random).map(known);
  const records: string[] = [];
  const maybeBlank = () => {
    while (random.chance(0.1)) records.push(blank());
  };
  if (random.chance(0.1)) records.push(random.pick([`sep=${delimiter}`, `SEP=${delimiter}`, `"sep=${delimiter}"`]));
  const linesForSpreadsheets = records.length;
  maybeBlank();
  records.push(columns.map((name) => write(spelled(name, delimiter, random))).join(delimiter));
  const rows: WellFormedFile['rows'] = [];
  for (let left = random.between(1, random.chance(0.1) ? 120 : 12); left > 0; left--) {
    maybeBlank();
    const width = random.chance(0.8) ? columns.length : random.between(1, columns.length + 3);
    const cells = Array.from({ length: width }, () =>
      coding.encoding !== 'windows-1252' && random.chance(0.05) ? anyText(random) : random.pick(pool),
    ).map(known);
    if (cells.every((cell) => cell.trim() === '')) cells[0] = 'A';
    records.push(cells.map(write).join(delimiter));
    rows.push({ row: records.length, cells });
  }
  maybeBlank();

  const lastEnded = random.chance(0.7);
  const lines = records.map((record, index) =>
    // A line of nothing that ends in LF would be the second half of a line end.
    index === records.length - 1 && !lastEnded
      ? record
      : record + (lineEnd ?? random.pick(record === '' ? ['\r\n', '\r'] : ['\n', '\r\n', '\r'])),
  );
  const written = lines.join('');
  const text = lines.slice(linesForSpreadsheets).join('').replaceAll(BLANK, '');
  const plain = coding.encode(written.replaceAll(BLANK, () => random.pick(delimiter === '\t' ? [' '] : [' ', '\t'])));
  const gzip = random.chance(0.25);
  return {
    bytes: gzip ? packed(plain, random) : plain,
    label: coding.label,
    encoding: coding.encoding,
    delimiter,
    gzip,
    text,
    lineEnd,
    columns,
    rows,
  };
}

/** Gzip files may be joined. */
export function packed(plain: Buffer, random: Random): Buffer {
  const cut = random.between(0, plain.length);
  return random.chance(0.3)
    ? Buffer.concat([gzipSync(plain.subarray(0, cut)), gzipSync(plain.subarray(cut))])
    : gzipSync(plain);
}

function headerColumns(random: Random): string[] {
  const extras = random.chance(0.5) ? EXTRA_COLUMNS.filter(() => random.chance(0.3)) : [];
  return random.chance(0.4) ? [...ORDER_COLUMNS, ...extras] : shuffled([...ORDER_COLUMNS, ...extras], random);
}

export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, place: random.fraction() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** Characters from anywhere, without halves. */
function anyText(random: Random): string {
  const points = Array.from({ length: random.between(1, 8) }, () =>
    random.between(0, random.pick([0xff, 0xffff, 0x10ffff])),
  );
  return String.fromCodePoint(...points).toWellFormed();
}

/** The same name with spaces around it; a tab would be a delimiter. */
function spelled(name: string, delimiter: Delimiter, random: Random): string {
  return random.chance(0.1) && delimiter !== '\t' ? ` ${name} ` : name;
}
