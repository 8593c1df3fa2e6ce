/**
 * `npm run simulate -- --seed N --steps M [--seeds K] [--focus CALL] [--changes] [--finalizer] [--counts]`: the pipeline under faults and
 * interleavings that a seed chooses (test/simulator); with `--changes` clients that change orders beside it, with `--finalizer` these and
 * finalizers. A seed that fails is printed with its last steps, and fails the same way each time.
 */
import { parseArgs } from 'node:util';
import { simulateChanges } from '../test/simulator/changes.ts';
import { simulate } from '../test/simulator/simulation.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '600' },
    seeds: { type: 'string', default: '1' },
    focus: { type: 'string' },
    changes: { type: 'boolean', default: false },
    finalizer: { type: 'boolean', default: false },
    counts: { type: 'boolean', default: false },
  },
});
const [seed, steps, seeds] = [values.seed, values.steps, values.seeds].map(Number) as [number, number, number];
const counts = new Map<string, number>();
const startedMs = performance.now();
let allSteps = 0;
let longest = 0;

for (let n = seed; n < seed + seeds; n++) {
  const result = await (values.changes || values.finalizer
    ? simulateChanges(n, steps, { finalizes: values.finalizer })
    : simulate(n, steps, values.focus));
  allSteps += result.steps;
  longest = Math.max(longest, result.steps);
  for (const [what, count] of result.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  if (seeds === 1) console.log(`seed ${n}: ${result.steps} steps, trace ${result.hash}`);
  if (result.violation === null) continue;
  console.log(result.lastSteps.join('\n'));
  console.log(`seed ${n}, step ${result.steps}: ${result.violation}`);
  console.log(
    `again: npm run simulate -- --seed ${n} --steps ${steps}${values.focus ? ` --focus ${values.focus}` : ''}${values.changes ? ' --changes' : ''}${values.finalizer ? ' --finalizer' : ''}`,
  );
  process.exitCode = 1;
  break;
}

if (values.counts) for (const [what, count] of [...counts].sort()) console.log(`${String(count).padStart(9)} ${what}`);
if (process.exitCode !== 1)
  console.log(
    `${seeds} seeds held, ${allSteps} steps (at most ${longest}) in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
  );
