/** The commands other than `oms start`, each as a process of its own: their output, effects and exit codes. */
import { spawnSync } from 'node:child_process';
import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import { ORDER_COLUMNS } from '../../src/model/columns.ts';
import { setSwitches, until } from '../support/http.ts';
import {
  cleanEnvironment,
  csv,
  ended,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  ROOT,
  runOms,
  type Service,
  setStock,
  startService,
  temporaryDirectory,
  upload,
} from '../support/service.ts';

let directory: string;
let names = 0;
beforeAll(async () => {
  directory = await temporaryDirectory();
});

const unique = (word: string) => `${word}-${++names}`;
const writeTo = async (name: string, content: string | Buffer) => {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
};
const on = (dataDirectory: string, env: Record<string, string> = {}) => ({
  OMS_DATA_DIR: dataDirectory,
  OMS_IMS_PORT: '0',
  OMS_LOG_LEVEL: 'warn',
  ...env,
});
const good = () => orderLine(unique('C'));
const bad = () => orderLine(unique('C'), { quantity: '0' });

describe('oms', () => {
  test('lists its commands, and refuses unknown ones', async () => {
    const help = await runOms(['--help']);
    expect(help.code).toBe(0);
    for (const name of [
      'start',
      'ingest',
      'stock import',
      'orders set-status',
      'stress',
      'generate',
      'doctor',
      'verify',
      'redrive',
      'upgrade',
    ])
      expect(help.stdout).toContain(`oms ${name}`);
    for (const args of [
      [],
      ['explode'],
      ['constructor'],
      ['ingest'],
      ['ingest', '--wet-run', 'x'],
      ['stock', 'export', 'x'],
    ]) {
      const { code, stdout, stderr } = await runOms(args, on(directory));
      expect(code).toBe(1);
      expect(stdout + stderr).toContain('usage');
      expect(stderr).not.toContain('    at ');
    }
  });
});

