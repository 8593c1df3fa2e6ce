/** `oms start`: what refuses a start and with which message, the sample, and a stop that loses nothing. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { generated, stockGenerated, until } from '../support/http.ts';
import {
  ended,
  type FileJson,
  getJson,
  runOms,
  type Service,
  startService,
  temporaryDirectory,
  upload,
} from '../support/service.ts';

const start = (dataDirectory: string, env: Record<string, string> = {}) =>
  runOms(['start'], { OMS_DATA_DIR: dataDirectory, OMS_PORT: '0', OMS_IMS_PORT: '0', ...env });
const oneLine = (text: string) => expect.stringMatching(new RegExp(`^oms start: .*${text}.*\\n$`));

describe('a start prints who can reach the service', () => {
  const openLines = ({ output }: Service) => output.filter((line) => line.startsWith('open to all '));

  test('when other machines can, with what they may do and how to prevent it', async () => {
    for (const [env, words] of [
      [
        { OMS_HOST: '0.0.0.0', OMS_AUTH: 'off' },
        ['any network address', 'read all orders and customers', 'OMS_HOST=127.0.0.1'],
      ],
      [{ OMS_ALLOWED_HOSTS: 'orders.example.com', OMS_AUTH: 'off' }, ['orders.example.com', 'change stock', 'proxy']],
    ] as const) {
      const service = await startService({ env });
      await expect.poll(() => openLines(service).length).toBe(1);
      for (const word of words) expect(openLines(service)[0]).toContain(word);
      const logged = expect.objectContaining({ level: 40, msg: openLines(service)[0] });
      await expect.poll(() => service.log).toContainEqual(logged);
    }
  });

  test('and nothing when only this machine can', async () => {
    const service = await startService();
    await service.stop();
    expect(openLines(service)).toEqual([]);
  });
});

describe('a start is refused with one line when', () => {
  test.each([
    ['OMS_PORT', '80800'],
    ['OMS_PORT', 'http'],
    ['OMS_IMS_PORT', '-1'],
    ['OMS_OBJECT_STORE', 'ftp://bucket'],
    ['OMS_JOB_QUEUE', 'rabbit:'],
    ['OMS_ORDER_STORE', 'oracle://x'],
    ['OMS_EVENT_STREAM', 'pigeon:'],
    ['OMS_IMS', 'localhost:8081'],
    ['OMS_MAX_UPLOAD_BYTES', '5GB'],
    ['OMS_MAX_UPLOAD_BYTES', '0'],
    ['OMS_STOCK', 'maybe'],
    ['OMS_TIME_ZONE', 'Mars/Olympus'],
    ['OMS_LOG_LEVEL', 'loud'],
  ])('%s is %s', async (variable, value) => {
    const { code, stdout, stderr } = await start('/nowhere', { [variable]: value });
    expect(stderr).toEqual(oneLine(`${variable}.*${value}`));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('the data directory cannot be used', async () => {
    const file = join(await temporaryDirectory(), 'file');
    await writeFile(file, '');
    expect(await start(file)).toMatchObject({ code: 1, stderr: oneLine('OMS_DATA_DIR') });
  });

  test('another process has the data directory, with its process id and address', async () => {
    const service = await startService();
    const second = await start(service.dataDirectory);
    expect(second).toMatchObject({ code: 1, stderr: oneLine(`process ${service.child.pid} .*${service.url}`) });
    expect(second.stderr).toContain(service.dataDirectory);

    const portTaken = await start(await temporaryDirectory(), { OMS_PORT: new URL(service.url).port });
    expect(portTaken).toMatchObject({ code: 1, stderr: oneLine('OMS_PORT') });
    const imsPortTaken = await start(await temporaryDirectory(), { OMS_IMS_PORT: new URL(service.imsUrl).port });
    expect(imsPortTaken).toMatchObject({ code: 1, stderr: oneLine('OMS_IMS_PORT') });
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    // However the process died, its lock is free.
    await service.kill('SIGKILL');
    const next = await startService({ dataDirectory: service.dataDirectory });
    expect(await next.stop()).toBe(0);
  });

  test('the data are of a newer release, and leaves them unchanged', async () => {
    const directory = await temporaryDirectory();
    await mkdir(directory, { recursive: true });
    const db = new DatabaseSync(join(directory, 'oms.db'));
    db.exec('create table later (x); pragma user_version = 999');
    db.close();
    expect(await start(directory)).toMatchObject({ code: 1, stderr: oneLine('999') });
    const after = new DatabaseSync(join(directory, 'oms.db'));
    expect(after.prepare('select name from sqlite_schema').all()).toEqual([{ name: 'later' }]);
    after.close();
  });

  test('the catalog of the reference IMS cannot be read', async () => {
    const { code, stderr } = await start(await temporaryDirectory(), { OMS_IMS: 'reference:/nowhere.csv' });
    expect({ code, stderr }).toEqual({ code: 1, stderr: oneLine('/nowhere.csv') });
  });
});

/** Waits for a line of standard output. */
async function outputWith(service: Service, text: string): Promise<string> {
  for (;;) {
    const output = service.output.join('\n');
    if (output.includes(text)) return output;
    await delay(20);
  }
}

