/** A file that kills every worker at the same place, until the cause is fixed. */
import { UPLOADS } from '../../src/model/file.ts';
import type { ChunkToCommit } from '../../src/ports/chunks.ts';
import type { Claim } from '../../src/ports/files.ts';
import type { Random } from './random.ts';
import type { Call } from './scheduler.ts';
import type { SourceFile } from './source-files.ts';

export interface Poison {
  source: SourceFile;
  fixed: boolean;
  /** The file whose worker dies at this call; null for any other call. */
  deadlyTo(call: Call): string | null;
}

/** Null when no file is suitable. `fileIds`: the files that were created from a source. */
export function createPoison(
  random: Random,
  sources: readonly SourceFile[],
  fileIds: (source: SourceFile) => string[],
): Poison | null {
  const good = (source: SourceFile) => source.rows.filter(({ defect }) => defect === null);
  const fitting = sources.filter((source) => !source.broken && good(source).length > 0);
  if (fitting.length === 0) return null;
  const source = random.pick(fitting);
  const { row, cells } = random.pick(good(source));
  const atByte = random.between(0, source.bytes.length - 1);

  /** By kind of call: the file that a deadly call is about. */
  const places: Record<string, (about: readonly unknown[]) => string | undefined> = {
    'store.chunks.commit': ([claim, chunk]) =>
      (chunk as ChunkToCommit).end.row >= row ? (claim as Claim).fileId : undefined,
    'objects.read': ([key, at, bytes]) =>
      (at as number) + (bytes as number) > atByte ? (key as string).slice(UPLOADS.length) : undefined,
    // An order id that no other file has identifies the file.
    'ims.validate': ([pairs]) =>
      (pairs as { sku: string }[]).some(({ sku }) => sku === cells[4]) ? fileIds(source).at(-1) : undefined,
  };
  const place = random.pick(Object.keys(places).filter((what) => !(source.shared && what === 'ims.validate')));

  const poison: Poison = {
    source,
    fixed: false,
    deadlyTo({ what, about }) {
      if (poison.fixed || what !== place) return null;
      const fileId = places[place]!(about);
      return fileId !== undefined && fileIds(source).includes(fileId) ? fileId : null;
    },
  };
  return poison;
}
