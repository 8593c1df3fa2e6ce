/** The writing side of the read models. One projector at a time has it. */
import type { JournalPage } from './journal.ts';

export interface Folder {
  /** Up to where the journal was followed; null where it begins. */
  readonly position: string | null;
  /** Folds the orders in and moves the position, as one. When it throws, nothing was done, or what there was is gone and made anew. */
  fold(page: JournalPage): void;
  /** Done when there is nothing to fold: what is left of deleted and erased orders goes. May take seconds. */
  purge(): void;
  /** Deletes all models: they are made anew. */
  discard(): void;
  close(): void;
}

/** `generation`: read models that were made for another one are made anew. */
export type OpenFolder = (generation: number) => Folder;
