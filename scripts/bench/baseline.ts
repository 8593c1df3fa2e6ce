/** The ratios of an earlier run, kept in the repository: a ratio that is much lower now has become slower. */
import { readFile, writeFile } from 'node:fs/promises';

const PATH = new URL('baseline.json', import.meta.url).pathname;
const ALLOWED_FALL = 0.15;

export type Ratios = Record<string, number>;

export const readBaseline = async (): Promise<Ratios> => JSON.parse(await readFile(PATH, 'utf8')) as Ratios;

/** Those of parts that were not run stay. */
export async function writeBaseline(ratios: Ratios): Promise<void> {
  const before = await readBaseline().catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return {};
    throw error;
  });
  const rounded = Object.entries(ratios).map(([name, value]) => [name, Number(value.toFixed(3))] as const);
  await writeFile(PATH, `${JSON.stringify({ ...before, ...Object.fromEntries(rounded) }, null, 2)}\n`);
}

/** A line for each ratio that fell too far. Throws when there is nothing to compare, as that would always pass. */
export function fallen(now: Ratios, before: Ratios): string[] {
  const names = Object.keys(now).filter((name) => name in before);
  if (names.length === 0)
    throw new Error('none of the ratios of this run is in the baseline: write one of the same size');
  return names
    .filter((name) => !(now[name]! >= before[name]! * (1 - ALLOWED_FALL)))
    .map((name) => `${name}: ${now[name]!.toFixed(2)}, was ${before[name]!.toFixed(2)}`);
}