describe('without a server', () => {
  let data: string;
  beforeAll(async () => {
    data = await temporaryDirectory();
  });

  test('a dry run reports what would fail and writes nothing', async () => {
    const catalog = await writeTo('catalog.csv', 'sku,hub_id\nSKU-1,HUB-1\n');
    const untouched = join(directory, 'untouched');
    const env = on(untouched, { OMS_IMS: `reference:${catalog}` });
    const allGood = await writeTo('dry-good.csv', csv(good()));
    const someBad = await writeTo('dry-bad.csv', csv(good(), bad(), orderLine(unique('C'), { sku: 'nowhere' })));
    const broken = await writeTo('dry-broken.csv', 'order_id\n1\n');
    const gzipped = await writeTo('dry.csv.gz', gzipSync(csv(good())));
    expect((await runOms(['ingest', '--dry-run', allGood, gzipped], env)).code).toBe(0);
    const invalid = await runOms(['ingest', allGood, someBad, '--dry-run'], env);
    expect(invalid.code).toBe(2);
    expect(invalid.stdout).toContain('row 3: invalid_quantity');
    expect(invalid.stdout).toContain('row 4: unknown_sku');
    const failed = await runOms(['ingest', '--dry-run', broken, someBad], env);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('missing_column');
    expect(await readdir(directory)).not.toContain('untouched');
  });

  test('a dry run reads by the named format, else by the one that has the header of the file', async () => {
    const catalog = await writeTo('ours-catalog.csv', 'sku,hub_id\nSKU-1,HUB-1\n');
    const env = on(join(directory, unique('data')), { OMS_IMS: `reference:${catalog}` });
    const format = {
      name: 'ours',
      columns: {
        ...Object.fromEntries(ORDER_COLUMNS.map((column) => [column, { from: `our ${column}` }])),
        hub_id: { value: 'HUB-1' },
      },
      lines: 'adjacent',
      only: { column: 'State', in: ['paid'] },
    };
    const columns = ORDER_COLUMNS.filter((column) => column !== 'hub_id');
    const header = [...columns.map((column) => `our ${column}`), 'State'].join(',');
    const row = (id: string, state: string) => `${id},Ada,a@b.de,Tea,SKU-1,1,2.00,2.00,2026-11-20,Here,${state}`;
    const path = await writeTo(
      'ours.csv',
      [header, row('A', 'paid'), row('A', 'paid'), row('B', 'open'), ''].join('\n'),
    );
    const dry = (...args: string[]) => runOms(['ingest', '--dry-run', path, ...args], env);
    expect(await dry()).toMatchObject({ code: 1, stdout: expect.stringContaining('POST /preview') });
    expect((await dry('--format', 'ours')).stderr).toContain('there is no format "ours"');
    await runOms(['formats', 'put', await writeTo('ours.json', JSON.stringify(format))], env);
    for (const args of [[], ['--format', 'ours']])
      expect(await dry(...args)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('3 rows, 1 would be skipped, 0 would be rejected'),
      });
    expect(await dry('--format', 'oms')).toMatchObject({ code: 1, stdout: expect.stringContaining('missing_column') });
  });

  test('the commands themselves import stock and ingest files: exit code 0, 2 or 1', async () => {
    const stock = await writeTo('stock.csv', 'sku,hub_id,available\nSKU-1,HUB-1,100\n');
    expect(await runOms(['stock', 'import', stock], on(data))).toMatchObject({
      code: 0,
      stdout: '1 stock levels set\n',
    });

    const accepted = await runOms(['ingest', await writeTo('good.csv', csv(good()))], on(data));
    expect(accepted).toMatchObject({ code: 0, stdout: expect.stringContaining('1 accepted, 0 invalid') });
    const invalid = await runOms(
      ['ingest', await writeTo('good-2.csv', csv(good())), await writeTo('bad.csv', csv(bad()))],
      on(data),
    );
    expect(invalid).toMatchObject({ code: 2, stdout: expect.stringMatching(/invalid_quantity +1/) });
    const [, report] = /report: (\S+)/.exec(invalid.stdout)!;
    expect(await readdir(join(data, 'objects/reports'))).toContain(report!.split('/').at(-1));
    const failed = await runOms(
      ['ingest', await writeTo('broken.csv', 'order_id\n1\n'), await writeTo('good-3.csv', csv(good()))],
      on(data),
    );
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining('missing_column') });
    expect(failed.stdout).toContain('1 accepted, 0 invalid');
    const missing = await runOms(['ingest', join(directory, 'nowhere.csv')], on(data));
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/^oms ingest: .*nowhere\.csv.*\n$/) });

    const service = await startService({ dataDirectory: data });
    expect(await getJson(service, '/stats')).toMatchObject({
      files: { total: 5, completed: 4, failed: 1 },
      orders: { total: 3 },
    });
    expect(await getJson(service, '/inventory')).toMatchObject({ items: [{ available: 94 }] });
    expect(await service.stop()).toBe(0);
  });

  test('doctor shows the adapter of each port and whether it responds', async () => {
    const well = await runOms(['doctor'], on(data));
    expect(well.code).toBe(0);
    for (const port of ['objects', 'queue', 'store', 'events', 'ims'])
      expect(well.stdout).toMatch(new RegExp(`^${port} +up `, 'm'));
    const ill = await runOms(['doctor'], on(data, { OMS_IMS: 'http://user:secret@127.0.0.1:9' }));
    expect(ill).toMatchObject({ code: 1, stdout: expect.stringMatching(/^ims +down +http:\/\/127\.0\.0\.1:9/m) });
    expect(ill.stdout + ill.stderr).not.toContain('secret');
  });
});

