/**
 * `npm run fuzz -- --seed N --cases M`: hostile files, one for each seed, through the intake (test/fuzz). A seed that fails is
 * printed with its file, and fails the same way each time.
 */
import { parseArgs } from 'node:util';
import { fuzz } from '../test/fuzz/fuzz.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    cases: { type: 'string', default: '1' },
    counts: { type: 'boolean', default: false },
  },
});
const [seed, cases] = [values.seed, values.cases].map(Number) as [number, number];
const counts = new Map<string, number>();
const startedMs = performance.now();

for (let n = seed; n < seed + cases; n++) {
  const { file, met, violation } = await fuzz(n);
  for (const what of met) counts.set(what, (counts.get(what) ?? 0) + 1);
  if (violation === null) continue;
  console.log(JSON.stringify(file.bytes.toString('latin1', 0, 2_000)));
  console.log(`seed ${n}, ${file.bytes.length} bytes: ${violation}`);
  console.log(`again: npm run fuzz -- --seed ${n}`);
  process.exitCode = 1;
  break;
}

if (values.counts) for (const [what, count] of [...counts].sort()) console.log(`${String(count).padStart(9)} ${what}`);
if (process.exitCode !== 1)
  console.log(`${cases} files held in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
