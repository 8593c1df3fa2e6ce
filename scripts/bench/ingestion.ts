/** The main part of the benchmark: the same files into the whole service and into each contender, one after the other. */
import { type Contender, findContenders, type Run } from './contenders.ts';
import { type Input, ORDER_IDS, type OrderIds, withInput } from './inputs.ts';
import { grouped, median, medianRatio, thousands } from './measure.ts';
import { type Bar, bars } from './plot.ts';
import type { Bench } from './report.ts';
import { type Ingested, ingest } from './service.ts';

const SIZES = [100_000, 1_000_000, 3_000_000];

export async function ingestion(bench: Bench): Promise<void> {
  const contenders = await findContenders();
  bench.say('## Ingestion');
  bench.say();
  for (const size of SIZES) {
    const rows = bench.scaled(size);
    const drawn: { title: string; bars: Bar[] }[] = [];
    for (const ids of ORDER_IDS)
      drawn.push(await withInput(bench.work, { rows, ids }, (input) => compare(bench, contenders, input, ids)));
    bench.picture(`ingestion-${rows}`, bars(`Rows/s, ${grouped(rows)} rows`, drawn));
  }
}

async function compare(bench: Bench, contenders: Contender[], input: Input, ids: OrderIds) {
  const ours: Ingested[] = [];
  const theirs = new Map<Contender, Run[]>();
  for (let round = 0; round < bench.rounds; round++) {
    ours.push(await ingest(bench.work, input));
    for (const contender of contenders) {
      if (contender.missing !== null) continue;
      const runs = theirs.get(contender) ?? [];
      runs.push(await contender.run(bench.work, input, ours[round]!));
      theirs.set(contender, runs);
    }
  }

  const { say } = bench;
  say(`### ${grouped(input.rows)} rows, ${ids} order ids`);
  say();
  say('| who | rows/s | OMS / it | CPU s | peak RSS MiB | orders stored | rejected |');
  say('|---|---|---|---|---|---|---|');
  const rates = ours.map((run) => run.rowsPerSecond);
  say(
    row(
      'OMS',
      ours.map((run) => ({ ...run, stored: run.accepted })),
      '1',
    ),
  );
  const drawn: Bar[] = [{ name: 'OMS', value: median(rates), ours: true }];
  for (const contender of contenders) {
    const runs = theirs.get(contender);
    if (runs === undefined) {
      say(`| ${contender.name} | skipped: ${contender.missing} | | | | | |`);
      continue;
    }
    const theirRates = runs.map((run) => run.rowsPerSecond);
    const ratio = medianRatio(rates, theirRates);
    bench.ratio(`ingestion, ${input.rows} rows, ${ids}, OMS / ${contender.name}`, ratio);
    say(row(contender.name, runs, ratio.toFixed(2)));
    drawn.push({ name: contender.name, value: median(theirRates), ours: false });
  }
  say();
  say(`OMS from the first byte uploaded: ${thousands(median(ours.map((run) => run.rowsPerSecondWithUpload)))} rows/s.`);
  say();
  return { title: `${ids} order ids`, bars: drawn };
}

function row(name: string, runs: Run[], ratio: string): string {
  const { stored, invalid } = runs[0]!;
  const cpu = median(runs.map((run) => run.cpuSeconds)).toFixed(1);
  const peak = Math.max(...runs.map((run) => run.peakMiB));
  const rate = thousands(median(runs.map((run) => run.rowsPerSecond)));
  return `| ${name} | ${rate} | ${ratio} | ${cpu} | ${peak} | ${grouped(stored)} | ${invalid === null ? '' : grouped(invalid)} |`;
}
