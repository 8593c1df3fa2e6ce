/** What it costs to know who asks: a small answer with a key beside the same one where access is off, by the server's CPU time. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generateOrders } from '../../src/generate.ts';
import { grouped, median, medianRatio } from './measure.ts';
import { cpuSeconds, type Server, startOms } from './processes.ts';
import type { Bench } from './report.ts';
import type { FileShown } from './service.ts';

const CONNECTIONS = 16;
/** What a server does before it is measured, so that its code is compiled. */
const WARM_UP = 40_000;
const REQUESTS = 10_000;
/** Of both in turn. The least of each counts: whatever else the machine does only adds to it. */
const SLICES = 6;

type Headers = Record<string, string>;
interface Asked {
  oms: Server;
  url: string;
  headers: Headers;
}

export async function access(bench: Bench): Promise<void> {
  const micros = { off: [] as number[], key: [] as number[] };
  for (let round = 0; round < bench.rounds; round++) {
    const least = await measure(bench);
    micros.off.push(least.off);
    micros.key.push(least.key);
  }
  const ratio = medianRatio(micros.off, micros.key);
  bench.ratio('access, requests per CPU second with a key / access off', ratio);
  bench.say(`## GET /files/{id} with a key, ${grouped(REQUESTS)} requests at a time`);
  bench.say();
  bench.say('| access | CPU of the server, µs a request | requests per CPU second, it / off |');
  bench.say('|---|---|---|');
  bench.say(`| off | ${median(micros.off).toFixed(0)} | 1 |`);
  bench.say(`| with a key | ${median(micros.key).toFixed(0)} | ${ratio.toFixed(2)} |`);
  bench.say();
}

/** Of processes of their own, as each compiles its code a little differently. */
async function measure(bench: Bench): Promise<{ off: number; key: number }> {
  await using opened = new AsyncDisposableStack();
  const open = await askedOf(await started(bench, opened, {}), {});
  const secret = randomBytes(32).toString('hex');
  const file = join(bench.work, 'admin-key');
  await writeFile(file, secret, { mode: 0o600 });
  const closed = await started(bench, opened, {
    OMS_AUTH: 'required',
    OMS_ADMIN_KEY_FILE: file,
    OMS_RATE_LIMIT: 'off',
  });
  const withKey = await askedOf(closed, await newKey(closed, secret));
  const least = { off: Number.POSITIVE_INFINITY, key: Number.POSITIVE_INFINITY };
  for (const one of [open, withKey]) await ask(one, WARM_UP);
  for (let slice = 0; slice < SLICES; slice++) {
    least.off = Math.min(least.off, await ask(open, REQUESTS));
    least.key = Math.min(least.key, await ask(withKey, REQUESTS));
  }
  return least;
}

async function started({ work }: Bench, opened: AsyncDisposableStack, settings: Headers): Promise<Server> {
  const directory = await mkdtemp(join(work, 'data-'));
  opened.defer(() => rm(directory, { recursive: true }));
  const oms = await startOms(directory, settings);
  opened.defer(() => oms.stop());
  return oms;
}

async function newKey({ url }: Server, secret: string): Promise<Headers> {
  const answer = await fetch(`${url}/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify({ name: 'bench', role: 'operator' }),
  });
  const { key } = (await answer.json()) as { key: string };
  return { authorization: `Bearer ${key}` };
}

/** A file of ten rows that has ended. */
async function askedOf(oms: Server, headers: Headers): Promise<Asked> {
  const body = Buffer.concat([...generateOrders({ rows: 10, invalidShare: 0, seed: 1, ids: 'ordered' })]);
  const type = { 'content-type': 'text/csv' };
  const sent = await fetch(`${oms.url}/upload`, { method: 'POST', headers: { ...headers, ...type }, body });
  const url = `${oms.url}/files/${((await sent.json()) as { file_id: string }).file_id}`;
  while (((await (await fetch(url, { headers })).json()) as FileShown).finished_at === null) await delay(20);
  return { oms, url, headers };
}

/** The server's CPU time for each of so many requests, in microseconds. */
async function ask({ oms, url, headers }: Asked, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const before = await cpuSeconds(oms.child.pid!);
  let left = count;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      request(url, { agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
        response.resume().once('end', resolve);
      })
        .on('error', reject)
        .end();
    });
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left-- > 0) await one();
    }),
  );
  agent.destroy();
  return (((await cpuSeconds(oms.child.pid!)) - before) * 1e6) / count;
}
