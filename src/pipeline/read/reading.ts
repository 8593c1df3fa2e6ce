/** What a reader of rows returns: see `row-reader.ts`. */
import type { OrderColumn } from '../../model/columns.ts';
import type { ValueCode } from '../../model/reasons.ts';
import type { RowValues } from '../../model/row-schema.ts';

/** Why there is no value in standard form: the words of a reason behind the name of the column and its cell. */
export interface Unreadable {
  code: ValueCode;
  words: string;
}

export interface Reading {
  /** Trimmed. A value that cannot be read, or depends on one, is any text. */
  values: RowValues;
  /** Values that are not cells of the file, in the order of `header.made`. */
  made: readonly string[];
  /** Null when there are none. */
  unreadable: ReadonlyMap<OrderColumn, Unreadable> | null;
}

export interface RowReader {
  read(cells: readonly string[]): Reading;
  /** How a reason calls the column and what it shows: as in the file. */
  shown(column: OrderColumn, cells: readonly string[]): { name: string; value: string };
  /** Whether the format leaves such rows out. `first`: the first row of the same order, whose cell counts where that of this is empty. */
  skips(cells: readonly string[], first?: readonly string[]): boolean;
}
