/**
 * A data directory that is damaged, gone, or cannot be written: the service reports it and is not ready, files wait and never fail because
 * of it (INV-5, INV-7), no new database is created silently, and each command that meets it ends with one line.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, test } from 'vitest';
import { generated, problemOf, setSwitches, stockGenerated } from '../support/http.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  runOms,
  type Service,
  setStock,
  startService,
  temporaryDirectory,
  upload,
} from '../support/service.ts';

const PATIENT = { interval: 100 };
const PAGE_BYTES = 8_192;

/** A store with orders, rejections and a report, stopped. */
let whole: string;
let reportName: string;
beforeAll(async () => {
  const service = await startService();
  await stockGenerated(service);
  const file = await ingest(service, generated({ rows: 3_000, seed: 1, startAt: 1, invalidShare: 0.1 }));
  expect(file).toMatchObject({ status: 'completed' });
  reportName = file.invalid_file!;
  expect(await service.stop()).toBe(0);
  whole = service.dataDirectory;
});

async function copyOfWhole(): Promise<string> {
  const directory = await temporaryDirectory();
  cpSync(whole, directory, { recursive: true, preserveTimestamps: true });
  return directory;
}

const databaseOf = (directory: string) => join(directory, 'oms.db');

/** Overwrites bytes in the middle of pages; the first page has the number 1. */
function damage(directory: string, pages: Iterable<number>, at = 0, bytes = 2_000): void {
  const file = openSync(databaseOf(directory), 'r+');
  for (const page of pages) writeSync(file, Buffer.alloc(bytes, 0xa5), 0, bytes, (page - 1) * PAGE_BYTES + at);
}

/** The first page of a table or an index; a view has none. */
function rootPage(directory: string, name: string): number {
  const db = new DatabaseSync(databaseOf(directory), { readOnly: true });
  const { rootpage } = db.prepare('select rootpage from sqlite_schema where name = ?').get(name) as {
    rootpage: number;
  };
  db.close();
  expect(rootpage).toBeGreaterThan(1);
  return rootpage;
}

const pagesOf = (directory: string) => statSync(databaseOf(directory)).size / PAGE_BYTES;

const run = (args: string[], directory: string) =>
  runOms(args, { OMS_DATA_DIR: directory, OMS_PORT: '0', OMS_IMS_PORT: '0', OMS_LOG_LEVEL: 'silent' });

const readiness = async (service: Service) => {
  const response = await fetch(`${service.url}/readyz`);
  const { dependencies } = (await response.json()) as {
    dependencies: Record<'store' | 'objects', { status: string; detail?: string }>;
  };
  return { status: response.status, store: dependencies.store, objects: dependencies.objects };
};

const errorLines = (service: Service) => service.log.filter(({ level }) => (level as number) >= 50);

