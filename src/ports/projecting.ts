/** The writing side of the read models. One projector at a time has it. */
import type { JournalPage } from './journal.ts';

export interface Folder {
  /** Up to where the journal was followed; null where it begins. */
  readonly position: string | null;
  /** How many orders were folded since the last commit. */
  readonly uncommitted: number;
  /** Folds the orders in. When it throws, nothing since the last commit was done, or what there was is gone and made anew. */
  fold(page: JournalPage): void;
  /** Makes what was folded durable and visible, with its position, as one. */
  commit(): void;
  /** Commits. Then what is left of deleted and erased orders goes. May take seconds. */
  purge(): void;
  /** Deletes all models: they are made anew. */
  discard(): void;
  close(): void;
}

/** `generation`: read models that were made for another one are made anew. */
export type OpenFolder = (generation: number) => Folder;
