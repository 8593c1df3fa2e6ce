/** The rows of a report, with what is wrong with which of their cells, from its CSV. */
import { limits } from '../../limits.ts';
import type { ReportColumn } from '../../model/columns.ts';
import { DELIMITERS, type Intake } from '../../model/intake.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { unescapeCell } from '../../model/spreadsheet-cell.ts';
import { ByteReader } from '../read/byte-reader.ts';
import { CsvRecords } from '../read/csv-records.ts';
import { columnKey, isReportHeader } from '../read/header.ts';
import { RowStream } from '../read/row-stream.ts';
import { BOM } from '../report.ts';

export interface ReportRow {
  cells: string[];
  /** The reasons against cells, by their indices. Those against the whole row are at the cell that tells them. */
  wrong: Map<number, string>;
}

/** The header first, which has nothing wrong. `csv`: as `writeReport` made it, with any delimiter of a file. */
export async function* reportRows(csv: AsyncIterable<Buffer>): AsyncGenerator<ReportRow> {
  const bytes = new ByteReader(csv);
  try {
    const head = await bytes.lookAhead(2 * limits.maxHeaderChars);
    const mark = head.subarray(0, BOM_BYTES.length).equals(BOM_BYTES) ? BOM_BYTES.length : 0;
    await bytes.skip(mark);
    const intake: Intake = {
      encoding: 'utf-8',
      delimiter: delimiterOf(head.subarray(mark)),
      gzip: false,
      bom: mark > 0,
    };
    const rows = new RowStream(bytes, intake, { offset: 0, row: 0 }, limits);
    let findWrong: ((cells: readonly string[]) => ReportRow['wrong']) | null = null;
    do {
      for (let row = rows.next(); row !== null; row = rows.next()) {
        const { cells } = row;
        yield { cells, wrong: findWrong?.(cells) ?? new Map() };
        findWrong ??= wrongCells(cells);
      }
    } while (await rows.feed());
  } finally {
    await bytes.close();
  }
}

const BOM_BYTES = Buffer.from(BOM);

function delimiterOf(head: Buffer): Intake['delimiter'] {
  const first = (delimiter: Intake['delimiter']): RawRow | null => {
    const records = new CsvRecords(delimiter, 'utf-8', limits.maxRecordBytes, { offset: 0, row: 0 });
    records.push(head.toString('latin1'));
    return records.next();
  };
  return DELIMITERS.find((delimiter) => isReportHeader(first(delimiter)?.cells ?? [])) ?? DELIMITERS[0];
}

const BETWEEN = ' | ';

/** Finds the wrong cells of a row, by the header of the report. */
function wrongCells(header: readonly string[]): (cells: readonly string[]) => ReportRow['wrong'] {
  const indices = new Map(header.map((name, index) => [columnKey(unescapeCell(name)), index]));
  const at = (column: ReportColumn) => indices.get(column) ?? -1;
  const textAt = (cells: readonly string[], column: ReportColumn) => unescapeCell(cells[at(column)] ?? '');
  /** A value may come from several columns of the file. */
  const cellsOf = (name: string): number[] => {
    if (name === '') return [at('_reason')];
    const one = indices.get(columnKey(name));
    const found = one === undefined ? name.split(', ').map((part) => indices.get(columnKey(part))) : [one];
    const known = found.filter((index) => index !== undefined);
    return known.length > 0 ? known : [at('_reason')];
  };
  return (cells) => {
    const names = textAt(cells, '_column').split(BETWEEN);
    const text = textAt(cells, '_reason');
    const parts = text.split(BETWEEN);
    const wrong: ReportRow['wrong'] = new Map();
    for (const [i, name] of names.entries()) {
      // A value in a reason may have the sign between reasons: then each cell has all of them.
      const reason = parts.length === names.length ? parts[i]! : text;
      for (const index of cellsOf(name)) wrong.set(index, [wrong.get(index) ?? [], reason].flat().join('\n'));
    }
    return wrong;
  };
}
