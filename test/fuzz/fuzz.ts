/** One file from a seed, made and checked: the same seed is the same file, the same checks, the same result. */
import { createRandom } from '../simulator/random.ts';
import { checkHostile, checkWellFormed } from './check-file.ts';
import { type HostileFile, hostileFile } from './hostile-file.ts';
import { type WellFormedFile, wellFormedFile } from './well-formed-file.ts';

export interface FuzzResult {
  file: HostileFile | WellFormedFile;
  /** What was met: kinds of files with what became of them, codes of rows. */
  met: string[];
  violation: string | null;
}

export async function fuzz(seed: number): Promise<FuzzResult> {
  const random = createRandom(seed);
  if (random.chance(0.25)) {
    const file = wellFormedFile(random);
    return run(file, () => checkWellFormed(file, random));
  }
  const file = hostileFile(random);
  return run(file, () => checkHostile(file, random));
}

async function run(file: FuzzResult['file'], check: () => Promise<string[]>): Promise<FuzzResult> {
  try {
    return { file, met: await check(), violation: null };
  } catch (error) {
    return { file, met: [], violation: error instanceof Error ? error.stack! : String(error) };
  }
}
