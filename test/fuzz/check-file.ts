/**
 * One file through the whole way in process: read, validated, reported, read again. Throws where something does not hold; gives what
 * was met, to be counted.
 */
import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import Papa from 'papaparse';
import { limits } from '../../src/limits.ts';
import { cellValue } from '../../src/model/characters.ts';
import { ORDER_COLUMNS, type OrderColumn, REPORT_COLUMNS } from '../../src/model/columns.ts';
import { FILE_FAILURE_CODES } from '../../src/model/file-failure.ts';
import type { Header } from '../../src/model/header.ts';
import { DELIMITERS, type Intake } from '../../src/model/intake.ts';
import type { RawRow } from '../../src/model/raw-row.ts';
import { REASON_CODES, type Rejection } from '../../src/model/rejection.ts';
import { escapeCell, unescapeCell } from '../../src/model/spreadsheet-cell.ts';
import type { ReadBounds } from '../../src/pipeline/read/read-chunks.ts';
import { type ReportForm, reportForm, reportHeader, reportLine } from '../../src/pipeline/report.ts';
import { type CheckedRow, createRowValidator, rejectUnknown, toRejection } from '../../src/pipeline/validate.ts';
import type { Random } from '../simulator/random.ts';
import { naiveRows } from '../support/naive-csv.ts';
import { type Reading, type ReadingOptions, readBytes, resumeAfter } from '../support/reading.ts';
import { resaved, type Saving } from '../support/resaved.ts';
import type { HostileFile } from './hostile-file.ts';
import { shuffled, type WellFormedFile } from './well-formed-file.ts';

/** What the reader may say of a file; the others are for the service around it. */
const READERS_CODES = FILE_FAILURE_CODES.filter(
  (code) => !['too_many_invalid', 'object_changed', 'duplicate_file', 'cancelled', 'internal'].includes(code),
);

const FILE_ID = 'f-1';
/** The naive reading is quadratic. */
const MAX_NAIVE_BYTES = 8_000;

export async function checkHostile(file: HostileFile, random: Random): Promise<string[]> {
  const bounds = anyBounds(file.bytes.length, random);
  const options: ReadingOptions = {
    ...(file.label === undefined ? {} : { encoding: file.label }),
    ...(random.chance(0.1) ? { maxInflatedBytes: random.between(1, 5_000) } : {}),
    bounds,
  };
  const whole = await readWhole(file.bytes, options);
  checkShape(whole, file.plain, options);
  if (file.plain !== null) checkNaively(whole, file.plain, bounds);
  await checkCuts(file.bytes, whole, options, random);
  const met = await checkRows(whole, random);
  return [`${file.kind}: ${whole.failure?.code ?? 'read'}`, ...met];
}

export async function checkWellFormed(file: WellFormedFile, random: Random): Promise<string[]> {
  const options: ReadingOptions = file.label === undefined ? {} : { encoding: file.label };
  const whole = await readWhole(file.bytes, options);
  assert.equal(whole.failure, null);
  assert.deepEqual(pick(whole.intake!, 'encoding', 'delimiter', 'gzip'), pick(file, 'encoding', 'delimiter', 'gzip'));
  assert.deepEqual(whole.header!.columns, file.columns);
  assert.deepEqual(
    whole.rows.map(({ row, cells, malformedQuote, undecodable }) => ({ row, cells, malformedQuote, undecodable })),
    file.rows.map(({ row, cells }) => ({
      row,
      cells: fitted(cells, file.columns),
      malformedQuote: false,
      undecodable: null,
    })),
  );
  if (file.lineEnd !== null) {
    const second = Papa.parse<string[]>(file.text, {
      delimiter: file.delimiter,
      newline: file.lineEnd,
      skipEmptyLines: 'greedy',
    });
    assert.deepEqual(second.errors, []);
    assert.deepEqual(
      parse(file.text, {
        delimiter: file.delimiter,
        record_delimiter: file.lineEnd,
        relax_quotes: true,
        relax_column_count: true,
      }).filter((cells) => cells.some((cell) => cell.trim() !== '')),
      second.data,
    );
    const [header, ...rows] = second.data;
    assert.deepEqual(
      header!.map((name) => name.trim()),
      file.columns,
    );
    assert.deepEqual(
      rows.map((cells) => fitted(cells, file.columns)),
      whole.rows.map(({ cells }) => cells),
    );
  }
  const small = { ...options, bounds: anyBounds(file.bytes.length, random, false) };
  await checkCuts(file.bytes, await readWhole(file.bytes, small), small, random);
  const met = await checkRows(whole, random);
  return [
    'well formed: read',
    `well formed: ${file.encoding}${file.gzip ? ', packed' : ''}`,
    ...(file.lineEnd === null ? [] : ['well formed: read a second time']),
    ...met,
  ];
}

