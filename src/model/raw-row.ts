import type { Reason } from './rejection.ts';

/** A data row as it was read from a file, not validated yet. */
export interface RawRow {
  /** As a spreadsheet counts: the header is row 1, blank records count. */
  row: number;
  /**
   * The cells as text, untrimmed, in the order of the header; as many as the row had. May share memory with the block
   * they were read from: code that keeps one for longer than its chunk must copy it.
   */
  cells: string[];
  /** Bytes, counted as in `Position`, from the start of the file to the end of this record, its line end included. */
  end: number;
  /** The row has a quoted field that ends badly; its cells are a best guess, split at the delimiters. */
  malformedQuote: boolean;
  /** Indices of the cells that cannot be decoded in the file's encoding (they show U+FFFD), or null. */
  undecodable: number[] | null;
  /** An unchanged row of a report whose cells could not be separated: it is rejected as before. */
  unfixed?: Unfixed;
}

export interface Unfixed {
  reason: Reason;
  record: string;
}