describe('with a server', () => {
  let service: Service;
  let data: string;
  beforeAll(async () => {
    service = await startService();
    data = service.dataDirectory;
    await setStock(service, [['SKU-1', 'HUB-1', 1_000]]);
  });

  /** The next test has a service, whatever becomes of this work. */
  async function whileStopped(work: () => Promise<void>): Promise<void> {
    expect(await service.stop()).toBe(0);
    try {
      await work();
    } finally {
      service = await startService({ dataDirectory: data });
    }
  }

  test('ingest uploads its files to the server', async () => {
    const paths = [await writeTo('over-1.csv', csv(good(), bad())), await writeTo('over-2.csv', csv(good()))];
    const { code, stdout } = await runOms(['ingest', ...paths], on(data));
    expect(code).toBe(2);
    expect(stdout).toContain(`uploading to the server at ${service.url}`);
    const { items } = await getJson<{ items: FileJson[] }>(service, '/files?limit=2');
    expect(items.map(({ name }) => name)).toEqual(['over-2.csv', 'over-1.csv']);
    for (const { file_id } of items) expect(stdout).toContain(file_id);
    expect(stdout).toContain(`${service.url}/invalid-files/${items[1]!.invalid_file}`);
    const failed = await runOms(['ingest', await writeTo('over-3.csv', 'order_id\n2\n')], on(data));
    expect(failed.code).toBe(1);
  });

  test('stock import uses the server', async () => {
    const stock = await writeTo('stock-2.csv', 'sku,hub_id,available\nSKU-2,HUB-1,7\nSKU-3,HUB-1,8\n');
    expect(await runOms(['stock', 'import', stock], on(data))).toMatchObject({
      code: 0,
      stdout: '2 stock levels set\n',
    });
    expect(await getJson(service, '/inventory?sku=SKU-3')).toMatchObject({ items: [{ available: 8 }] });
  });

  test('stock import reports an unreadable or wrong file in one line', async () => {
    const wrong = await writeTo('stock-3.csv', 'sku,hub_id,available\nSKU-4,HUB-1,many\n');
    for (const [path, why] of [
      [wrong, /line 2 of the stock CSV/],
      [join(directory, 'nowhere.csv'), /nowhere\.csv cannot be read/],
    ] as const)
      for (const dataDirectory of [data, join(directory, 'stock-data')]) {
        const { code, stderr } = await runOms(['stock', 'import', path], on(dataDirectory));
        expect(code).toBe(1);
        expect(stderr).toMatch(/^oms stock: .*\n$/);
        expect(stderr).toMatch(why);
      }
  });

  test('doctor asks the server', async () => {
    const { code, stdout } = await runOms(['doctor'], on(data));
    expect(code).toBe(0);
    expect(stdout).toContain(service.url);
    expect(stdout.match(/ up /g)).toHaveLength(5);
  });

  test('generated files have the announced counts, and the same bytes each time', async () => {
    const generate = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(join(ROOT, 'bin/oms'), ['generate', ...args], {
        env: cleanEnvironment({}),
        maxBuffer: 100_000_000,
      });
      expect(status).toBe(0);
      return { stdout, stderr: stderr.toString() };
    };
    const stock = await writeTo('generated-stock.csv', generate('--stock').stdout);
    expect((await runOms(['stock', 'import', stock], on(data))).code).toBe(0);
    const options = ['--rows', '3000', '--invalid', '7%', '--seed', '42', '--ids', 'random'];
    const { stdout, stderr } = generate(...options);
    expect(generate(...options).stdout.equals(stdout)).toBe(true);
    const announced = Object.fromEntries(
      [...stderr.matchAll(/^ {2}(\w+) +(\d+)$/gm)].map(([, code, count]) => [code, Number(count)]),
    );
    expect(Object.keys(announced).length).toBeGreaterThan(10);
    const file = await ingest(service, stdout);
    expect(file).toMatchObject({ status: 'completed', progress: { rows: 3_000, accepted: 2_790, invalid: 210 } });
    expect(file.invalid_by_code).toEqual(announced);
    for (const args of [[], ['--rows', 'x'], ['--rows', '5', '--invalid', '5'], ['--rows', '5', '--ids', 'odd']])
      expect(await runOms(['generate', ...args])).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^oms generate: .*\n$/),
      });
  });

  test('verify finds nothing wrong while the server runs, and finds damage done while it was stopped', async () => {
    const clean = await runOms(['verify'], on(data));
    expect(clean).toMatchObject({ code: 0, stdout: expect.stringMatching(/^(INV-[12389] {2}ok {8}.+\n){7}$/) });
    const id = unique('C');
    await setStock(service, [['SKU-2', 'HUB-1', 7]]);
    const { file_id } = await ingest(service, csv(orderLine(id), bad()));
    await whileStopped(() => findDamages(id, file_id));
  });

  /** Each damage on a copy. `id`: of an order whose file has a rejected row, too. */
  async function findDamages(id: string, fileId: string): Promise<void> {
    for (const [damage, expected] of [
      [
        `delete from orders where order_id = '${id}'`,
        [
          ['INV-1', id],
          ['INV-2', '["SKU-1","HUB-1"]'],
        ],
      ],
      ["update stock set available = available + 1 where sku = 'SKU-2'", [['INV-2', '["SKU-2","HUB-1"]']]],
      [`update orders set quantity = 3 where order_id = '${id}'`, [['INV-2', '["SKU-1","HUB-1"]']]],
      [
        `delete from rejected_rows where file_no = (select file_no from files where file_id = '${fileId}')`,
        [['INV-1', fileId]],
      ],
      [`update files set accepted = accepted + 1 where file_id = '${fileId}'`, [['INV-1', fileId]]],
      [`update orders set seq = seq + 7 where order_id = '${id}'`, [['INV-3', id]]],
    ] as const) {
      const copy = join(directory, unique('damaged'));
      await cp(data, copy, { recursive: true });
      const db = new DatabaseSync(join(copy, 'oms.db'));
      db.exec(damage);
      db.close();
      const { code, stdout } = await runOms(['verify', '--json'], on(copy));
      expect(code).toBe(1);
      const document = JSON.parse(stdout) as { ok: boolean; violations: { invariant: string; id: string }[] };
      expect(document.ok).toBe(false);
      for (const [invariant, of] of expected)
        expect(document.violations).toContainEqual(expect.objectContaining({ invariant, id: of }));
      if (damage.startsWith('delete from orders')) {
        const table = await runOms(['verify'], on(copy));
        expect(table).toMatchObject({ code: 1, stdout: expect.stringMatching(/INV-1 {2}2 off/) });
        expect(table.stdout).toContain(`\nINV-1  ${id}: a row is neither an order nor a rejection: row 2 of ${fileId}`);
      }
    }
    expect(JSON.parse((await runOms(['verify', '--json'], on(data))).stdout)).toMatchObject({
      ok: true,
      violations: [],
    });
    expect(await runOms(['verify'], on(join(directory, 'nowhere')))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^oms verify: there is no order store in .*nowhere: set OMS_DATA_DIR .*\n$/),
    });
  }

  test('redrive resumes a file that was given up, once the server is stopped', async () => {
    await setStock(service, [['NEW-1', 'HUB-1', 10]]);
    await setSwitches(service, { outage: true });
    const response = await upload(service, csv(orderLine(unique('C'), { sku: 'NEW-1' })));
    const { file_id } = (await response.json()) as { file_id: string };
    await until(service, file_id, (file) => file.status === 'waiting');
    await whileStopped(async () => {
      // As if the process had crashed again and again while it worked on this file.
      const db = new DatabaseSync(join(data, 'oms.db'));
      db.prepare('update files set strikes = ? where file_id = ?').run(limits.maxStrikes, file_id);
      db.close();
    });
    expect(await ended(service, file_id)).toMatchObject({ status: 'failed', failure: { code: 'internal' } });
    await whileStopped(async () => {
      expect(await runOms(['redrive'], on(data))).toMatchObject({ code: 0, stdout: '1 files queued again\n' });
      expect(await runOms(['redrive'], on(data))).toMatchObject({ code: 0, stdout: '0 files queued again\n' });
    });
    expect(await ended(service, file_id)).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
  });
});

test('oms ims runs with the settings of the processes that it serves, including its address in them', async () => {
  const env = { OMS_IMS: 'http://ims.internal:8081', OMS_IMS_PORT: '0', OMS_DATA_DIR: join(directory, unique('none')) };
  const run = runOms(['ims'], env, (child) => child.stdout!.once('data', () => child.kill('SIGTERM')));
  expect(await run).toMatchObject({ code: 0, stdout: expect.stringMatching(/^reference IMS on http:/), stderr: '' });
});
