/** How long the service takes to be ready, with a million orders in its store and with none; files in the cache of the system. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { withInput } from './inputs.ts';
import { grouped, median, medianRatio } from './measure.ts';
import { startOms } from './processes.ts';
import type { Bench } from './report.ts';
import { followed, setStock, uploaded } from './service.ts';

const ROWS = 1_000_000;
const ROUNDS = 5;

interface Start {
  listeningMs: number;
  readyMs: number;
}

export async function start({ work, scaled, say, ratio }: Bench): Promise<void> {
  const rows = scaled(ROWS);
  const [full, empty] = [await mkdtemp(join(work, 'data-')), await mkdtemp(join(work, 'data-'))];
  try {
    await withInput(work, { rows, ids: 'random' }, async (input) => {
      const oms = await startOms(full);
      await setStock(oms, input.stock);
      await followed(oms, await uploaded(oms, input.path), rows);
      await oms.stop();
    });
    // The first start makes the database.
    await measure(empty);
    const fulls: Start[] = [];
    const empties: Start[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      fulls.push(await measure(full));
      empties.push(await measure(empty));
    }
    const ready = (starts: Start[]) => starts.map(({ readyMs }) => readyMs);
    ratio('start, ready empty / with orders', medianRatio(ready(empties), ready(fulls)));
    say(`## Start, median of ${ROUNDS}`);
    say();
    say('| orders in the store | listening after ms | /readyz 200 after ms |');
    say('|---|---|---|');
    for (const [name, starts] of [
      [`some ${grouped(rows)}`, fulls],
      ['none', empties],
    ] as const)
      say(
        `| ${name} | ${median(starts.map(({ listeningMs }) => listeningMs)).toFixed(0)} | ${median(ready(starts)).toFixed(0)} |`,
      );
    say();
  } finally {
    for (const directory of [full, empty]) await rm(directory, { recursive: true });
  }
}

async function measure(directory: string): Promise<Start> {
  const started = performance.now();
  const oms = await startOms(directory);
  const listeningMs = performance.now() - started;
  while (!(await fetch(`${oms.url}/readyz`)).ok) await delay(1);
  const readyMs = performance.now() - started;
  await oms.stop();
  return { listeningMs, readyMs };
}
