/** The rows of a file as texts, for callers that compare or explain them. */
import { limits } from '../../limits.ts';
import type { RawRow } from '../../model/raw-row.ts';
import type { ReadBounds, RowConsumer } from './read-chunks.ts';
import type { OpenFile } from './read-file.ts';
import type { TextForm } from './transcode.ts';

class RowCollector implements RowConsumer {
  form: TextForm = 'utf-8';
  rows: RawRow[] = [];

  take(): number {
    return -1;
  }

  add(row: RawRow): void {
    this.rows.push(row);
  }

  async check(): Promise<void> {}
}

/** Bounds that read a file so many rows at a time. */
export const boundsOf = (rows: number): ReadBounds => ({ ...limits, firstChunkRows: rows, maxChunkRows: rows });

/** The rows of the file, as many at a time as its bounds say. */
export async function* rowsOf(file: OpenFile): AsyncGenerator<RawRow[]> {
  const collector = new RowCollector();
  for await (const _chunk of file.chunks(collector)) {
    yield collector.rows;
    collector.rows = [];
  }
}
