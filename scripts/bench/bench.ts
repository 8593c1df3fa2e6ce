/**
 * `npm run bench`: the real service compared with what others would write, on this machine, one after the other, as medians and ratios.
 * Absolute figures of shared machines mean little: what counts are the ratios to what ran right after. Writes its tables and pictures to
 * `bench/out/`.
 *
 *   --quick                 a tenth of everything, one round
 *   --only ingestion,start  some parts
 *   --profile stack         the production engines instead
 *   --check                 fails when a ratio is much lower than in baseline.json
 *   --write-baseline        puts the ratios of this run there
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { access } from './access.ts';
import { fallen, type Ratios, readBaseline, writeBaseline } from './baseline.ts';
import { formats } from './formats.ts';
import { growth } from './growth.ts';
import { ingestion } from './ingestion.ts';
import { manyUploads } from './many-uploads.ts';
import { orders } from './orders.ts';
import { ROOT } from './processes.ts';
import type { Bench } from './report.ts';
import { requests } from './requests.ts';
import { start } from './start.ts';
import { upload } from './upload.ts';

type Part = (bench: Bench) => Promise<void>;

const EMBEDDED: Record<string, Part> = {
  ingestion,
  formats,
  growth,
  upload,
  requests,
  start,
  'many-uploads': manyUploads,
  orders,
  access,
};
const STACK: Record<string, Part> = { stack: async (bench) => (await import('./stack.ts')).stack(bench) };
const PROFILES: Record<string, Record<string, Part>> = { embedded: EMBEDDED, stack: STACK };
const ROUNDS = 3;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    profile: { type: 'string', default: 'embedded' },
    check: { type: 'boolean', default: false },
    'write-baseline': { type: 'boolean', default: false },
  },
});
const parts = PROFILES[options.profile];
if (!parts) throw new Error(`--profile "${options.profile}" is none of ${Object.keys(PROFILES).join(', ')}`);
const names = options.only?.split(',') ?? Object.keys(parts);
for (const name of names)
  if (!Object.hasOwn(parts, name)) throw new Error(`--only "${name}" is none of ${Object.keys(parts).join(', ')}`);

const lines: string[] = [];
const ratios: Ratios = {};
const out = join(ROOT, 'bench/out');
const pictures: [string, string][] = [];
const bench: Bench = {
  work: await mkdtemp(join(tmpdir(), 'oms-bench-')),
  rounds: options.quick ? 1 : ROUNDS,
  scaled: (full) => (options.quick ? full / 10 : full),
  say(line = '') {
    lines.push(line);
    process.stdout.write(`${line}\n`);
  },
  // Small files tell other ratios than large ones: a quick run is compared with quick runs.
  ratio(name, value) {
    ratios[options.quick ? `quick: ${name}` : name] = value;
  },
  picture(name, svg) {
    pictures.push([`${name}.svg`, svg]);
  },
};

try {
  const machine = `Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model}`;
  bench.say('# Benchmark');
  bench.say();
  bench.say(`${new Date().toISOString().slice(0, 10)}, ${machine}, medians of ${bench.rounds}`);
  bench.say();
  for (const name of names) await parts[name]!(bench);
} finally {
  await rm(bench.work, { recursive: true, force: true });
}
await mkdir(out, { recursive: true });
await writeFile(join(out, `${options.profile}.md`), `${lines.join('\n')}\n`);
for (const [name, svg] of pictures) await writeFile(join(out, name), svg);

if (options.check) {
  const slower = fallen(ratios, await readBaseline());
  for (const line of slower) process.stderr.write(`fell by more than 15 %: ${line}\n`);
  if (slower.length > 0) process.exitCode = 1;
}
if (options['write-baseline']) await writeBaseline(ratios);
