/**
 * Shows a running stack at work: loads the sample stock, uploads the sample orders, waits for them, and prints the results,
 * the statistics and the first event. Takes the address of the API; without one http://127.0.0.1:8080. Its key is the admin's. A second run on
 * the same stack finds the orders there and prints the same. Ends with 1 when any result is wrong.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../src/limits.ts';

const ROOT = new URL('../', import.meta.url);
const url = process.argv[2] ?? 'http://127.0.0.1:8080';
const headers = { authorization: `Bearer ${(await readFile(new URL('.secrets/admin-key', ROOT), 'utf8')).trim()}` };
const deadline = AbortSignal.timeout(limits.stackDemoMs);

try {
  process.exitCode = await demonstrate();
} catch (error) {
  const { message, cause } = error as Error;
  process.stderr.write(
    `${deadline.aborted ? `not done within ${limits.stackDemoMs} ms: ` : ''}${message}${cause ? ` (${cause})` : ''}\n`,
  );
  process.exitCode = 1;
}

async function demonstrate(): Promise<number> {
  await untilReady();
  await request('/inventory', {
    method: 'PUT',
    headers: { 'content-type': 'text/csv' },
    body: await sample('sample_stock.csv'),
  });
  const file = await ended(await upload());
  show(`${file.name}: ${file.status}`, { ...file.progress, invalid_by_code: file.invalid_by_code });
  if (file.invalid_file) process.stdout.write(`report: ${url}/invalid-files/${file.invalid_file}\n\n`);
  show('GET /stats', await request('/stats'));
  show('GET /events?after=0, the first event', await firstEvent());
  return file.status === 'completed' && file.progress.accepted > 0 ? 0 : 1;
}

interface FileState {
  name: string;
  status: string;
  progress: { rows: number; accepted: number; invalid: number };
  invalid_by_code: Record<string, number>;
  invalid_file: string | null;
  finished_at: string | null;
}

async function untilReady(): Promise<void> {
  for (let told = false; ; told = true) {
    const answer = await fetch(`${url}/readyz`, { signal: deadline }).catch((error) => error as Error);
    if (answer instanceof Response && answer.ok) return;
    if (!told) process.stdout.write(`waiting for ${url}/readyz\n`);
    await delay(limits.progressMs, undefined, { signal: deadline });
  }
}

async function upload(): Promise<string> {
  const form = new FormData();
  form.append('file', new Blob([await sample('sample_orders.csv')], { type: 'text/csv' }), 'sample_orders.csv');
  const response = await fetch(`${url}/upload`, { method: 'POST', headers, body: form, signal: deadline });
  const answer = (await response.json()) as { file_id?: string; existing_file_id?: string; detail?: string };
  // 409: they were uploaded before.
  const fileId = response.status === 409 ? answer.existing_file_id : answer.file_id;
  if (fileId === undefined) throw new Error(`POST /upload answered ${response.status}: ${answer.detail}`);
  return fileId;
}

async function ended(fileId: string): Promise<FileState> {
  for (;;) {
    const file = await request<FileState>(`/files/${fileId}`);
    if (file.finished_at !== null) return file;
    await delay(limits.progressMs, undefined, { signal: deadline });
  }
}

/** Of Server-Sent Events the data of the first. */
async function firstEvent(): Promise<unknown> {
  const response = await fetch(`${url}/events?after=0`, { headers, signal: deadline });
  let text = '';
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    const data = /^data: (.*)\n/m.exec(text)?.[1];
    if (data) return JSON.parse(data);
  }
  throw new Error(`GET /events?after=0 ended without an event: ${text}`);
}

function sample(name: string): Promise<Buffer> {
  return readFile(new URL(name, ROOT));
}

async function request<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    ...init,
    headers: { ...init.headers, ...headers },
    signal: deadline,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Answer;
}

function show(title: string, value: unknown): void {
  process.stdout.write(`${title}\n${JSON.stringify(value, null, 2)}\n\n`);
}