function pick<Of, Name extends keyof Of>(of: Of, ...names: Name[]): Pick<Of, Name> {
  return Object.fromEntries(names.map((name) => [name, of[name]])) as Pick<Of, Name>;
}

/** Ways to cut a file into records, parts and chunks: as the service does, or so that small files have borders, too. */
function anyBounds(bytes: number, random: Random, tight = true): ReadBounds {
  if (random.chance(0.2)) return limits;
  return {
    ...limits,
    maxPartRows: random.between(1, 5),
    maxChunkRows: random.between(1, 8),
    maxChunkBytes: random.between(1, 2_000),
    ...(tight && random.chance(0.25) ? { maxRecordBytes: random.between(20, 2_000) } : {}),
    ...(tight && random.chance(0.2) ? { detectBytes: random.between(1, 2 * bytes + 1) } : {}),
    ...(tight && random.chance(0.2) ? { gzipRatioFromBytes: random.between(1, 5_000), maxGzipRatio: 20 } : {}),
  };
}

const readWhole = (bytes: Buffer, options: ReadingOptions) => readInSteps(bytes, { pieceSizes: [1e6], ...options });

/** Deflate makes at most some thousand bytes of one. */
const MAX_GROWTH = 1_100;
/** Of a character that a legacy encoding has in one byte. */
const MAX_UTF8_BYTES = 3;

/** Reads with a bound on the steps that bring no row: one that does not get on fails rather than hangs. */
function readInSteps(bytes: Buffer, options: ReadingOptions): Promise<Reading> {
  const blockBytes = options.bounds?.readBlockBytes ?? limits.readBlockBytes;
  let steps = 3 + Math.ceil((bytes.length * (isGzip(bytes) ? MAX_GROWTH : MAX_UTF8_BYTES)) / blockBytes);
  return readBytes(bytes, { ...options, atBorder: () => assert.ok(steps-- > 0, 'the reading does not get on') });
}

const isGzip = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** What holds of any reading by itself: it ends as the contract says, and rows and chunks follow each other without gap or overlap. */
function checkShape(reading: Reading, plain: Buffer | null, { maxInflatedBytes, bounds }: ReadingOptions): void {
  const { failure, intake, header, chunks, rows } = reading;
  if (failure !== null) {
    assert.equal(failure.retryable, false);
    assert.ok(
      (READERS_CODES as string[]).includes(failure.code),
      `the file fails as ${failure.code}: ${failure.stack}`,
    );
    assert.ok(failure.message.length < 2_000, 'the words of the failure are bounded');
  }
  let before = chunks[0]?.start;
  for (const chunk of chunks) {
    assert.deepEqual(chunk.start, before);
    assert.ok(chunk.rows.length <= bounds!.maxChunkRows!);
    let { offset, row } = chunk.start;
    for (const each of chunk.rows) {
      assert.ok(each.row > row && each.end > offset, 'rows go forward');
      ({ row, end: offset } = each);
      assert.ok(each.cells.every((cell) => cell.isWellFormed()));
      // A blank in quotes of a report is something until they are off.
      if (!header?.report) assert.ok(each.cells.some((cell) => cell.trim() !== ''));
      for (const index of each.undecodable ?? []) assert.ok(each.cells[index]!.includes('\ufffd'));
    }
    assert.ok(chunk.end.row >= row && chunk.end.offset >= offset);
    before = chunk.end;
  }
  assert.deepEqual(
    chunks.flatMap((chunk) => chunk.rows).map((each) => each.row),
    rows
      .slice(
        0,
        chunks.reduce((sum, chunk) => sum + chunk.rows.length, 0),
      )
      .map((each) => each.row),
  );
  if (intake?.gzip && maxInflatedBytes !== undefined) {
    for (const { end } of rows) assert.ok(end <= maxInflatedBytes + limits.readBlockBytes);
    if (plain !== null && plain.length > maxInflatedBytes) assert.notEqual(failure, null);
  }
  if (failure === null) {
    assert.ok(chunks.at(-1)!.last);
    if (plain !== null) assert.equal(chunks.at(-1)!.end.offset, asRead(plain, intake!).length);
  }
}

