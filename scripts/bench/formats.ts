/** The same orders in files of other forms, each read by its format, beside the standard file. */
import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ORDER_COLUMNS, type OrderColumn } from '../../src/model/columns.ts';
import { csvRecord } from '../../src/model/spreadsheet-cell.ts';
import { CsvRecords } from '../../src/pipeline/read/csv-records.ts';
import { withInput } from './inputs.ts';
import { grouped, median, medianRatio, thousands } from './measure.ts';
import type { Bench } from './report.ts';
import { type Ingested, ingest } from './service.ts';

const ROWS = 300_000;
/** Of an order in the file with adjacent lines. */
const LINES = 3;

type Row = Record<OrderColumn, string>;

interface Form {
  name: string;
  format: object;
  header: readonly string[];
  cells(row: Row, first: Row): string[];
}

const at = (names: readonly string[]) =>
  Object.fromEntries(ORDER_COLUMNS.map((column, i) => [column, { from: names[i]! }]));
const NAMES = ORDER_COLUMNS.map((column) => `Our ${column}`);
const WITHOUT_HUB = ORDER_COLUMNS.filter((column) => column !== 'hub_id');

const FORMS: Form[] = [
  {
    name: '`from` and `value`',
    header: WITHOUT_HUB.map((column) => `Our ${column}`),
    format: { columns: { ...at(NAMES), hub_id: { value: 'HUB-1' } } },
    cells: (row) => WITHOUT_HUB.map((column) => row[column]),
  },
  {
    name: 'numbers and dates of a locale',
    header: NAMES,
    format: {
      columns: at(NAMES),
      numbers: { decimal: ',', group: '.' },
      dates: ['dd.MM.yyyy', 'dd.MM.yyyy HH:mm:ss XXX'],
    },
    cells: (row) => ORDER_COLUMNS.map((column) => inLocale(column, row[column])),
  },
  {
    name: `adjacent lines, ${LINES} an order`,
    header: NAMES,
    format: { columns: at(NAMES), lines: 'adjacent' },
    cells: (row, first) => ORDER_COLUMNS.map((column) => (OF_ORDER.includes(column) ? first : row)[column]),
  },
];
const OF_ORDER: readonly OrderColumn[] = [
  'order_id',
  'customer_name',
  'customer_email',
  'order_date',
  'shipping_address',
];

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d:\d\d) ?(.+))?$/;

function inLocale(column: OrderColumn, text: string): string {
  if (column === 'unit_price' || column === 'total_amount')
    return text.replace('.', ',').replace(/\B(?=(\d{3})+,)/g, '.');
  if (column !== 'order_date') return text;
  return text.replace(MOMENT, (_, year, month, day, time, offset) =>
    time === undefined ? `${day}.${month}.${year}` : `${day}.${month}.${year} ${time} ${offset}`,
  );
}

export async function formats(bench: Bench): Promise<void> {
  const { say, work } = bench;
  await withInput(work, { rows: bench.scaled(ROWS), ids: 'random' }, async (input) => {
    const paths = FORMS.map((_, i) => join(work, `format-${i}.csv`));
    const rows = rowsOf(await readFile(input.path, 'latin1'));
    for (const [i, form] of FORMS.entries())
      await pipeline(Readable.from(fileOf(form, rows)), createWriteStream(paths[i]!));
    const standard: Ingested[] = [];
    const others = FORMS.map((): Ingested[] => []);
    for (let round = 0; round < bench.rounds; round++) {
      standard.push(await ingest(work, input));
      for (const [i, { format }] of FORMS.entries())
        others[i]!.push(await ingest(work, { ...input, path: paths[i]! }, format));
    }
    for (const path of paths) await rm(path);

    const rates = (runs: Ingested[]) => runs.map(({ rowsPerSecond }) => rowsPerSecond);
    const cpu = (runs: Ingested[]) => runs.map(({ cpuSeconds }) => cpuSeconds);
    const row = (name: string, runs: Ingested[]) => {
      const [ratio, ofCpu] = [medianRatio(rates(runs), rates(standard)), medianRatio(cpu(standard), cpu(runs))];
      const [rate, seconds] = [thousands(median(rates(runs))), median(cpu(runs)).toFixed(1)];
      say(
        `| ${name} | ${rate} | ${ratio.toFixed(2)} | ${seconds} | ${ofCpu.toFixed(2)} | ${grouped(runs[0]!.accepted)} |`,
      );
      return ofCpu;
    };
    say(`## Formats, ${grouped(input.rows)} rows`);
    say();
    say('| file | rows/s | / standard | CPU s | CPU of standard / it | accepted |');
    say('|---|---|---|---|---|---|');
    row('standard', standard);
    for (const [i, { name }] of FORMS.entries())
      bench.ratio(`formats, ${name}, CPU of standard / it`, row(name, others[i]!));
    say();
  });
}

/** `text`: with a character for each byte. */
function rowsOf(text: string): Row[] {
  const records = new CsvRecords(',', 'utf-8', text.length, { offset: 0, row: 0 });
  records.push(text);
  records.end(text.length);
  records.next();
  const rows: Row[] = [];
  for (let record = records.next(); record !== null; record = records.next()) {
    const { cells } = record;
    rows.push(Object.fromEntries(ORDER_COLUMNS.map((column, i) => [column, cells[i] ?? ''])) as Row);
  }
  return rows;
}

function* fileOf({ header, cells }: Form, rows: Row[]): Generator<string> {
  yield `${csvRecord(header, ',')}\n`;
  for (const [i, row] of rows.entries()) yield `${csvRecord(cells(row, rows[i - (i % LINES)]!), ',')}\n`;
}
