/**
 * The real service as a process of its own, on free ports and a data directory of its own. Processes that a test leaves running are
 * killed when its file ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll } from 'vitest';
import type { fileJson } from '../../src/http/file-json.ts';
import { checkResponsesOf } from './openapi.ts';

export type FileJson = ReturnType<typeof fileJson>;

export const ROOT = new URL('../../', import.meta.url).pathname;
const MAIN = join(ROOT, 'src/main.ts');

const running = new Set<ChildProcess>();
const directories = new Set<string>();

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(
    [...running].map((child) => child.exitCode === null && child.signalCode === null && once(child, 'exit')),
  );
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'oms-test-'));
  directories.add(directory);
  return directory;
}

export interface Service {
  url: string;
  imsUrl: string;
  dataDirectory: string;
  child: ChildProcess;
  /** Lines of the log so far, parsed, from all threads. */
  log: Record<string, unknown>[];
  /** Lines of standard output so far. */
  output: string[];
  /** Called with each log line as it comes. */
  onLog(listener: (line: Record<string, unknown>) => void): void;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts `oms start` and resolves when it listens. Rejects with its output when it exits before. `onSpawn` gets the process
 * immediately.
 */
export async function startService(
  options: {
    dataDirectory?: string;
    env?: Record<string, string>;
    args?: string[];
    onSpawn?: (child: ChildProcess) => void;
  } = {},
): Promise<Service> {
  const dataDirectory = options.dataDirectory ?? (await temporaryDirectory());
  const engines = await engineSettings(dataDirectory);
  const child = spawn(process.execPath, [MAIN, 'start', ...(options.args ?? [])], {
    cwd: ROOT,
    env: cleanEnvironment({
      OMS_DATA_DIR: dataDirectory,
      OMS_PORT: '0',
      OMS_IMS_PORT: '0',
      ...engines,
      ...options.env,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  options.onSpawn?.(child);
  child.once('exit', () => running.delete(child));
  const log: Record<string, unknown>[] = [];
  const output: string[] = [];
  const listeners: ((line: Record<string, unknown>) => void)[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => {
    if (!line.startsWith('{')) {
      errors.push(line);
      return;
    }
    const parsed = JSON.parse(line) as Record<string, unknown>;
    log.push(parsed);
    for (const listener of listeners) listener(parsed);
  });
  const urls = await new Promise<{ url: string; imsUrl: string }>((resolve, reject) => {
    let url = '';
    createInterface({ input: child.stdout! }).on('line', (line) => {
      output.push(line);
      if (line.startsWith('listening on ')) {
        url = line.slice('listening on '.length);
        if (options.env?.OMS_IMS && !options.env.OMS_IMS.startsWith('reference:')) resolve({ url, imsUrl: '' });
      }
      if (line.startsWith('reference IMS on ')) resolve({ url, imsUrl: line.slice('reference IMS on '.length) });
    });
    child.once('exit', (code, signal) =>
      // The streams may still hold its last words.
      setTimeout(
        () =>
          reject(
            new Error(
              `oms start ended with ${code ?? signal}:\n${[...errors, ...log.map((l) => JSON.stringify(l))].join('\n')}`,
            ),
          ),
        50,
      ),
    );
  });
  if (urls.url !== '') checkResponsesOf(urls.url);
  return {
    ...urls,
    dataDirectory,
    child,
    log,
    output,
    onLog: (listener) => void listeners.push(listener),
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    },
    async stop() {
      if (child.exitCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = await exited;
      return code as number | null;
    },
  };
}

const stacks = new Map<string, Promise<Record<string, string>>>();

/** Which engines a service uses that has this data directory: in the stack profile a bucket, queue, database and topic of its own. */
export function engineSettings(dataDirectory: string): Promise<Record<string, string>> {
  if (process.env.TEST_PROFILE !== 'stack') return Promise.resolve({});
  const known =
    stacks.get(dataDirectory) ??
    import('./stack.ts').then(async ({ newStack }) => {
      const { OMS_LOG_LEVEL: _, ...env } = (await newStack()).env;
      return env;
    });
  stacks.set(dataDirectory, known);
  return known;
}

/** The environment without anything that would configure the service from outside the test. */
export function cleanEnvironment(extra: Record<string, string>): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('OMS_') && !name.startsWith('VITEST'),
  );
  return { ...(Object.fromEntries(inherited) as Record<string, string>), ...extra };
}

/** Runs an `oms` command to its end, with this standard input. */
export async function runOms(
  args: string[],
  env: Record<string, string> = {},
  onSpawn?: (child: ChildProcess) => void,
  input = '',
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    env: cleanEnvironment(env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  onSpawn?.(child);
  // A command that reads none of it may have ended already.
  child.stdin.on('error', () => {}).end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const [code] = await once(child, 'close');
  running.delete(child);
  return { code: code as number | null, stdout, stderr };
}

export const ORDER_HEADER =
  'order_id,customer_name,customer_email,product_name,sku,hub_id,quantity,unit_price,total_amount,order_date,shipping_address';

/** One valid row, with what a test wants to be different. Values are joined as they are: quote them yourself. */
export function orderLine(orderId: string, values: Partial<Record<string, string>> = {}): string {
  const row: Record<string, string> = {
    order_id: orderId,
    customer_name: 'Ada Lovelace',
    customer_email: 'ada@example.com',
    product_name: 'Analytical Engine',
    sku: 'SKU-1',
    hub_id: 'HUB-1',
    quantity: '2',
    unit_price: '19.99',
    total_amount: '39.98',
    order_date: '2026-11-20',
    shipping_address: '12 St James Square',
  };
  return ORDER_HEADER.split(',')
    .map((column) => values[column] ?? row[column])
    .join(',');
}

export const csv = (...lines: string[]): string => `${[ORDER_HEADER, ...lines].join('\n')}\n`;

export async function setStock(
  service: Pick<Service, 'url'>,
  levels: [sku: string, hubId: string, available: number][],
): Promise<void> {
  const response = await fetch(`${service.url}/inventory`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ items: levels.map(([sku, hub_id, available]) => ({ sku, hub_id, available })) }),
  });
  if (!response.ok) throw new Error(`PUT /inventory answered ${response.status}: ${await response.text()}`);
}

