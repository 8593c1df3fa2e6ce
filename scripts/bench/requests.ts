/** How long answers take while a large file is ingested, beside those of the idle service. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { withInput } from './inputs.ts';
import { grouped, median, percentile } from './measure.ts';
import { type Server, startOms } from './processes.ts';
import type { Bench } from './report.ts';
import { followed, setStock, uploaded } from './service.ts';

const ROWS = 1_000_000;
const ROWS_BEFORE = 10_000;
const IDLE_MS = 10_000;
const PAUSE_MS = 20;
const REQUESTS = ['GET /stats', 'GET /files/{id}', 'GET /orders?limit=50'] as const;

/** The milliseconds of each answer, by request. */
type Latencies = Record<(typeof REQUESTS)[number], number[]>;

export async function requests(bench: Bench): Promise<void> {
  const { say } = bench;
  const rows = bench.scaled(ROWS);
  const idle: Latencies[] = [];
  const busy: Latencies[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    const run = await measure(bench, rows);
    idle.push(run.idle);
    busy.push(run.busy);
  }
  say(`## Answers while ${grouped(rows)} rows are ingested, each asked every ${PAUSE_MS} ms`);
  say();
  say('| request | p99 idle, ms | p99 while ingesting, ms | while ingesting / idle |');
  say('|---|---|---|---|');
  for (const request of REQUESTS) {
    const p99 = (runs: Latencies[]) => runs.map((latencies) => percentile(latencies[request], 0.99));
    const ratio = median(p99(busy).map((value, round) => value / p99(idle)[round]!));
    bench.ratio(`requests, p99 of ${request} idle / while ingesting`, 1 / ratio);
    say(`| ${request} | ${median(p99(idle)).toFixed(1)} | ${median(p99(busy)).toFixed(1)} | ${ratio.toFixed(2)} |`);
  }
  say();
}

/** Of a service that has some orders already, so that there is something to list. */
async function measure({ work, scaled }: Bench, rows: number): Promise<{ idle: Latencies; busy: Latencies }> {
  const directory = await mkdtemp(join(work, 'data-'));
  const oms = await startOms(directory);
  try {
    const before = await withInput(work, { rows: ROWS_BEFORE, ids: 'random' }, async (input) => {
      await setStock(oms, input.stock);
      const fileId = await uploaded(oms, input.path);
      await followed(oms, fileId, input.rows);
      return fileId;
    });
    const idle = await askDuring(oms, before, delay(scaled(IDLE_MS)));
    return await withInput(work, { rows, ids: 'ordered' }, async (input) => {
      const fileId = await uploaded(oms, input.path);
      return { idle, busy: await askDuring(oms, fileId, followed(oms, fileId, rows)) };
    });
  } finally {
    await oms.stop();
    await rm(directory, { recursive: true });
  }
}

async function askDuring(oms: Server, fileId: string, during: Promise<unknown>): Promise<Latencies> {
  const latencies = Object.fromEntries(REQUESTS.map((request) => [request, [] as number[]])) as Latencies;
  let done = false;
  const end = during.finally(() => {
    done = true;
  });
  const ask = async (request: (typeof REQUESTS)[number]) => {
    const url = oms.url + request.slice('GET '.length).replace('{id}', fileId);
    while (!done) {
      const started = performance.now();
      const answer = await fetch(url);
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`${request} answered ${answer.status}`);
      latencies[request].push(performance.now() - started);
      await delay(PAUSE_MS);
    }
  };
  await Promise.all([end, ...REQUESTS.map(ask)]);
  return latencies;
}
