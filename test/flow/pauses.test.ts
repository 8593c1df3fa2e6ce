/** Pauses over HTTP and on the command line: by request, by the stop rule of an upload, across a restart. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import { listAll, problemOf, send, setSwitches, until } from '../support/http.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  orderLine,
  runOms,
  type Service,
  setStock,
  startService,
  temporaryDirectory,
  upload,
} from '../support/service.ts';

let service: Service;
let names = 0;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 1_000_000]]);
});

const lines = (count: number, values = {}) => {
  const prefix = `P${++names}`;
  return Array.from({ length: count }, (_, i) => orderLine(`${prefix}-${i}`, values));
};
/** Every tenth row is wrong. */
const tenthWrong = (count: number) => lines(count).map((line, i) => (i % 10 === 9 ? line.replace('@', ' at ') : line));
const start = async (body: string, query = '') => {
  const response = await upload(service, body, query);
  expect(response.status).toBe(202);
  return ((await response.json()) as { file_id: string }).file_id;
};
const post = (fileId: string, action: string) => send(service, 'POST', `/files/${fileId}/${action}`);
const ask = async (fileId: string, action: string) => {
  const response = await post(fileId, action);
  expect(response.status).toBe(202);
  return (await response.json()) as FileJson;
};
const isPaused = ({ status }: FileJson) => status === 'paused';
const CHUNK = limits.stopRuleChunkRows;

describe('a stop rule', () => {
  test.each([
    ['100', tenthWrong(3 * CHUNK + 5), CHUNK],
    ['10%', tenthWrong(3 * CHUNK + 5), CHUNK],
    // Before that many rows a share says nothing.
    ['0.5%', tenthWrong(CHUNK - 1), null],
    ['11%', tenthWrong(2 * CHUNK), null],
    ['1', tenthWrong(30), 30],
  ])('of %s is judged after each chunk of a file', async (rule, rows, stopsAt) => {
    const fileId = await start(csv(...rows), `?stop_at_invalid=${encodeURIComponent(rule)}`);
    const file = await until(service, fileId, ({ status }) => status === 'paused' || status === 'completed');
    expect(file).toMatchObject({ stop_at_invalid: rule, status: stopsAt === null ? 'completed' : 'paused' });
    const decided = stopsAt ?? rows.length;
    expect(file.progress).toMatchObject({ rows: decided, invalid: Math.floor(decided / 10) });
    if (stopsAt !== null) {
      expect(file.pause).toEqual({
        code: 'stop_at_invalid',
        reason: expect.stringContaining(
          `${(decided / 10).toLocaleString('en')} of ${decided.toLocaleString('en')} rows`,
        ),
        at: expect.stringMatching(/Z$/),
      });
      await ask(fileId, 'resume');
    }
    const completed = await ended(service, fileId);
    expect(completed).toMatchObject({
      status: 'completed',
      pause: null,
      stop_at_invalid: rule,
      progress: { rows: rows.length, invalid: Math.floor(rows.length / 10) },
    });
    expect(await listAll(service, `/files/${fileId}/rejections?limit=1000`)).toHaveLength(completed.progress.invalid);
  });

  test.each(['0', '-1', 'ten', '0%', '101%', '1e2', '5 %', '%', '', '100000000000000000000'])(
    'of "%s" is refused',
    async (rule) => {
      const response = await upload(service, csv(...lines(1)), `?stop_at_invalid=${encodeURIComponent(rule)}`);
      const { detail } = await problemOf(response, 400, 'invalid_parameter');
      expect(detail).toContain('neither a number of rows');
    },
  );

  test('needs no escape of its percent sign', async () => {
    const fileId = await start(csv(...lines(1)), '?stop_at_invalid=5%');
    expect((await ended(service, fileId)).stop_at_invalid).toBe('5%');
  });

  test('that has stopped a file leaves it to be cancelled, with the report of the rows so far, or retried without the rule', async () => {
    const fileId = await start(csv(...tenthWrong(2 * CHUNK)), '?stop_at_invalid=50');
    const paused = await until(service, fileId, isPaused);
    expect(paused.invalid_file).toBeNull();
    await problemOf(await upload(service, csv(...lines(1)), '?stop_at_invalid=x'), 400, 'invalid_parameter');
    await ask(fileId, 'cancel');
    const cancelled = await ended(service, fileId);
    expect(cancelled).toMatchObject({
      status: 'cancelled',
      pause: null,
      progress: { rows: CHUNK, invalid: CHUNK / 10 },
    });
    const report = await (await fetch(`${service.url}/invalid-files/${cancelled.invalid_file}`)).text();
    expect(report.trim().split('\n')).toHaveLength(CHUNK / 10 + 1);
    await ask(fileId, 'retry');
    expect(await ended(service, fileId)).toMatchObject({ status: 'completed', progress: { rows: 2 * CHUNK } });
  });
});