/** Uploads as a raw body; `query` such as `?name=a.csv`. */
export function upload(
  service: Pick<Service, 'url'>,
  body: string | Uint8Array,
  query = '',
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${service.url}/upload${query}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', ...headers },
    body: body as string,
  });
}

export async function getJson<Result = Record<string, unknown>>(
  service: Pick<Service, 'url'>,
  path: string,
): Promise<Result> {
  const response = await fetch(`${service.url}${path}`);
  if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Result;
}

/** Waits until the file has ended, also while the service cannot say so. The test's own timeout is the bound. */
export async function ended(service: Pick<Service, 'url'>, fileId: string): Promise<FileJson> {
  // The pauses grow with the wait: many pollers would take the time from what they wait for.
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 1.1, 200)) {
    const response = await fetch(`${service.url}/files/${fileId}`);
    const file = (await response.json()) as FileJson;
    if (response.ok && file.finished_at !== null) return file;
    if (!response.ok && response.status !== 503)
      throw new Error(`GET /files/${fileId} answered ${response.status}: ${JSON.stringify(file)}`);
    await delay(pauseMs);
  }
}

/** Uploads, expects 202, waits for the end. */
export async function ingest(service: Pick<Service, 'url'>, body: string | Uint8Array, query = ''): Promise<FileJson> {
  const response = await upload(service, body, query);
  const answer = (await response.json()) as { file_id: string };
  if (response.status !== 202) throw new Error(`POST /upload answered ${response.status}: ${JSON.stringify(answer)}`);
  return ended(service, answer.file_id);
}
