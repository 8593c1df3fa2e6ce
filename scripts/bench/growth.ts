/** Whether speed and memory stay as they are when files are ten times as large (INV-6). */
import { ORDER_IDS, withInput } from './inputs.ts';
import { grouped, median, medianRatio, thousands } from './measure.ts';
import type { Bench } from './report.ts';
import { type Ingested, ingest } from './service.ts';

const SMALL = 300_000;
const LARGE = 3_000_000;

export async function growth(bench: Bench): Promise<void> {
  const { say, work } = bench;
  const [small, large] = [bench.scaled(SMALL), bench.scaled(LARGE)];
  say(`## Growth: from ${grouped(small)} to ${grouped(large)} rows`);
  say();
  say('| order ids | rows/s, small | rows/s, large | large / small | peak RSS MiB, small | large | large / small |');
  say('|---|---|---|---|---|---|---|');
  for (const ids of ORDER_IDS) {
    const smalls: Ingested[] = [];
    const larges: Ingested[] = [];
    await withInput(work, { rows: small, ids }, (smallInput) =>
      withInput(work, { rows: large, ids }, async (largeInput) => {
        for (let round = 0; round < bench.rounds; round++) {
          smalls.push(await ingest(work, smallInput));
          larges.push(await ingest(work, largeInput));
        }
      }),
    );
    const rates = (runs: Ingested[]) => runs.map((run) => run.rowsPerSecond);
    const peaks = (runs: Ingested[]) => runs.map((run) => run.peakMiB);
    const speed = medianRatio(rates(larges), rates(smalls));
    const memory = medianRatio(peaks(larges), peaks(smalls));
    bench.ratio(`growth, ${ids}, rows/s large / small`, speed);
    bench.ratio(`growth, ${ids}, peak RSS small / large`, 1 / memory);
    say(
      `| ${ids} | ${thousands(median(rates(smalls)))} | ${thousands(median(rates(larges)))} | ${speed.toFixed(2)} | ${median(peaks(smalls))} | ${median(peaks(larges))} | ${memory.toFixed(2)} |`,
    );
  }
  say();
}
