/**
 * Files of the fuzzer through the real service: each ends as specified, its rows are orders or in its report (INV-1), and its report can
 * be uploaded again with the same cells.
 */
import { parse } from 'csv-parse/sync';
import Papa from 'papaparse';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateStock } from '../../src/generate.ts';
import { ALL_REPORT_COLUMNS, REPORT_COLUMNS } from '../../src/model/columns.ts';
import { FILE_FAILURE_CODES } from '../../src/model/file-failure.ts';
import { createRandom } from '../simulator/random.ts';
import { expectSound, reportOf, stockUp } from '../support/bad-input.ts';
import { readBytes } from '../support/reading.ts';
import { ended, type FileJson, getJson, runOms, type Service, startService, upload } from '../support/service.ts';
import { hostileFile } from './hostile-file.ts';
import { wellFormedFile } from './well-formed-file.ts';

const FILES_OF_A_TEST = 40;
const TESTS = 5;
const AT_ONCE = 4;
/** Seeds of their own: these files are others than those that are read in process. */
const FIRST_SEED = 1_000_000;

let service: Service;
const met = new Set<string>();

beforeAll(async () => {
  service = await startService();
  await stockUp(service);
  const stock = await fetch(`${service.url}/inventory`, {
    method: 'PUT',
    headers: { 'content-type': 'text/csv' },
    body: generateStock(),
  });
  expect(stock.status).toBe(200);
});
afterAll(async () => {
  expect(service.log.filter(({ level }) => (level as number) >= 50)).toEqual([]);
});

/** Null where the upload itself is refused, as the contract says. */
async function ingestOrRefused(bytes: Buffer, label: string | undefined): Promise<FileJson | null> {
  const response = await upload(service, bytes, label === undefined ? '?force=true' : `?force=true&encoding=${label}`);
  const answer = (await response.json()) as { code: string; file_id: string };
  if (response.status === 202) return ended(service, answer.file_id);
  expect([
    [400, 'empty_upload'],
    [415, 'not_csv'],
  ]).toContainEqual([response.status, answer.code]);
  return null;
}

async function rowsOfOrders(fileId: string): Promise<number[]> {
  const path = `/orders?limit=1000&file_id=${fileId}`;
  const page = await getJson<{ items: { source: { row: number } }[]; next_cursor: string | null }>(service, path);
  expect(page.next_cursor).toBeNull();
  return page.items.map(({ source }) => source.row);
}

interface Report {
  columns: string[];
  /** Cells as the report has them, without what it added. */
  cells: string[][];
  rows: number[];
}

async function readReport(file: FileJson): Promise<Report> {
  const text = await reportOf(service, file);
  const { delimiter } = file.intake!;
  const [header, ...records] = Papa.parse<string[]>(text, { delimiter, newline: '\n', skipEmptyLines: true }).data;
  expect(parse(text, { delimiter, record_delimiter: '\n' })).toEqual([header, ...records]);
  const data = header!.lastIndexOf('_row');
  const added: string[] = header!.slice(data);
  expect([REPORT_COLUMNS, ALL_REPORT_COLUMNS]).toContainEqual(added);
  for (const record of records) expect(record[data + added.indexOf('_file')]).toBe(file.file_id);
  return {
    columns: header!.slice(0, data),
    cells: records.map((record) => record.slice(0, data)),
    rows: records.map((record) => Number(record[data])),
  };
}

async function check(seed: number): Promise<void> {
  const random = createRandom(seed);
  const { bytes, label } = random.chance(0.2) ? wellFormedFile(random) : hostileFile(random);
  const file = await ingestOrRefused(bytes, label);
  if (file === null) return;
  const { rows, accepted, invalid } = file.progress;
  met.add(file.failure?.code ?? file.status);
  expect(file.failure === null ? 'completed' : 'failed').toBe(file.status);
  if (file.failure !== null)
    expect(FILE_FAILURE_CODES.filter((code) => code !== 'internal')).toContain(file.failure.code);
  expect(accepted + invalid).toBe(rows);

  const read = await readBytes(bytes, label === undefined ? {} : { encoding: label });
  expect(file.failure?.code ?? null).toBe(read.failure?.code ?? null);
  // The chunk in which a file fails is not kept, and these are files of one chunk.
  const known = file.failure === null ? read.rows.map(({ row }) => row) : [];
  const orders = await rowsOfOrders(file.file_id);
  expect(orders).toHaveLength(accepted);
  if (accepted > 0) met.add('accepted');
  expect(file.invalid_file === null).toBe(invalid === 0);
  const report = invalid === 0 ? null : await readReport(file);
  expect([...orders, ...(report?.rows ?? [])].sort((a, b) => a - b)).toEqual(known);
  if (report !== null) await checkAgain(file, report);
}

/** The report as it is: what is rejected of it again has the cells that it had. */
async function checkAgain(file: FileJson, report: Report): Promise<void> {
  const again = await ingestOrRefused(Buffer.from(await reportOf(service, file)), undefined);
  expect(again).toMatchObject({
    status: 'completed',
    parent_file_id: file.file_id,
    progress: { rows: report.rows.length },
  });
  met.add('report again');
  if (again!.invalid_file === null) return;
  const second = await readReport(again!);
  expect(second.columns).toEqual(report.columns);
  // Its rows count from its own header on.
  const rowsOfReport = await rowsOfRecords(file);
  expect(second.cells).toEqual(second.rows.map((row) => report.cells[rowsOfReport.indexOf(row)]));
}

/** The spreadsheet row of each record of a report, in which none is blank. */
async function rowsOfRecords(file: FileJson): Promise<number[]> {
  return (await readBytes(await reportOf(service, file))).rows.map(({ row }) => row);
}

for (let n = 0; n < TESTS; n++) {
  const first = FIRST_SEED + n * FILES_OF_A_TEST;
  test(`the service ends the files of seeds ${first} to ${first + FILES_OF_A_TEST - 1} as it promises`, async () => {
    for (let at = 0; at < FILES_OF_A_TEST; at += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => check(first + at + i)));
    await expectSound(service);
  });
}

test('files end in every way that a reader gives, and reports come back', () => {
  const ends = ['completed', 'accepted', 'report again', 'empty_file', 'missing_column', 'duplicate_column', 'not_csv'];
  expect([...ends, 'corrupt_gzip', 'unclosed_quote'].filter((what) => !met.has(what))).toEqual([]);
});

test('and all stored data is consistent', async () => {
  const { code, stdout } = await runOms(['verify'], { OMS_DATA_DIR: service.dataDirectory });
  expect({ code, stdout }).toMatchObject({ code: 0 });
});
