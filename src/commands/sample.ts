/**
 * The first start: loads the sample stock, uploads the sample orders through the service's own API, waits, and prints the result and
 * what to try next. Does nothing when the service has had a file before.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../limits.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { okBody, ServiceClient } from './service-client.ts';

const ROOT = new URL('../../', import.meta.url);

/** `server`: the address, and the owner's socket where requests over the address need a key. */
export async function loadSample(
  { url, socket }: { url: string; socket: string | null },
  store: Pick<OrderStore, 'files'>,
  signal: AbortSignal,
): Promise<void> {
  const needsKey = socket !== null;
  if ((await store.files.list({}, { limit: 1, after: null })).items.length > 0) {
    process.stdout.write(
      `the data directory has files already, so the sample is not loaded again\n${nextSteps(url, needsKey)}`,
    );
    return;
  }
  const client = new ServiceClient({ url, key: null, socketPath: socket }, 1);
  try {
    const send = async (method: string, path: string, name: string) =>
      okBody<{ file_id: string }>(await client.once(method, path, { type: 'text/csv', bytes: await sampleFile(name) }));
    await send('PUT', '/inventory', 'sample_stock.csv');
    const { file_id } = await send('POST', '/upload?name=sample_orders.csv', 'sample_orders.csv');
    for (;;) {
      const file = okBody<SampleFile>(await client.once('GET', `/files/${file_id}`));
      if (file.status !== 'queued' && file.status !== 'processing' && file.status !== 'waiting') {
        process.stdout.write(summary(url, file) + nextSteps(url, needsKey));
        return;
      }
      await delay(limits.progressMs, undefined, { signal });
    }
  } finally {
    client.close();
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

function nextSteps(url: string, needsKey: boolean): string {
  const key = needsKey ? `-H "authorization: Bearer $OMS_KEY" ` : '';
  const make = needsKey ? '\n  export OMS_KEY=$(bin/oms keys create --name me --role admin)' : '';
  return `
In a browser: ${url}
or try:${make}
  curl ${key}${url}/stats
  curl ${key}'${url}/orders?limit=3'
  curl ${key}${url}/files
  curl ${key}${url}/invalid-files
  curl ${key}-N --max-time 2 '${url}/events?after=0'
  curl ${key}-F file=@your_orders.csv ${url}/upload
Ctrl-C stops the service.
`;
}