describe('a pause by request', () => {
  test('stops a file at its next chunk border and frees the worker; it resumes there', async () => {
    await setStock(service, [['PAUSE-1', 'HUB-1', 1_000_000]]);
    await setSwitches(service, { outage: true });
    const total = 2 * CHUNK;
    const fileId = await start(csv(...lines(CHUNK), ...lines(CHUNK, { sku: 'PAUSE-1' })), '?stop_at_invalid=1');
    const waiting = await until(service, fileId, ({ status, progress }) => status === 'waiting' && progress.rows > 0);
    expect(waiting.progress.rows).toBe(CHUNK);
    await ask(fileId, 'pause');
    const paused = await until(service, fileId, isPaused);
    expect(paused).toMatchObject({
      pause: { code: 'requested' },
      pause_requested: false,
      waiting_for: null,
      attempts: 0,
      progress: { rows: CHUNK, accepted: CHUNK },
    });
    expect(await ask(fileId, 'pause')).toEqual(paused);
    expect(await listAll(service, '/files?status=paused')).toEqual([paused]);
    expect(await getJson(service, '/stats')).toMatchObject({ files: { paused: 1, waiting: 0 } });
    await setSwitches(service, { outage: false });
    expect(await ask(fileId, 'resume')).toMatchObject({ status: 'queued', pause: null });
    expect(await ended(service, fileId)).toMatchObject({
      status: 'completed',
      progress: { rows: total, accepted: total },
    });
    await problemOf(await post(fileId, 'pause'), 409, 'not_pausable');
    await problemOf(await post(fileId, 'resume'), 409, 'not_paused');
    for (const action of ['pause', 'resume']) await problemOf(await post('f_unknown', action), 404, 'not_found');
  });

  test('lasts across a restart, from the command line', async () => {
    const dataDirectory = await temporaryDirectory();
    const first = await startService({ dataDirectory });
    await setSwitches(first, { outage: true });
    const body = csv(orderLine('O-1'));
    const { file_id: fileId } = (await (await upload(first, body)).json()) as FileJson;
    await until(first, fileId, ({ status }) => status === 'waiting');
    const oms = (at: Service, ...args: string[]) => runOms(['files', ...args, '--url', at.url]);
    expect(await oms(first, 'pause', fileId)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${fileId}: `),
    });
    await until(first, fileId, isPaused);
    await first.stop();
    const second = await startService({ dataDirectory });
    await setStock(second, [['SKU-1', 'HUB-1', 5]]);
    expect(await until(second, fileId, isPaused)).toMatchObject({ progress: { rows: 0 } });
    await problemOf(await upload(second, body), 409, 'duplicate_file');
    expect(await oms(second, 'resume', fileId, 'f_unknown')).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('queued'),
      stderr: expect.stringContaining('f_unknown: not_found'),
    });
    expect(await ended(second, fileId)).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
    expect(await oms(second, 'pause', fileId)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('not_pausable'),
    });
    expect(await oms(second, 'stop', fileId)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('pause|resume'),
    });
    await second.stop();
  });
});

test('oms ingest pauses a file at the rule that it is given, says so, and ends with 1', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'orders.csv');
  await writeFile(path, csv(...lines(5, { quantity: '0' })));
  const dataDirectory = join(directory, 'data');
  const env = { OMS_DATA_DIR: dataDirectory, OMS_IMS_PORT: '0' };
  const outcome = await runOms(['ingest', path, '--stop-at-invalid', '5'], env);
  expect(outcome).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('stop_at_invalid: 5 of 5 rows are invalid'),
  });
  const wrong = await runOms(['ingest', path, '--stop-at-invalid', 'some'], env);
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('--stop-at-invalid "some" is neither') });
});
