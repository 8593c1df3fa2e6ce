/** What tests through HTTP share: problem documents, lists page by page, generated files, Server-Sent Events, the IMS switches. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { type GenerateOptions, generateOrders, generateStock } from '../../src/generate.ts';
import { type FileJson, getJson, type Service } from './service.ts';

type Url = Pick<Service, 'url'>;

/** Expects a problem document, and gives it. */
export async function problemOf(response: Response, status: number, code: string): Promise<Record<string, unknown>> {
  const body = (await response.json()) as Record<string, unknown>;
  expect({ status: response.status, ...body }).toMatchObject({ status, code });
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(body).toMatchObject({
    type: expect.stringMatching(/./),
    title: expect.stringMatching(/./),
    status,
    detail: expect.stringMatching(/./),
    code,
  });
  return body;
}

export const send = (
  service: Url,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) =>
  fetch(`${service.url}${path}`, {
    method,
    ...(body === undefined
      ? { headers }
      : { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }),
  });

export interface PageJson<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** All items of a list, page by page. `path` has its first parameter already. */
export async function listAll<Item = Record<string, unknown>>(service: Url, path: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor = '';
  for (;;) {
    const page = await getJson<PageJson<Item>>(service, `${path}${cursor}`);
    items.push(...page.items);
    if (page.next_cursor === null) return items;
    cursor = `&cursor=${page.next_cursor}`;
  }
}

/** Waits for a state of the file. The test's own timeout is the bound. */
export async function until(service: Url, fileId: string, reached: (file: FileJson) => boolean): Promise<FileJson> {
  for (;;) {
    const file = await getJson<FileJson>(service, `/files/${fileId}`);
    if (reached(file)) return file;
    await delay(20);
  }
}

export const generated = (options: Partial<GenerateOptions> & { rows: number }): Buffer =>
  Buffer.concat([...generateOrders({ invalidShare: 0, seed: 1, ids: 'ordered', ...options })]);

export async function putStockCsv(service: Url, csv: RequestInit['body']): Promise<void> {
  const headers = { 'content-type': 'text/csv' };
  const response = await fetch(`${service.url}/inventory`, { method: 'PUT', headers, body: csv ?? null });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
}

/** Stock for all that is generated. */
export const stockGenerated = (service: Url): Promise<void> => putStockCsv(service, generateStock());

export async function setSwitches(service: Pick<Service, 'imsUrl'>, switches: Record<string, unknown>): Promise<void> {
  const response = await fetch(`${service.imsUrl}/switches`, { method: 'PUT', body: JSON.stringify(switches) });
  expect(response.status).toBe(200);
}

export interface ServerSentEvent {
  id: string;
  event: string;
  data: string;
}

/** Reads Server-Sent Events until the stream ends or the reader leaves; a last one that is not whole is dropped. */
export async function* readEvents(response: Response): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of response.body!) {
    text += decoder.decode(bytes, { stream: true });
    const whole = text.split('\n\n');
    text = whole.pop()!;
    for (const block of whole) {
      const event: ServerSentEvent = { id: '', event: '', data: '' };
      for (const line of block.split('\n')) {
        const [, field, value] = /^(id|event|data): (.*)$/.exec(line) ?? [];
        if (field) event[field as keyof ServerSentEvent] = value!;
      }
      yield event;
    }
  }
}