/** The rows against a second reading of the whole text, which knows no limits: ours are its first ones, all of them unless one was hit. */
function checkNaively({ intake, rows, failure, header }: Reading, plain: Buffer, bounds: ReadBounds): void {
  if (intake === null || header === null || plain.length > MAX_NAIVE_BYTES) return;
  const bytes = asRead(plain, intake);
  const { text, decode } = decoding(bytes, intake);
  const naive = naiveRows(text, intake.delimiter, (raw) => decode(raw));
  const unit = intake.encoding.startsWith('utf-16') ? 2 : 1;
  const bom = intake.bom ? (intake.encoding === 'utf-8' ? 3 : 2) : 0;
  const forSpreadsheets =
    naive.rows[0]?.row === 1 && /^sep=.?[,;\t| ]*$/i.test(naive.rows[0].cells.join(intake.delimiter));
  const expected = naive.rows.slice(forSpreadsheets ? 2 : 1).map(({ row, cells: read, malformedQuote, end }) => {
    const cells = malformedQuote ? read : fitted(read, header.columns);
    return {
      row,
      cells: header.report
        ? cells.map((cell, i) => (header.dataColumns.includes(i) ? unescapeCell(cell) : cell))
        : cells,
      malformedQuote,
      end: Math.min(end * unit + bom, bytes.length),
    };
  });
  assert.deepEqual(
    rows.map(({ row, cells, malformedQuote, end }) => ({ row, cells, malformedQuote, end })),
    expected.slice(0, rows.length),
  );
  if (failure === null) assert.equal(rows.length, expected.length);
  if (failure === null || bounds.maxRecordBytes === limits.maxRecordBytes)
    assert.equal(failure?.code === 'unclosed_quote', naive.failure !== null && !isGivenUpBefore(failure?.code));
  if (failure?.code === 'unclosed_quote' && bounds.maxRecordBytes === limits.maxRecordBytes)
    assert.deepEqual(failure.details, { row: naive.failure!.row });
}

/** Without empty cells too many, and with those that may lack under columns without a name. */
export function fitted(cells: string[], columns: string[]): string[] {
  const all = [...cells];
  while (all.length > columns.length && all.at(-1)!.trim() === '') all.pop();
  if (all.length > columns.length) return cells;
  const named = columns.map((name) => name !== '').lastIndexOf(true) + 1;
  while (all.length >= named && all.length < columns.length) all.push('');
  return all;
}

/** A limit that may be hit before the end, of what is unpacked. */
const isGivenUpBefore = (code: string | undefined) => code === 'too_large';

/** The bytes that offsets count: those of UTF-8 for converted encodings, with a forbidden byte for undecodable ones. */
function asRead(plain: Buffer, { encoding }: Intake): Buffer {
  if (encoding.startsWith('utf-') || encoding === 'windows-1252') return plain;
  const pieces = new TextDecoder(encoding, { ignoreBOM: true }).decode(plain).split('\ufffd');
  return Buffer.concat(pieces.flatMap((piece) => [Buffer.of(0xff), Buffer.from(piece)]).slice(1));
}

function decoding(plain: Buffer, { encoding, bom }: Intake): { text: string; decode(raw: string): string } {
  if (encoding === 'utf-16le' || encoding === 'utf-16be') {
    const bytes = plain.subarray(bom ? 2 : 0);
    const even = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
    const units = (encoding === 'utf-16be' ? even.swap16() : even).toString('utf16le');
    return { text: bytes.length % 2 === 0 ? units : `${units}\ud800`, decode: (raw) => raw.toWellFormed() };
  }
  const decoder = new TextDecoder(encoding === 'windows-1252' ? encoding : 'utf-8', { ignoreBOM: true });
  return {
    text: plain.subarray(bom ? 3 : 0).toString('latin1'),
    decode: (raw) => decoder.decode(Buffer.from(raw, 'latin1')),
  };
}

