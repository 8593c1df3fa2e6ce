/** An upload of 1 GiB into the whole service, beside a bare server that hashes and writes the same bytes. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withInput } from './inputs.ts';
import { median, medianRatio, post } from './measure.ts';
import { resetPeak, residentMemory, startBareServer, startOms } from './processes.ts';
import type { Bench } from './report.ts';

const BYTES = 1024 ** 3;
const ROW_BYTES = 155;

export async function upload(bench: Bench): Promise<void> {
  const { say, work } = bench;
  const rows = Math.ceil(bench.scaled(BYTES) / ROW_BYTES);
  const ours: number[] = [];
  const bare: number[] = [];
  let growthMiB = 0;
  const size = await withInput(work, { rows, ids: 'ordered' }, async ({ path }) => {
    const { size } = await stat(path);
    for (let round = 0; round < bench.rounds; round++) {
      const run = await uploadToOms(work, path);
      ours.push(size / run.seconds);
      growthMiB = Math.max(growthMiB, run.growthMiB);
      bare.push(size / (await uploadToBareServer(work, path)));
    }
    return size;
  });
  const ratio = medianRatio(ours, bare);
  bench.ratio('upload, MB/s OMS / bare server', ratio);
  say(`## Upload of ${Math.round(size / 1024 ** 2)} MiB`);
  say();
  say('| OMS MB/s | bare hash-and-write server MB/s | OMS / it | growth of RSS while uploading, MiB |');
  say('|---|---|---|---|');
  say(
    `| ${(median(ours) / 1e6).toFixed(0)} | ${(median(bare) / 1e6).toFixed(0)} | ${ratio.toFixed(2)} | ${growthMiB} |`,
  );
  say();
}

async function uploadToOms(work: string, path: string): Promise<{ seconds: number; growthMiB: number }> {
  const directory = await mkdtemp(join(work, 'upload-'));
  const oms = await startOms(directory);
  try {
    const pid = oms.child.pid!;
    const before = await residentMemory(pid);
    await resetPeak(pid);
    const { seconds, answer } = await post(`${oms.url}/upload?name=upload.csv`, path);
    const growthMiB = (await residentMemory(pid)).peakMiB - before.nowMiB;
    const { file_id } = JSON.parse(answer) as { file_id: string };
    await fetch(`${oms.url}/files/${file_id}/cancel`, { method: 'POST' });
    return { seconds, growthMiB };
  } finally {
    await oms.stop();
    await rm(directory, { recursive: true });
  }
}

async function uploadToBareServer(work: string, path: string): Promise<number> {
  const directory = await mkdtemp(join(work, 'bare-'));
  const server = await startBareServer(directory);
  try {
    return (await post(server.url, path)).seconds;
  } finally {
    await server.stop();
    await rm(directory, { recursive: true });
  }
}