describe('every command that meets an unusable store ends with one line, and no stack trace', () => {
  const ways: [string, (directory: string) => void, RegExp][] = [
    ['has no header', (directory) => damage(directory, [1], 0, 100), /oms\.db: .*damaged \(file is not a database\)/],
    ['has a damaged schema', (directory) => damage(directory, [1], 100), /oms\.db: .*damaged/],
    ['has a damaged table', (directory) => damage(directory, [rootPage(directory, 'orders')]), /oms\.db: .*damaged/],
    [
      'has a damaged index',
      (directory) => damage(directory, [rootPage(directory, 'orders_by_id')]),
      /oms\.db: .*damaged/,
    ],
    ['was cut', (directory) => truncateSync(databaseOf(directory), 3 * PAGE_BYTES), /oms\.db: .*damaged/],
    ['was cut within a page', (directory) => truncateSync(databaseOf(directory), 1_000), /oms\.db: .*damaged/],
    [
      'was emptied',
      (directory) => truncateSync(databaseOf(directory), 0),
      /oms\.db: it is empty, though .*uploads is there/,
    ],
    ['is missing', (directory) => rmSync(databaseOf(directory)), /oms\.db: it is missing, though .*uploads is there/],
    [
      'is a directory',
      (directory) => {
        rmSync(databaseOf(directory));
        mkdirSync(databaseOf(directory));
      },
      /oms\.db: .*cannot be used now \(unable to open database file\)/,
    ],
    [
      'belongs to another program',
      (directory) => {
        rmSync(databaseOf(directory));
        new DatabaseSync(databaseOf(directory)).exec('create table files (name text)');
      },
      /oms\.db: it is no database of this release/,
    ],
    [
      'has lost its uploads',
      (directory) => rmSync(join(directory, 'objects'), { recursive: true }),
      /uploads: it is missing/,
    ],
    [
      'has lost its reports',
      (directory) => rmSync(join(directory, 'objects/reports'), { recursive: true }),
      /reports: it is missing/,
    ],
  ];

  test.each(ways)('when the database %s', async (_, damageIt, words) => {
    const directory = await copyOfWhole();
    damageIt(directory);
    const before = readdirSync(directory).includes('oms.db') && statSync(databaseOf(directory)).size;
    const file = join(directory, 'orders.csv');
    const stock = join(directory, 'stock.csv');
    writeFileSync(file, csv(orderLine('A-1')));
    writeFileSync(stock, 'sku,hub_id,available\nSKU-1,HUB-1,5\n');
    const commands = [['start'], ['doctor'], ['ingest', file], ['stock', 'import', stock]];
    for (const [command, ...args] of commands) {
      const { code, stderr } = await run([command!, ...args], directory);
      expect(stderr).toMatch(new RegExp(`^oms ${command}: [^\n]*\n$`));
      expect(stderr).toMatch(words);
      expect(code).toBe(1);
    }
    // What was left is unchanged: no new database was created.
    expect(existsSync(databaseOf(directory)) && statSync(databaseOf(directory)).size).toBe(before);
  });

  test.each([
    ['in a table', (directory: string) => [rootPage(directory, 'orders')], /page \d+/i],
    ['in an index', (directory: string) => [rootPage(directory, 'orders_by_id')], /page \d+/i],
    [
      'all over',
      (directory: string) => Array.from({ length: pagesOf(directory) - 1 }, (_, i) => i + 2),
      /page \d+|list of tables/i,
    ],
  ])('and "oms verify" says where the damage is, %s', async (_, pages, where) => {
    const directory = await copyOfWhole();
    damage(directory, pages(directory));
    const { code, stdout, stderr } = await run(['verify'], directory);
    const lines = stderr.trimEnd().split('\n');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(lines[0]).toMatch(/^oms verify: .*oms\.db: the database is damaged/);
    expect(lines.length).toBeLessThan(30);
    for (const line of lines) expect(line).toMatch(/^oms verify: (?!\s+at )/);
    expect(stderr).toMatch(where);
  });
});

