/** A file that kills whoever works on it at one place, every time, until the cause is mended. */
import { UPLOADS } from '../../src/model/file.ts';
import type { ChunkToCommit } from '../../src/ports/chunks.ts';
import type { Claim } from '../../src/ports/files.ts';
import type { Random } from './random.ts';
import type { Call } from './scheduler.ts';
import type { SourceFile } from './source-files.ts';

export interface Poison {
  source: SourceFile;
  mended: boolean;
  /** The file whose worker dies of this call; null for any other call. */
  deadlyTo(call: Call): string | null;
}

/** Null where no file lends itself. `fileIds`: the files that were made of a source. */
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

  /** By kind of call, the file that it is about when it is the deadly one. */
  const places: Record<string, (about: readonly unknown[]) => string | undefined> = {
    'store.chunks.commit': ([claim, chunk]) =>
      (chunk as ChunkToCommit).end.row >= row ? (claim as Claim).fileId : undefined,
    'objects.read': ([key, at, bytes]) =>
      (at as number) + (bytes as number) > atByte ? (key as string).slice(UPLOADS.length) : undefined,
    // What a file does not share tells it from all others.
    'ims.validate': ([pairs]) =>
      (pairs as { sku: string }[]).some(({ sku }) => sku === cells[4]) ? fileIds(source).at(-1) : undefined,
  };
  const place = random.pick(Object.keys(places).filter((what) => !(source.shared && what === 'ims.validate')));

  const poison: Poison = {
    source,
    mended: false,
    deadlyTo({ what, about }) {
      if (poison.mended || what !== place) return null;
      const fileId = places[place]!(about);
      return fileId !== undefined && fileIds(source).includes(fileId) ? fileId : null;
    },
  };
  return poison;
}
