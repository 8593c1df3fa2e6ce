/**
 * `npm run bench`: rows per second, memory and answer times of the real service beside plain scripts, on this machine, in turn,
 * as medians and ratios. Absolute figures of shared machines mean little; the ratios to the baseline of the same run are what
 * counts. Writes its table to `bench/out/` too. `--quick` takes a tenth of the rows and one round; `--profile stack` is about the
 * production engines.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { generateOrders, generateStock } from '../../src/generate.ts';
import { median, percentile, post, thousands } from './measure.ts';
import {
  cpuSeconds,
  ROOT,
  resetPeak,
  residentMemory,
  runScript,
  type Server,
  startOms,
  startServer,
} from './processes.ts';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, profile: { type: 'string', default: 'embedded' } },
});
if (options.profile !== 'embedded' && options.profile !== 'stack')
  throw new Error(`--profile "${options.profile}" is neither embedded nor stack`);
const MILLION = options.quick ? 100_000 : 1_000_000;
const ROUNDS = options.quick ? 1 : 3;
const UPLOAD_BYTES = options.quick ? 100 * 1024 ** 2 : 1024 ** 3;
const STACK_ROWS = options.quick ? 40_000 : 200_000;
const INVALID_SHARE = 0.01;

interface Ingestion {
  rows: number;
  rowsPerSecond: number;
  cpuSeconds: number;
  peakMiB: number;
  latencies: Record<string, number[]>;
}

const lines: string[] = [];
function say(line = ''): void {
  lines.push(line);
  process.stdout.write(`${line}\n`);
}

const work = await mkdtemp(join(tmpdir(), 'oms-bench-'));
try {
  say(`# Benchmark`);
  say();
  say(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model}, medians of ${ROUNDS}`,
  );
  say();
  if (options.profile === 'stack') {
    const { stackProfile } = await import('./stack.ts');
    await stackProfile(say, { work, rows: STACK_ROWS, rounds: ROUNDS });
  } else {
    await ingestion();
    await growth();
    await uploads();
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
await mkdir(join(ROOT, 'bench/out'), { recursive: true });
await writeFile(join(ROOT, `bench/out/${options.profile}.md`), `${lines.join('\n')}\n`);

async function ingestion(): Promise<void> {
  say(`## ${MILLION.toLocaleString('en')} rows, ${INVALID_SHARE * 100} % invalid, 5,000 stock keys`);
  say();
  say(
    '| order ids | OMS rows/s | insert-only script rows/s | ratio | CPU s | peak RSS MiB | idle p99 ms: /stats, /healthz | p99 ms while ingesting |',
  );
  say('|---|---|---|---|---|---|---|---|');
  for (const ids of ['ordered', 'random'] as const) {
    const file = await generate(`${ids}.csv`, MILLION, ids);
    const ours: Ingestion[] = [];
    const theirs: number[] = [];
    const idle: Record<string, number[]> = { '/stats': [], '/healthz': [] };
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await ingest(file, MILLION, idle));
      theirs.push(await baseline(file));
    }
    const rates = ours.map((run) => run.rowsPerSecond);
    const ratios = rates.map((rate, round) => rate / theirs[round]!);
    const busy = (path: string) =>
      percentile(
        ours.flatMap((run) => run.latencies[path]!),
        0.99,
      ).toFixed(1);
    const quiet = (path: string) => percentile(idle[path]!, 0.99).toFixed(1);
    say(
      `| ${ids} | ${thousands(median(rates))} | ${thousands(median(theirs))} | ${median(ratios).toFixed(2)} | ${median(ours.map((run) => run.cpuSeconds)).toFixed(1)} | ${Math.max(...ours.map((run) => run.peakMiB))} | ${quiet('/stats')}, ${quiet('/healthz')} | ${busy('/stats')}, ${busy('/healthz')} |`,
    );
    await rm(file);
  }
  say();
}

async function growth(): Promise<void> {
  say('## Growth: peak RSS and rows/s by the size of the file');
  say();
  say('| rows | rows/s | peak RSS MiB |');
  say('|---|---|---|');
  for (const rows of [MILLION, 3 * MILLION]) {
    const file = await generate(`growth-${rows}.csv`, rows, 'ordered');
    const run = await ingest(file, rows);
    say(`| ${rows.toLocaleString('en')} | ${thousands(run.rowsPerSecond)} | ${run.peakMiB} |`);
    await rm(file);
  }
  say();
}

async function uploads(): Promise<void> {
  say(`## Upload of ${Math.round(UPLOAD_BYTES / 1024 ** 2)} MiB`);
  say();
  const file = await generate('upload.csv', Math.ceil(UPLOAD_BYTES / 155), 'ordered');
  const { size } = await stat(file);
  const ours: number[] = [];
  const bare: number[] = [];
  let growthMiB = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const directory = await mkdtemp(join(work, 'upload-'));
    const oms = await startOms(directory);
    const pid = oms.child.pid!;
    const before = await residentMemory(pid);
    await resetPeak(pid);
    const { seconds, answer } = await post(`${oms.url}/upload?name=upload.csv`, file);
    growthMiB = Math.max(growthMiB, (await residentMemory(pid)).peakMiB - before.nowMiB);
    ours.push(size / seconds);
    const { file_id } = JSON.parse(answer) as { file_id: string };
    await fetch(`${oms.url}/files/${file_id}/cancel`, { method: 'POST' });
    await oms.stop();
    await rm(directory, { recursive: true });

    const server = await startServer(process.execPath, [
      join(ROOT, 'scripts/bench/bare-upload.ts'),
      join(work, 'bare'),
    ]);
    bare.push(size / (await post(server.url, file)).seconds);
    await server.stop();
    await rm(join(work, 'bare'));
  }
  const ratio = median(ours.map((rate, round) => rate / bare[round]!));
  say('| OMS MB/s | bare hash-and-write server MB/s | ratio | growth of RSS while uploading, MiB |');
  say('|---|---|---|---|');
  say(
    `| ${(median(ours) / 1e6).toFixed(0)} | ${(median(bare) / 1e6).toFixed(0)} | ${ratio.toFixed(2)} | ${growthMiB} |`,
  );
  say();
}

async function generate(name: string, rows: number, ids: 'ordered' | 'random'): Promise<string> {
  const path = join(work, name);
  await pipeline(
    Readable.from(generateOrders({ rows, invalidShare: INVALID_SHARE, seed: 1, ids })),
    createWriteStream(path),
  );
  return path;
}

async function ingest(file: string, rows: number, idle?: Record<string, number[]>): Promise<Ingestion> {
  const directory = await mkdtemp(join(work, 'data-'));
  const oms = await startOms(directory);
  const pid = oms.child.pid!;
  try {
    await fetch(`${oms.url}/inventory`, {
      method: 'PUT',
      headers: { 'content-type': 'text/csv' },
      body: generateStock(),
    });
    if (idle) await askWhile(oms, idle, delay(2_000));
    const latencies: Record<string, number[]> = { '/stats': [], '/healthz': [] };
    const cpuBefore = await cpuSeconds(pid);
    const { answer } = await post(`${oms.url}/upload?name=bench.csv`, file);
    const { file_id } = JSON.parse(answer) as { file_id: string };
    let ended: Ended | undefined;
    const end = (async () => {
      while (!ended) {
        const shown = (await (await fetch(`${oms.url}/files/${file_id}`)).json()) as Ended;
        if (shown.finished_at !== null) ended = shown;
        else await delay(200);
      }
    })();
    await askWhile(oms, latencies, end);
    if (ended?.status !== 'completed' || ended.progress.rows !== rows)
      throw new Error(`the file ended as ${JSON.stringify(ended)}`);
    const seconds = (Date.parse(ended.finished_at!) - Date.parse(ended.started_at!)) / 1000;
    return {
      rows,
      rowsPerSecond: rows / seconds,
      cpuSeconds: (await cpuSeconds(pid)) - cpuBefore,
      peakMiB: (await residentMemory(pid)).peakMiB,
      latencies,
    };
  } finally {
    await oms.stop();
    await rm(directory, { recursive: true });
  }
}

interface Ended {
  status: string;
  started_at: string | null;
  finished_at: string | null;
  progress: { rows: number };
}

/** Asks each path every 20 ms until `until` is settled, and notes the milliseconds of each answer. */
async function askWhile(oms: Server, latencies: Record<string, number[]>, until: Promise<unknown>): Promise<void> {
  let done = false;
  const stop = until.finally(() => {
    done = true;
  });
  const ask = async (path: string) => {
    while (!done) {
      const started = performance.now();
      await (await fetch(`${oms.url}${path}`)).arrayBuffer();
      latencies[path]!.push(performance.now() - started);
      await delay(20);
    }
  };
  await Promise.all([stop, ...Object.keys(latencies).map(ask)]);
}

async function baseline(file: string): Promise<number> {
  const database = join(work, 'baseline.db');
  const { rows, seconds } = JSON.parse(await runScript('insert-only.ts', [file, database])) as {
    rows: number;
    seconds: number;
  };
  for (const suffix of ['', '-wal', '-shm']) await rm(database + suffix, { force: true });
  return rows / seconds;
}
