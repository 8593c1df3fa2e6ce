/**
 * Who is measured beside us, and what each must have done for its figures to count. All but DuckDB write with our page size, cache, chunk
 * size and durability, and with a unique index on the order id.
 */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { limits } from '../../src/limits.ts';
import { installPython } from '../engines/python.ts';
import type { Input } from './inputs.ts';
import { contender, runToEnd } from './processes.ts';
import type { Ingested } from './service.ts';

export interface Run {
  rowsPerSecond: number;
  cpuSeconds: number;
  peakMiB: number;
  /** Orders in its table. */
  stored: number;
  /** What it rejected; null where it rejects nothing. */
  invalid: number | null;
}

export interface Contender {
  name: string;
  /** Why it cannot run here; null when it can. */
  missing: string | null;
  run(work: string, input: Input, ours: Ingested): Promise<Run>;
}

const PRAGMAS = `
  pragma page_size = ${limits.sqlitePageBytes};
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma cache_size = -${limits.sqliteWriterCacheBytes / 1024};
  pragma wal_autocheckpoint = ${Math.floor(limits.sqliteWalBytes / limits.sqlitePageBytes)};
  pragma journal_size_limit = ${limits.sqliteWalBytes};
`;
const REQUIREMENTS = new URL('requirements.txt', import.meta.url);
const SETTINGS = JSON.stringify({ pragmas: PRAGMAS, chunkRows: limits.maxChunkRows });

export async function findContenders(): Promise<Contender[]> {
  const python = await attempt(() => installPython(REQUIREMENTS, 'bench'));
  const sqlite = await attempt(async () => (await promisify(execFile)('sqlite3', ['--version'])).stdout);
  const node = { command: process.execPath, missing: null };
  const py = { command: python.found ?? '', missing: python.missing };
  return [
    { name: 'node-insert-only', missing: node.missing, run: script(node.command, 'node-insert-only.ts', onlyInserts) },
    { name: 'node-same-job', missing: node.missing, run: script(node.command, 'node-same-job.ts', sameJob) },
    { name: 'python-insert-only', missing: py.missing, run: script(py.command, 'python-insert-only.py', onlyInserts) },
    { name: 'python-same-job', missing: py.missing, run: script(py.command, 'python-same-job.py', sameJob) },
    { name: 'sqlite3-import', missing: sqlite.missing, run: sqliteImport },
    { name: 'duckdb', missing: py.missing, run: script(py.command, 'duckdb-load.py', onlyInserts) },
  ];
}

/** What a script prints. */
interface Printed {
  rows?: number;
  stored?: number;
  accepted?: number;
  invalid?: number;
  stockLeft?: number;
  /** Of its own work, without the start of its process: ours is running already when the file comes. */
  seconds: number;
}

type Check = (printed: Printed, input: Input, ours: Ingested) => string | null;

function script(command: string, file: string, check: Check): Contender['run'] {
  return (work, input, ours) =>
    withDatabase(work, async (database) => {
      const ended = await runToEnd(command, [contender(file), input.path, database, input.stock, SETTINGS]);
      const printed = JSON.parse(ended.output) as Printed;
      const wrong = check(printed, input, ours);
      if (wrong !== null) throw new Error(`${file} printed ${ended.output.trim()}, but ${wrong}`);
      const { cpuSeconds, peakMiB } = ended;
      const stored = printed.stored ?? printed.accepted!;
      return {
        rowsPerSecond: input.rows / printed.seconds,
        cpuSeconds,
        peakMiB,
        stored,
        invalid: printed.invalid ?? null,
      };
    });
}

/** `.import` ends with the result of its last row, which may repeat an order. */
const SQLITE_CONSTRAINT = 19;

function sqliteImport(work: string, input: Input): Promise<Run> {
  return withDatabase(work, async (database) => {
    const statements = [
      PRAGMAS,
      `create table orders (
        order_id text primary key, customer_name text, customer_email text, product_name text, sku text, hub_id text,
        quantity integer, unit_price text, total_amount text, order_date text, shipping_address text
      )`,
      `.import --csv --skip 1 ${input.path} orders`,
    ];
    const ended = await runToEnd('sqlite3', [database, ...statements], [0, SQLITE_CONSTRAINT]);
    const { seconds, cpuSeconds, peakMiB } = ended;
    const stored = countOrders(database);
    const wrong = onlyInserts({ stored, seconds }, input);
    if (wrong !== null) throw new Error(`sqlite3 stored ${stored} rows, but ${wrong}`);
    return { rowsPerSecond: input.rows / seconds, cpuSeconds, peakMiB, stored, invalid: null };
  });
}

function countOrders(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const { stored } = db.prepare('select count(*) stored from orders').get() as { stored: number };
  db.close();
  return stored;
}

/** Accepts the same orders as we do, and leaves the same stock. */
function sameJob({ rows, accepted, invalid, stockLeft }: Printed, input: Input, ours: Ingested): string | null {
  const same =
    rows === input.rows && accepted === ours.accepted && invalid === ours.invalid && stockLeft === ours.stockLeft;
  return same
    ? null
    : `OMS read ${input.rows}, accepted ${ours.accepted}, rejected ${ours.invalid} and left ${ours.stockLeft} in stock`;
}

/** Has every row but those that cannot be: repeated ids, other numbers of cells, quotes that swallow the next row. */
const LOST_SHARE = 0.005;

function onlyInserts({ rows, stored }: Printed, input: Input): string | null {
  if (rows !== undefined && rows !== input.rows) return `the file has ${input.rows} rows`;
  if (stored! <= input.rows && stored! >= input.rows * (1 - LOST_SHARE)) return null;
  return `the file has ${input.rows} rows, of which at most ${LOST_SHARE * 100} % cannot be stored`;
}

async function withDatabase(work: string, use: (database: string) => Promise<Run>): Promise<Run> {
  const database = join(work, 'contender.db');
  try {
    return await use(database);
  } finally {
    for (const suffix of ['', '-wal', '-shm', '.wal', '-report.csv']) await rm(database + suffix, { force: true });
  }
}

async function attempt(find: () => Promise<string>): Promise<{ found: string | null; missing: string | null }> {
  try {
    return { found: await find(), missing: null };
  } catch (error) {
    const { message, code, path } = error as NodeJS.ErrnoException;
    return { found: null, missing: code === 'ENOENT' ? `there is no ${path}` : message.replaceAll('\n', ' ') };
  }
}