/** Reads the same however the bytes are cut, and from any border. */
async function checkCuts(bytes: Buffer, whole: Reading, options: ReadingOptions, random: Random): Promise<void> {
  const pieceSizes = Array.from({ length: random.between(1, 4) }, () => random.between(1, 1 + (bytes.length >> 2)));
  // Few enough steps for a large file.
  const readBlockBytes = random.between(1 + (bytes.length >> 7), 300 + (bytes.length >> 3));
  const cut = { ...options, pieceSizes, bounds: { ...options.bounds, readBlockBytes } };
  assert.deepEqual(outcome(await readInSteps(bytes, cut)), outcome(whole));
  const borders = whole.chunks.filter((chunk) => !chunk.last);
  if (borders.length === 0) return;
  const chunk = random.pick(borders);
  const resumed = await readInSteps(bytes, { ...cut, resume: resumeAfter(whole, chunk) });
  const expected = outcome(whole);
  assert.deepEqual(outcome(resumed), { ...expected, chunks: expected.chunks.slice(whole.chunks.indexOf(chunk) + 1) });
}

/** Everything that reading returns for a file, except progress and read-ahead, which depend on how the bytes arrive. */
const outcome = ({ intake, header, chunks, failure }: Reading) => ({
  intake,
  header,
  chunks: chunks.map(({ bytesRead: _, intake: __, ...chunk }) => chunk),
  failure: failure && { code: failure.code, details: failure.details },
});

/** Every row is an order or a rejection (INV-1), and the report gives the rejected cells back. */
async function checkRows({ rows, header, intake }: Reading, random: Random): Promise<string[]> {
  if (header === null) return [];
  const met = new Set<string>();
  const validate = createRowValidator(header, { timeZone: 'UTC' });
  const rejections: Rejection[] = [];
  let accepted = 0;
  for (const raw of rows) {
    const checked = validate(raw);
    assert.equal(checked.order === null, checked.reasons.length > 0);
    checkOrder(checked);
    if (random.chance(0.3)) rejectUnknown(checked, { skuValid: false, hubValid: random.chance(0.5) });
    assert.equal(checked.order === null, checked.reasons.length > 0);
    for (const { code, reason } of checked.reasons) {
      assert.ok((REASON_CODES as readonly string[]).includes(code));
      assert.ok(
        reason.length < 1_000 && !/[\x00-\x1f]/.test(reason),
        'the words of a reason are bounded and of one line',
      );
      met.add(`row: ${code}`);
    }
    if (checked.order === null) {
      const rejection = toRejection(checked, header, intake!.delimiter);
      checkRecord(raw, rejection, intake!);
      rejections.push(rejection);
    } else accepted++;
  }
  assert.equal(accepted + rejections.length, rows.length);
  if (accepted > 0) met.add('row: accepted');
  if (rejections.length > 0) await checkReport(header, rejections, random, met);
  return [...met];
}

/** The whole record of a row whose cells could not be separated. */
function checkRecord({ cells, malformedQuote, unfixed }: RawRow, { record }: Rejection, { delimiter }: Intake): void {
  if (record === undefined || unfixed) return;
  if (malformedQuote) assert.deepEqual(record.split(delimiter), cells);
  // A record of one empty cell is written as nothing.
  else if (record !== '') assert.deepEqual(parse(record, { delimiter, record_delimiter: '\n' }), [cells]);
}

/** An order is its cells, all of them and nothing else. */
function checkOrder({ raw, header, order }: CheckedRow): void {
  if (order === null) return;
  assert.equal(raw.cells.length, header.columns.length);
  assert.equal(raw.malformedQuote, false);
  const cell = (column: OrderColumn) => cellValue(column, raw.cells[header.orderColumns[column]]!);
  for (const column of ORDER_COLUMNS) assert.ok(!raw.undecodable?.includes(header.orderColumns[column]));
  assert.deepEqual(
    [order.row, order.orderId, order.customerName, order.customerEmail, order.productName, order.sku, order.hubId],
    [raw.row, ...(['order_id', 'customer_name', 'customer_email', 'product_name', 'sku', 'hub_id'] as const).map(cell)],
  );
  assert.deepEqual([order.quantity, order.shippingAddress], [Number(cell('quantity')), cell('shipping_address')]);
  assert.deepEqual(
    [order.unitPriceMinor, order.totalMinor],
    [Math.round(Number(cell('unit_price')) * 100), Math.round(Number(cell('total_amount')) * 100)],
  );
}

