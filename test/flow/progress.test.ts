/** `GET /progress`: the open files first, then each file that changes, to every subscriber. */
import { beforeAll, expect, test } from 'vitest';
import * as responses from '../../src/http/responses.ts';
import { readEvents, setSwitches, until } from '../support/http.ts';
import {
  csv,
  type FileJson,
  getJson,
  ingest,
  orderLine,
  type Service,
  setStock,
  startService,
  upload,
} from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [
    ['SKU-1', 'HUB-1', 100_000],
    ['SKU-2', 'HUB-1', 100],
  ]);
});

const subscribe = () => fetch(`${service.url}/progress`);

async function* filesOf(response: Response): AsyncGenerator<FileJson> {
  for await (const { event, data } of readEvents(response)) {
    if (event !== 'file') continue;
    const file = JSON.parse(data) as FileJson;
    expect(responses.fileResponse.safeParse(file).error?.issues ?? []).toEqual([]);
    yield file;
  }
}

/** Reads the states of these files until all have ended, then disconnects. */
async function follow(response: Response, fileIds: string[]): Promise<FileJson[]> {
  const states: FileJson[] = [];
  const open = new Set(fileIds);
  for await (const file of filesOf(response)) {
    states.push(file);
    if (file.finished_at !== null) open.delete(file.file_id);
    if (open.size === 0) break;
  }
  return states;
}

async function queue(orderId: string, values: Partial<Record<string, string>> = {}): Promise<string> {
  const response = await upload(service, csv(orderLine(orderId, values)), `?name=${orderId}.csv`);
  return ((await response.json()) as { file_id: string }).file_id;
}

test('sends a file from its upload to its end, as GET /files/{file_id} shows it, and none that ended before', async () => {
  const before = await ingest(service, csv(orderLine('P-0')));
  const response = await subscribe();
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const fileId = await queue('P-1');
  const states = await follow(response, [fileId]);
  expect(states.map(({ file_id }) => file_id)).not.toContain(before.file_id);
  expect(states.at(-1)).toEqual(await getJson(service, `/files/${fileId}`));
});

test('begins with the open files, for each subscriber', async () => {
  await setSwitches(service, { outage: true });
  // A SKU that is new to the service, because it remembers the responses of the IMS.
  const fileId = await queue('P-2', { sku: 'SKU-2' });
  await until(service, fileId, ({ status }) => status === 'waiting');
  const first = [];
  for (let subscriber = 0; subscriber < 2; subscriber++)
    for await (const file of filesOf(await subscribe())) {
      first.push([file.file_id, file.status]);
      break;
    }
  expect(first).toEqual([
    [fileId, 'waiting'],
    [fileId, 'waiting'],
  ]);
  const responses = await Promise.all([subscribe(), subscribe()]);
  await setSwitches(service, { outage: false });
  for (const states of await Promise.all(responses.map((response) => follow(response, [fileId]))))
    expect(states.at(-1)).toMatchObject({ file_id: fileId, status: 'completed' });
});

test('sends the end of every file, also of those that newer files have pushed off the newest page', async () => {
  const response = await subscribe();
  const following = (async () => {
    const endings = new Set<string>();
    for await (const file of filesOf(response)) {
      if (file.finished_at !== null) endings.add(file.file_id);
      if (endings.size === 120) return endings;
    }
    return endings;
  })();
  const fileIds: string[] = [];
  for (let file = 0; file < 120; file++) fileIds.push(await queue(`P-many-${file}`));
  expect([...(await following)].sort()).toEqual(fileIds.sort());
});

test('does not keep the service from stopping, and resumes after a restart', async () => {
  const reading = (async (response: Response) => {
    for await (const _ of filesOf(response));
  })(await subscribe());
  expect(await service.stop()).toBe(0);
  await reading;
  service = await startService({ dataDirectory: service.dataDirectory });
  const response = await subscribe();
  const fileId = await queue('P-3');
  // It need not end: the queue may have delivered its message to the stopped service, and then hides it for a minute.
  for await (const { file_id } of filesOf(response)) {
    expect(file_id).toBe(fileId);
    break;
  }
});