describe('a running service', () => {
  /** Large enough that the start does not check all of it. */
  async function largeStore(): Promise<string> {
    const directory = await copyOfWhole();
    const db = new DatabaseSync(databaseOf(directory));
    db.exec('create table ballast (bytes blob)');
    db.prepare('insert into ballast values (zeroblob(?))').run(20 * 1024 * 1024);
    db.close();
    return directory;
  }

  test('that meets damage is not ready, lets its files wait, writes nothing more, and logs it once', async () => {
    const directory = await largeStore();
    damage(directory, [rootPage(directory, 'orders_by_id'), rootPage(directory, 'rejected_rows')]);
    const service = await startService({ dataDirectory: directory });
    expect(await readiness(service)).toMatchObject({ status: 200 });
    await setStock(service, [['SKU-1', 'HUB-1', 5]]);
    const response = await upload(service, csv(orderLine('A-1'), orderLine('A-2', { quantity: 'x' })));
    const { file_id } = (await response.json()) as FileJson;

    await expect
      .poll(() => getJson<FileJson>(service, `/files/${file_id}`), PATIENT)
      .toMatchObject({ status: 'waiting', waiting_for: 'store', failure: null, progress: { invalid: 0 } });
    expect(await readiness(service)).toMatchObject({
      status: 503,
      store: { status: 'down', detail: expect.stringContaining('the database is damaged') },
    });
    const refused = await upload(service, csv(orderLine('A-3')));
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(JSON.stringify(await problemOf(refused, 503, 'store_damaged'))).not.toContain(directory);

    await expect.poll(() => errorLines(service), PATIENT).toHaveLength(1);
    expect(errorLines(service)[0]).toMatchObject({
      path: databaseOf(directory),
      msg: expect.stringMatching(/oms verify.*restore a backup/),
    });
    expect(JSON.stringify(service.log)).not.toMatch(/ {4}at /);
    expect(await service.stop()).toBe(0);
  });

  test('is not needed to find damage: oms ingest and oms stock import end with its description', async () => {
    const directory = await largeStore();
    damage(directory, [rootPage(directory, 'orders_by_id'), rootPage(directory, 'stock')]);
    const file = join(directory, 'orders.csv');
    const stock = join(directory, 'stock.csv');
    writeFileSync(file, csv(orderLine('A-1'), orderLine('A-2', { quantity: 'x' })));
    writeFileSync(stock, 'sku,hub_id,available\nSKU-1,HUB-1,5\n');
    for (const [command, ...args] of [
      ['ingest', file],
      ['stock', 'import', stock],
    ]) {
      const { code, stderr } = await run([command!, ...args], directory);
      expect(stderr).toMatch(new RegExp(`^oms ${command}: .*oms\\.db: the database is damaged[^\n]*\n$`));
      expect(code).toBe(1);
    }
  });

  test('of which only the reader meets damage is not ready either', async () => {
    const directory = await largeStore();
    damage(directory, [rootPage(directory, 'chunks')]);
    const service = await startService({ dataDirectory: directory });
    const { items } = await getJson<{ items: FileJson[] }>(service, '/files');
    const orders = await fetch(`${service.url}/orders?file_id=${items[0]!.file_id}`);
    await problemOf(orders, 503, 'store_damaged');
    expect(await readiness(service)).toMatchObject({ status: 503, store: { status: 'down' } });
    await problemOf(await upload(service, csv(orderLine('A-1'))), 503, 'store_damaged');
    expect(await service.stop()).toBe(0);
  });

  test('whose data directory is moved away waits, creates no new one, and resumes when it is back', async () => {
    const service = await startService({ dataDirectory: await copyOfWhole() });
    const { dataDirectory } = service;
    await setStock(service, [['SKU-1', 'HUB-1', 5]]);
    await setSwitches(service, { outage: true });
    const response = await upload(service, csv(orderLine('A-1', { quantity: '1', total_amount: '19.99' })));
    const { file_id } = (await response.json()) as FileJson;
    const file = () => getJson<FileJson>(service, `/files/${file_id}`);
    await expect.poll(file, PATIENT).toMatchObject({ waiting_for: 'ims' });

    const away = `${dataDirectory}.away`;
    renameSync(dataDirectory, away);
    // Without any request: the service notices by itself.
    await expect.poll(() => errorLines(service), PATIENT).not.toEqual([]);
    expect(await readiness(service)).toMatchObject({
      status: 503,
      store: { status: 'down', detail: expect.stringContaining('moved, deleted or replaced') },
      objects: { status: 'down' },
    });
    await setSwitches(service, { outage: false });
    await expect.poll(file, PATIENT).toMatchObject({ status: 'waiting', waiting_for: 'store', failure: null });
    await problemOf(await upload(service, csv(orderLine('A-2'))), 503, 'object_store_unavailable');
    await problemOf(await fetch(`${service.url}/invalid-files/${reportName}`), 503, 'object_store_unavailable');
    const stock = { method: 'PUT', headers: { 'content-type': 'application/json' } };
    const body = JSON.stringify({ items: [{ sku: 'SKU-1', hub_id: 'HUB-1', available: 7 }] });
    await problemOf(await fetch(`${service.url}/inventory`, { ...stock, body }), 503, 'store_unavailable');
    expect(existsSync(dataDirectory)).toBe(false);

    renameSync(away, dataDirectory);
    expect(await ended(service, file_id)).toMatchObject({
      status: 'completed',
      waiting_for: null,
      progress: { accepted: 1, invalid: 0 },
    });
    await expect.poll(() => readiness(service), PATIENT).toMatchObject({ status: 200 });
    expect(errorLines(service)).toHaveLength(1);
    expect(await service.stop()).toBe(0);
    expect((await run(['verify'], dataDirectory)).code).toBe(0);
  });

  test.each(['oms.db', 'oms.db-wal'])('whose %s is replaced accepts nothing that would be lost', async (name) => {
    const service = await startService({ dataDirectory: await copyOfWhole() });
    const path = join(service.dataDirectory, name);
    renameSync(path, `${path}.former`);
    copyFileSync(`${path}.former`, path);
    await problemOf(await upload(service, csv(orderLine('A-1'))), 503, 'store_unavailable');
    expect(await readiness(service)).toMatchObject({ status: 503, store: { status: 'down' } });
    renameSync(`${path}.former`, path);
    expect((await upload(service, csv(orderLine('A-1')))).status).toBe(202);
    expect(await service.stop()).toBe(0);
  });

  test('whose objects are gone responds with 503, and with 404 when only one object is gone', async () => {
    const service = await startService({ dataDirectory: await copyOfWhole() });
    const objects = join(service.dataDirectory, 'objects');
    const report = () => fetch(`${service.url}/invalid-files/${reportName}`);
    expect((await report()).status).toBe(200);
    await setSwitches(service, { outage: true });
    renameSync(objects, `${objects}.away`);
    // As an unmounted disk leaves it.
    mkdirSync(objects);
    const problem = await problemOf(await report(), 503, 'object_store_unavailable');
    expect(JSON.stringify(problem)).not.toContain(service.dataDirectory);
    await problemOf(await upload(service, csv(orderLine('A-1'))), 503, 'object_store_unavailable');
    expect(await readiness(service)).toMatchObject({
      status: 503,
      objects: { status: 'down' },
      store: { status: 'up' },
    });
    rmSync(objects, { recursive: true });
    renameSync(`${objects}.away`, objects);
    expect(await readiness(service)).toMatchObject({ objects: { status: 'up' } });
    rmSync(join(objects, 'reports'), { recursive: true });
    mkdirSync(join(objects, 'reports'));
    await problemOf(await report(), 404, 'object_missing');
    expect(await service.stop()).toBe(0);
  });
});

