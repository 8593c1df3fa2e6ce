/** A thousand small files at the same moment: each answered 202, none lost (INV-5), all ingested. Beside the bare server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generateOrders, generateStock } from '../../src/generate.ts';
import { INVALID_SHARE } from './inputs.ts';
import { grouped, median, medianRatio, percentile, post } from './measure.ts';
import { type Server, startBareServer, startOms } from './processes.ts';
import type { Bench } from './report.ts';
import { type FileShown, setStock } from './service.ts';

const UPLOADS = 1_000;
const ROWS = 100;

interface Answers {
  p99Ms: number;
  answeredSeconds: number;
  bodies: string[];
}

export async function manyUploads(bench: Bench): Promise<void> {
  const { say, work } = bench;
  const uploads = bench.scaled(UPLOADS);
  const files = Array.from({ length: uploads }, (_, i) =>
    Buffer.concat([
      ...generateOrders({ rows: ROWS, invalidShare: INVALID_SHARE, seed: i, ids: 'ordered', startAt: 1 + i * ROWS }),
    ]),
  );
  const ours: (Answers & { ingestedSeconds: number })[] = [];
  const bare: Answers[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    ours.push(await withDirectory(work, (directory) => uploadToOms(directory, files)));
    bare.push(
      await withDirectory(work, async (directory) => {
        const server = await startBareServer(directory);
        return sendAll(server, files).finally(server.stop);
      }),
    );
  }
  const seconds = (runs: Answers[]) => runs.map((run) => run.answeredSeconds);
  const ratio = medianRatio(seconds(bare), seconds(ours));
  bench.ratio('many uploads, uploads/s OMS / bare server', ratio);
  say(`## ${grouped(uploads)} uploads of ${ROWS} rows at once`);
  say();
  say('| who | p99 of the answers, ms | all answered after s | uploads/s, OMS / it | all ingested after s |');
  say('|---|---|---|---|---|');
  const row = (name: string, runs: Answers[]) =>
    `| ${name} | ${median(runs.map((run) => run.p99Ms)).toFixed(0)} | ${median(seconds(runs)).toFixed(2)}`;
  say(`${row('OMS', ours)} | 1 | ${median(ours.map((run) => run.ingestedSeconds)).toFixed(2)} |`);
  say(`${row('bare hash-and-write server', bare)} | ${ratio.toFixed(2)} | |`);
  say();
}

async function uploadToOms(directory: string, files: Buffer[]): Promise<Answers & { ingestedSeconds: number }> {
  const oms = await startOms(directory);
  try {
    const stock = join(directory, 'stock.csv');
    await writeFile(stock, generateStock());
    await setStock(oms, stock);
    const started = performance.now();
    const answers = await sendAll(oms, files);
    const ids = new Set(answers.bodies.map((body) => (JSON.parse(body) as { file_id: string }).file_id));
    if (ids.size !== files.length) throw new Error(`${files.length} uploads were answered with ${ids.size} files`);
    while ((await completed(oms)) < files.length) await delay(20);
    const ingestedSeconds = (performance.now() - started) / 1000;
    for (const id of ids) await checkFile(oms, id);
    return { ...answers, ingestedSeconds };
  } finally {
    await oms.stop();
  }
}

async function sendAll({ url }: Server, files: Buffer[]): Promise<Answers> {
  const started = performance.now();
  const answers = await Promise.all(files.map((file, i) => post(`${url}/upload?name=${i}.csv`, file)));
  return {
    p99Ms:
      1000 *
      percentile(
        answers.map(({ seconds }) => seconds),
        0.99,
      ),
    answeredSeconds: (performance.now() - started) / 1000,
    bodies: answers.map(({ answer }) => answer),
  };
}

async function completed({ url }: Server): Promise<number> {
  const { files } = (await (await fetch(`${url}/stats`)).json()) as { files: Record<string, number> };
  if ((files.failed ?? 0) > 0) throw new Error(`${files.failed} files failed`);
  return files.completed ?? 0;
}

async function checkFile({ url }: Server, id: string): Promise<void> {
  const { status, progress } = (await (await fetch(`${url}/files/${id}`)).json()) as FileShown;
  const { rows, accepted, invalid } = progress;
  if (status !== 'completed' || rows !== ROWS || invalid !== ROWS * INVALID_SHARE || accepted !== rows - invalid)
    throw new Error(`file ${id} ended as ${status} with ${JSON.stringify(progress)}`);
}

async function withDirectory<Result>(work: string, use: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(join(work, 'many-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
