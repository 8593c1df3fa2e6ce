/** `oms verify`: checks the whole store for lost and doubled data, also while the service runs. */
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { createLogger } from '../log.ts';
import { openStoresForReading } from '../open-for-reading.ts';
import { type CheckedCounts, verify } from '../pipeline/verify.ts';
import { CHECKS, type Check, type Violation } from '../ports/verification.ts';

/** Violations of each check that are printed without `--json`. */
const SHOWN = 20;

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false } } });
  const config = readConfig();
  const { store, objects, close } = await openStoresForReading(config, createLogger('silent', 'verify'));
  const counts = Object.fromEntries(Object.keys(CHECKS).map((check) => [check, 0])) as Record<Check, number>;
  const output = values.json ? asJson() : asTable();
  try {
    const checking = verify(store, objects, { maxInflatedBytes: config.maxUploadBytes });
    let next = await checking.next();
    for (; !next.done; next = await checking.next()) output.violation(next.value, counts[next.value.check]++);
    output.end(counts, next.value);
  } finally {
    await close();
  }
  return Object.values(counts).every((count) => count === 0) ? 0 : 1;
}

interface Output {
  /** `before`: how many violations of this check were found before it. */
  violation(violation: Violation, before: number): void;
  end(counts: Record<Check, number>, checked: CheckedCounts): void;
}

const checks = Object.keys(CHECKS) as Check[];

function asTable(): Output {
  const lines: string[] = [];
  return {
    violation({ check, what, id, detail }, before) {
      if (before < SHOWN) lines.push(`${CHECKS[check].invariant}  ${id}: ${what}: ${detail}\n`);
    },
    end(counts, checked) {
      const width = Math.max(...checks.map((check) => CHECKS[check].holds.length)) + 2;
      for (const check of checks) {
        const { invariant, holds } = CHECKS[check];
        const result = counts[check] === 0 ? 'ok' : `${counts[check]} off`;
        process.stdout.write(`${invariant}  ${result.padEnd(10)}${holds.padEnd(width)}${countsOf(checked)[check]}\n`);
      }
      for (const line of lines) process.stdout.write(line);
      if (checks.some((check) => counts[check] > SHOWN))
        process.stdout.write(`only the first ${SHOWN} of each are shown: --json prints all\n`);
    },
  };
}

/** One document, written while violations are found. */
function asJson(): Output {
  let separator = '';
  process.stdout.write('{"violations":[');
  return {
    violation({ check, ...rest }) {
      const { invariant } = CHECKS[check];
      process.stdout.write(`${separator}\n${JSON.stringify({ invariant, check, ...rest })}`);
      separator = ',';
    },
    end(counts, checked) {
      const results = checks.map((check) => ({
        check,
        ...CHECKS[check],
        off: counts[check],
        looked_at: countsOf(checked)[check],
      }));
      const ok = checks.every((check) => counts[check] === 0);
      process.stdout.write(`],\n"checks":${JSON.stringify(results)},\n"ok":${ok}}\n`);
    },
  };
}

function countsOf({
  files,
  filesGone,
  rows,
  orders,
  reports,
  reportsGone,
  stockRows,
  auditEntries,
}: CheckedCounts): Record<Check, string> {
  const gone = (number: number) => (number > 0 ? `; ${number} gone, only counted` : '');
  const count = (number: number, noun: string, plural = `${noun}s`) =>
    `${number.toLocaleString('en')} ${number === 1 ? noun : plural}`;
  return {
    rows: `${count(files, 'file')}, ${count(rows, 'row')}${gone(filesGone)}`,
    reports: `${count(reports, 'report')}${gone(reportsGone)}`,
    sums: count(files, 'file'),
    stock: count(stockRows, 'stock row'),
    events: count(orders, 'order'),
    history: count(orders, 'order'),
    audit: count(auditEntries, 'entry', 'entries'),
  };
}
