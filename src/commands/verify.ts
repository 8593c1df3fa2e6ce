/** `oms verify`: checks over the whole store that nothing was lost or doubled, also while the service runs. */
import { parseArgs } from 'node:util';
import { openStoreForReading } from '../app.ts';
import { readConfig } from '../config.ts';
import type { Violation } from '../ports/order-store.ts';

const INVARIANTS = {
  'INV-1': 'every row is an order or a rejection',
  'INV-2': 'received - available is what orders hold',
  'INV-3': 'every order has its one event',
} as const;

const SHOWN = 20;

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false } } });
  const store = await openStoreForReading(readConfig());
  const violations: Violation[] = [];
  const counts: Record<keyof typeof INVARIANTS, number> = { 'INV-1': 0, 'INV-2': 0, 'INV-3': 0 };
  if (store) {
    for await (const violation of store.statistics.verify()) {
      counts[violation.invariant]++;
      if (values.json) process.stdout.write(`${JSON.stringify(violation)}\n`);
      else if (counts[violation.invariant] <= SHOWN) violations.push(violation);
    }
    await store.close();
  }
  if (!values.json) {
    for (const [name, meaning] of Object.entries(INVARIANTS)) {
      const count = counts[name as keyof typeof INVARIANTS];
      process.stdout.write(`${name}  ${(count === 0 ? 'ok' : `${count} off`).padEnd(10)}${meaning}\n`);
    }
    for (const { invariant, what, id } of violations) process.stdout.write(`${invariant}  ${id}: ${what}\n`);
  }
  return Object.values(counts).every((count) => count === 0) ? 0 : 1;
}
