/** Rows that a format leaves out. One whose cells cannot be told apart is none of them. */
import type { Header } from '../../model/header.ts';
import type { RawRow } from '../../model/raw-row.ts';
import type { RowReader } from './reading.ts';
import type { Lines } from './row-lines.ts';

const isWhole = ({ cells, malformedQuote }: RawRow, { columns }: Pick<Header, 'columns'>): boolean =>
  !malformedQuote && cells.length === columns.length;

/** `first`: the cells of the first row of its order, where rows are items. */
export const isSkipped = (
  reader: RowReader,
  row: RawRow,
  header: Pick<Header, 'columns'>,
  first: readonly string[] = row.cells,
): boolean => isWhole(row, header) && reader.skips(row.cells, first);

/** The rows of an order without those that are left out. */
export function withoutSkipped(reader: RowReader, lines: Lines, header: Pick<Header, 'columns'>): Lines {
  const first = lines.rows.find((row) => isWhole(row, header))?.cells;
  return { ...lines, rows: lines.rows.filter((row) => !isSkipped(reader, row, header, first)) };
}
