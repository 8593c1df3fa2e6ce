/** The measurements that all parts of the benchmark share. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** As many sockets as there are requests at the same time. */
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });

/** Sends the file, or the bytes, as a raw body; the seconds until its answer. Throws when that is not a 2xx. */
export async function post(url: string, body: string | Buffer): Promise<{ seconds: number; answer: string }> {
  const isFile = typeof body === 'string';
  const length = isFile ? (await stat(body)).size : body.length;
  const started = performance.now();
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = { 'content-type': 'text/csv', 'content-length': length };
    const sent = request(url, { method: 'POST', agent, headers }, async (response) => {
      let text = '';
      for await (const block of response) text += block;
      if (response.statusCode! < 300) resolve(text);
      else reject(new Error(`${url} answered ${response.statusCode}: ${text}`));
    });
    sent.on('error', reject);
    if (isFile) pipeline(createReadStream(body, { highWaterMark: 256 * 1024 }) as Readable, sent).catch(reject);
    else sent.end(body);
  });
  return { seconds: (performance.now() - started) / 1000, answer };
}

export const median = (values: number[]): number => percentile(values, 0.5);

export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The median of what each round says by itself: ours beside what ran right after it. */
export const medianRatio = (ours: number[], theirs: number[]): number =>
  median(ours.map((value, round) => value / theirs[round]!));

export const thousands = (value: number): string => `${Math.round(value / 1000)} k`;
export const grouped = (value: number): string => value.toLocaleString('en');
