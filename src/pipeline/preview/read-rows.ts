/** The rows below the header, as many as a preview looks at, until one cannot be read. */
import { isOmsError, type OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { isFileFailure } from '../../model/file-failure.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { fitToHeader } from '../read/header.ts';
import { type Beginning, recordsOf } from './beginning.ts';
import type { FoundHeader } from './find-header.ts';

/** Why the rows end where they do, when it is not the end of the file. */
export interface ReadingEnd {
  code: string;
  message: string;
  row: number | null;
}

export async function readRows(
  beginning: Beginning,
  { delimiter, record }: Pick<FoundHeader, 'delimiter' | 'record'>,
): Promise<{ rows: RawRow[]; failure: ReadingEnd | null }> {
  const header = { columns: record.cells };
  const most = Math.min(limits.previewEvidenceRows, Math.ceil(limits.previewEvidenceCells / record.cells.length));
  const rows: RawRow[] = [];
  try {
    for await (const row of recordsOf(beginning, delimiter)) {
      if (row.row <= record.row) continue;
      if (!row.malformedQuote) fitToHeader(row.cells, header);
      if (rows.push(row) >= most) break;
    }
    return { rows, failure: null };
  } catch (error) {
    if (!isOmsError(error) || !isFileFailure(error)) throw error;
    return { rows, failure: readingEnd(error) };
  }
}

export function readingEnd({ code, message, details: { row } }: OmsError): ReadingEnd {
  return { code, message, row: typeof row === 'number' ? row : null };
}