async function checkReport(header: Header, rejections: Rejection[], random: Random, met: Set<string>) {
  const form = formOf(header, rejections);
  const report = reportOf(rejections, form);

  const expected = rejections.map(({ row, values, reasons }) => [
    ...values.map(escapeCell),
    String(row),
    reasons.map(({ column }) => escapeCell(column)).join(' | '),
    reasons.map(({ code }) => code).join(' | '),
    escapeCell(reasons.map(({ reason }) => reason).join(' | ')),
    FILE_ID,
  ]);
  const own = ([, ...records]: string[][]) =>
    records.map((cells) => cells.slice(0, form.columns.length + REPORT_COLUMNS.length));
  assert.deepEqual(
    own(Papa.parse<string[]>(report, { delimiter: ',', newline: '\n', skipEmptyLines: true }).data),
    expected,
  );
  assert.deepEqual(own(parse(report, { record_delimiter: '\n' })), expected);
  const delimiter = random.pick(DELIMITERS);
  const delimited = reportOf(rejections, { ...form, delimiter, bom: random.chance(0.5) });
  assert.deepEqual(own(parse(delimited, { bom: true, delimiter, record_delimiter: '\n' })), expected);
  await rejectedAgain(delimited, rejections);
  // All that the row had: the values, and what the report has no columns for.
  const again = await rejectedAgain(report, rejections);
  met.add('report: rejected again');
  await rejectedAgain(resaved(report, anySaving(random)), rejections);
  await rejectedAgain(reportOf(again.rejections, formOf(again.header, again.rejections)), rejections);
}

const formOf = (header: Header, rejections: Rejection[]): ReportForm =>
  reportForm({
    columns: header.columns,
    intake: null,
    invalidByCode: Object.fromEntries(rejections.flatMap(({ reasons }) => reasons.map(({ code }) => [code, 1]))),
  });

const reportOf = (rejections: Rejection[], form: ReportForm): string =>
  reportHeader(form) + rejections.map((rejection) => reportLine(rejection, FILE_ID, form)).join('');

function anySaving(random: Random): Saving {
  const moves = random.chance(0.3);
  return {
    delimiter: random.pick([',', ';', '\t', '|']),
    lineEnd: random.pick(['\n', '\r\n']),
    bom: random.chance(0.5),
    quotesAll: random.chance(0.3),
    // Reordered columns end in data, which no program may leave out.
    cutsEmpty: !moves && random.chance(0.5),
    ...(moves && { order: (columns: number[]) => shuffled(columns, random) }),
  };
}

/** An upload of the report: the same rows are rejected, for the same reasons but for those of the inventory service. */
async function rejectedAgain(
  report: string,
  rejections: Rejection[],
): Promise<{ header: Header; rejections: Rejection[] }> {
  const { failure, header, intake, rows } = await readBytes(report);
  assert.equal(failure, null);
  assert.ok(header!.report);
  const validate = createRowValidator(header!, { timeZone: 'UTC' });
  const again = rows.map((raw, i) => {
    const checked = validate(raw);
    const { reasons } = rejections[i]!;
    const judged = reasons.filter(({ code }) => !code.startsWith('unknown_'));
    assert.deepEqual(
      new Set(checked.reasons.map(({ column, code }) => `${column} ${code}`)),
      new Set(judged.map(({ column, code }) => `${column} ${code}`)),
    );
    if (checked.order !== null) rejectUnknown(checked, { skuValid: false, hubValid: false });
    return toRejection(checked, header!, intake!.delimiter);
  });
  const valuesOf = ({ values, record }: Rejection) => ({ values: [...values].sort(), record });
  assert.deepEqual(again.map(valuesOf), rejections.map(valuesOf));
  return { header: header!, rejections: again };
}