test('files wait for the store while a disk fails every write, and resume afterwards', async () => {
  const service = await startService({ dataDirectory: await copyOfWhole() });
  /** Makes the operating system refuse every write of the process to a file. */
  const limitFiles = (bytes: string) => execFileSync('prlimit', [`--pid=${service.child.pid}`, `--fsize=${bytes}:`]);
  await setStock(service, [['SKU-1', 'HUB-1', 5]]);
  await setSwitches(service, { outage: true });
  const response = await upload(service, csv(orderLine('A-1')));
  const { file_id } = (await response.json()) as FileJson;
  const file = () => getJson<FileJson>(service, `/files/${file_id}`);
  await expect.poll(file, PATIENT).toMatchObject({ waiting_for: 'ims' });

  limitFiles('0');
  await expect.poll(() => errorLines(service), PATIENT).not.toEqual([]);
  expect(await readiness(service)).toMatchObject({
    status: 503,
    store: { status: 'down', detail: expect.stringContaining('disk I/O error') },
  });
  await setSwitches(service, { outage: false });
  await expect.poll(file, PATIENT).toMatchObject({ status: 'waiting', waiting_for: 'store', failure: null });
  const refused = await upload(service, csv(orderLine('A-2')));
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  await problemOf(refused, 503, 'object_store_unavailable');

  limitFiles('unlimited');
  expect(await ended(service, file_id)).toMatchObject({ status: 'completed', progress: { accepted: 1, invalid: 0 } });
  expect(await readiness(service)).toMatchObject({ status: 200 });
  expect(errorLines(service)).toHaveLength(1);
  expect(await service.stop()).toBe(0);
  expect((await run(['verify'], service.dataDirectory)).code).toBe(0);
});

describe('the files of the data directory', () => {
  const rights = (path: string) => (statSync(path).mode & 0o777).toString(8);

  test('are readable only by their user, whatever the umask, and files of earlier releases become so', async () => {
    const directory = await copyOfWhole();
    for (const path of [databaseOf(directory), join(directory, 'lock.db')]) chmodSync(path, 0o644);
    chmodSync(join(directory, 'objects'), 0o755);
    const mask = process.umask(0o022);
    const old = await startService({ dataDirectory: directory });
    const parent = await temporaryDirectory();
    const fresh = await startService({ dataDirectory: join(parent, 'data') });
    process.umask(mask);
    await ingest(fresh, csv(orderLine('A-1')));
    expect(rights(fresh.dataDirectory)).toBe('700');
    for (const service of [old, fresh]) {
      const paths = readdirSync(service.dataDirectory, { withFileTypes: true });
      for (const entry of paths)
        expect([entry.name, rights(join(service.dataDirectory, entry.name))]).toEqual([
          entry.name,
          entry.isDirectory() ? '700' : '600',
        ]);
    }
    const written = readdirSync(join(fresh.dataDirectory, 'objects'), { recursive: true, withFileTypes: true });
    expect(written.some((entry) => entry.isFile())).toBe(true);
    for (const entry of written)
      expect(rights(join(entry.parentPath, entry.name))).toBe(entry.isDirectory() ? '700' : '600');
    for (const service of [old, fresh]) expect(await service.stop()).toBe(0);
  });
});

/** Mounts a disk of its own. Returns null, or why that is not possible. */
function mount(path: string, options: string): string | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

const disk = await temporaryDirectory();
const whyNot = mount(disk, 'size=64m');
if (whyNot === null) execFileSync('umount', [disk]);
else if (process.env.CI === 'true') throw new Error(`no tmpfs can be mounted, which CI must be able to do: ${whyNot}`);
else console.warn(`skipped: no tmpfs can be mounted for a read-only disk, which takes root: ${whyNot}`);

test.skipIf(whyNot !== null)('a start on a read-only disk is refused', async () => {
  expect(mount(disk, 'size=64m')).toBeNull();
  try {
    cpSync(whole, disk, { recursive: true, preserveTimestamps: true });
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    for (const command of ['start', 'doctor']) {
      const { code, stderr } = await run([command], disk);
      expect(stderr).toMatch(new RegExp(`^oms ${command}: OMS_DATA_DIR: [^\n]*read-only[^\n]*\n$`));
      expect(code).toBe(1);
    }
  } finally {
    execFileSync('umount', [disk]);
  }
});