test('the sample is loaded on the first start and not again', async () => {
  const first = await startService({ args: ['--sample'] });
  const output = await outputWith(first, 'Ctrl-C stops the service.');
  const { items } = await getJson<{ items: FileJson[] }>(first, '/files');
  expect(items).toHaveLength(1);
  const { accepted, invalid } = items[0]!.progress;
  expect(accepted).toBeGreaterThan(0);
  expect(invalid).toBeGreaterThan(0);
  expect(output).toMatch(new RegExp(`accepted +${accepted}\\n +invalid +${invalid}`));
  const [, report] = /report +(\S+)/.exec(output)!;
  expect((await fetch(report!)).status).toBe(200);
  expect(await first.stop()).toBe(0);

  const second = await startService({ dataDirectory: first.dataDirectory, args: ['--sample'] });
  await outputWith(second, 'has files already');
  expect(await getJson(second, '/stats')).toMatchObject({ files: { total: 1 }, orders: { total: accepted } });
  expect(await second.stop()).toBe(0);
});

test('Ctrl-C or SIGTERM with a large file in work stops gracefully, and the next start resumes at the checkpoint', async () => {
  const rows = 40_000;
  let service = await startService();
  const { dataDirectory } = service;
  await stockGenerated(service);
  for (const [i, signal] of (['SIGTERM', 'SIGINT'] as const).entries()) {
    const response = await upload(service, generated({ rows, seed: i, startAt: 1 + i * rows, invalidShare: 0.01 }));
    const { file_id } = (await response.json()) as { file_id: string };
    const before = await until(service, file_id, (file) => file.progress.rows > 0);
    // A forced stop would have exit code 1.
    await service.kill(signal);
    expect(service.child.exitCode).toBe(0);
    expect(service.output.at(-1)).toBe('stopped');

    service = await startService({ dataDirectory });
    const after = await getJson<FileJson>(service, `/files/${file_id}`);
    expect(after.progress.rows).toBeGreaterThanOrEqual(before.progress.rows);
    expect(await ended(service, file_id)).toMatchObject({
      status: 'completed',
      progress: { rows, accepted: 0.99 * rows, invalid: 0.01 * rows },
      // A graceful stop does not count as an attempt.
      attempts: 1,
    });
  }
  expect(await getJson(service, '/stats')).toMatchObject({
    orders: { total: 2 * 0.99 * rows },
    events: { published: 2 * 0.99 * rows },
  });
  expect(await service.stop()).toBe(0);
  expect((await runOms(['verify'], { OMS_DATA_DIR: dataDirectory })).code).toBe(0);
});
