/** What all parts of the benchmark measure with. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import { pipeline } from 'node:stream/promises';

/** Sends the file as a raw body; the seconds until its answer. */
export async function post(url: string, file: string): Promise<{ seconds: number; answer: string }> {
  const { size } = await stat(file);
  const started = performance.now();
  const answer = await new Promise<string>((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', headers: { 'content-type': 'text/csv', 'content-length': size } },
      async (response) => {
        let text = '';
        for await (const block of response) text += block;
        if (response.statusCode! < 300) resolve(text);
        else reject(new Error(`${url} answered ${response.statusCode}: ${text}`));
      },
    );
    pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), sent).catch(reject);
  });
  return { seconds: (performance.now() - started) / 1000, answer };
}

export const median = (values: number[]): number => percentile(values, 0.5);

export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const thousands = (value: number): string => `${Math.round(value / 1000)} k`;
