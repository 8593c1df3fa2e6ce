/** The first rows of a file as they would be read: their values in standard form, and what is wrong with them. */
import type { OrderColumn } from '../../model/columns.ts';
import type { Header } from '../../model/header.ts';
import type { RawRow } from '../../model/raw-row.ts';
import type { Reason } from '../../model/rejection.ts';
import type { RowValues } from '../../model/row-schema.ts';
import { LineChecker } from '../check-lines.ts';
import { RowLines } from '../read/row-lines.ts';
import { createRowReader } from '../read/row-reader.ts';
import { isSkipped, withoutSkipped } from '../read/skipped-rows.ts';
import { type CheckedRow, createRowValidator } from '../validate.ts';

export interface RowAsRead {
  row: number;
  /** Null where the cells could not be separated. A value that cannot be read, or stands in the first row of its order, is as in the file. */
  values: RowValues | null;
  reasons: Reason[];
  /** The format leaves such rows out. */
  skipped: boolean;
}

/** `lacking`: columns that nothing is known of yet, which is no mistake of a row. */
export function rowsAsRead(
  rows: readonly RawRow[],
  header: Header,
  lacking: readonly OrderColumn[],
  timeZone: string,
): RowAsRead[] {
  const reader = createRowReader(header);
  const checked = new Map(checkedRows().map((row) => [row.raw, row]));
  return rows.map((raw) => {
    const found = checked.get(raw);
    const isWhole = raw.cells.length === header.columns.length && !raw.malformedQuote;
    const reasons = found?.reasons.filter(({ column }) => !lacking.includes(column as OrderColumn)) ?? [];
    return { row: raw.row, values: isWhole ? reader.read(raw.cells).values : null, reasons, skipped: !found };
  });

  function checkedRows(): CheckedRow[] {
    if (header.format?.lines !== 'adjacent')
      return rows.filter((row) => !isSkipped(reader, row, header)).map(createRowValidator(header, { timeZone }));
    const lines = new RowLines(header, reader, null);
    for (const row of rows) lines.add(row);
    lines.end();
    const checker = new LineChecker(header, { timeZone });
    return lines.takeComplete().flatMap((each) => checker.check(withoutSkipped(reader, each, header)));
  }
}
