/**
 * The first start: loads the sample stock, uploads the sample orders through the service's own API, waits, and prints the result and
 * what to try next. Does nothing when the service has had a file before.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { OrderStore } from '../ports/order-store.ts';

const ROOT = new URL('../../', import.meta.url);

export async function loadSample(url: string, store: Pick<OrderStore, 'files'>, signal: AbortSignal): Promise<void> {
  if ((await store.files.list({}, { limit: 1, after: null })).items.length > 0) {
    process.stdout.write(`the data directory has files already, so the sample is not loaded again\n${nextSteps(url)}`);
    return;
  }
  await request(`${url}/inventory`, {
    method: 'PUT',
    headers: { 'content-type': 'text/csv' },
    body: await sampleFile('sample_stock.csv'),
    signal,
  });
  const form = new FormData();
  form.append('file', new Blob([await sampleFile('sample_orders.csv')], { type: 'text/csv' }), 'sample_orders.csv');
  const { file_id } = (await request(`${url}/upload`, { method: 'POST', body: form, signal })) as { file_id: string };
  for (;;) {
    const file = (await request(`${url}/files/${file_id}`, { signal })) as SampleFile;
    if (file.status !== 'queued' && file.status !== 'processing' && file.status !== 'waiting') {
      process.stdout.write(summary(url, file) + nextSteps(url));
      return;
    }
    await delay(limits.progressMs, undefined, { signal });
  }
}

interface SampleFile {
  file_id: string;
  name: string;
  status: string;
  progress: { rows: number; accepted: number; invalid: number };
  invalid_by_code: Record<string, number>;
  invalid_file: string | null;
}

const sampleFile = (name: string) => readFile(new URL(name, ROOT));

async function request(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, init);
  const body = await response.json();
  if (!response.ok)
    throw new OmsError('sample_failed', `${url} answered ${response.status}: ${(body as { detail?: string }).detail}`);
  return body;
}

function summary(url: string, file: SampleFile): string {
  const { rows, accepted, invalid } = file.progress;
  const reasons = Object.entries(file.invalid_by_code)
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `    ${code.padEnd(20)}${count}\n`)
    .join('');
  return `
The sample was ingested: ${file.name}, ${file.status}
  rows      ${rows}
  accepted  ${accepted}
  invalid   ${invalid}, by reason:
${reasons}  report    ${url}/invalid-files/${file.invalid_file}
`;
}

function nextSteps(url: string): string {
  return `
In a browser: ${url}
or try:
  curl ${url}/stats
  curl '${url}/orders?limit=3'
  curl ${url}/files
  curl ${url}/invalid-files
  curl -N --max-time 2 '${url}/events?after=0'
  curl -F file=@your_orders.csv ${url}/upload
Ctrl-C stops the service.
`;
}
