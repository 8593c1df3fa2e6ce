/**
 * Mutations: deliberate mistakes in the source, each of which a suite of tests must find. An edit says what it changes by a pattern that is
 * found exactly once below a folder: by stored names, literals and the shape of the code rather than by the names of variables and files,
 * so that it survives renaming and moving. `test/unit/mutation-patterns.test.ts` checks all patterns.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Edit {
  /** A folder or a file of the project. */
  below: string;
  find: RegExp;
  /** As in `String.replace`: `$1`, `$<name>`. */
  to: string;
}

/** What `read` and `write` work on is the source, or a copy. */
export interface Source {
  paths(): string[];
  read(path: string): string;
  write(path: string, text: string): void;
}

/** The files below `root/src`. */
export const sourceIn = (root: string): Source => ({
  paths: () =>
    readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join('src', path)),
  read: (path) => readFileSync(join(root, path), 'utf8'),
  write: (path, text) => writeFileSync(join(root, path), text),
});

/** Makes the edits one after the other. Throws where a pattern is not found exactly once. */
export function mutate(source: Source, edits: readonly Edit[]): void {
  for (const { below, find, to } of edits) {
    const paths = source.paths().filter((path) => path === below || path.startsWith(`${below}/`));
    const everywhere = new RegExp(find, `g${find.flags}`);
    const found = paths.flatMap((path) => [...source.read(path).matchAll(everywhere)].map(() => path));
    if (found.length !== 1) throw new Error(`${find} is found ${found.length} times below ${below}: ${found}`);
    source.write(found[0]!, source.read(found[0]!).replace(find, to));
  }
}
