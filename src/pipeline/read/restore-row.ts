/**
 * Turns the row of a report back into the row of the file that the report is about. A row whose cells could not be separated or decoded may
 * look right in the report: it stays rejected until a user has changed it, or it would become an order that no user sent.
 */
import type { ReportColumn } from '../../model/columns.ts';
import type { Header } from '../../model/header.ts';
import type { RawRow } from '../../model/raw-row.ts';
import { unfixed } from '../../model/reasons.ts';
import { type ReasonCode, WHOLE_ROW_CODES } from '../../model/rejection.ts';
import { rowCheck } from '../../model/row-check.ts';
import { unescapeCell } from '../../model/spreadsheet-cell.ts';
import { columnKey } from './header.ts';
import { REPLACEMENT } from './text-decoder.ts';

export function restoreRow(row: RawRow, header: Header, report: Record<ReportColumn, number>): void {
  const { columns, dataColumns } = header;
  fillUp(row, header, report);
  for (const index of dataColumns) {
    const cell = row.cells[index];
    if (cell !== undefined) row.cells[index] = unescapeCell(cell);
  }
  // In rows with another number of cells it is unknown which cell is which.
  const mark = row.malformedQuote || row.cells.length !== columns.length ? '' : cellOf(row, report._check);
  const unchanged =
    mark !== '' &&
    mark ===
      rowCheck(
        dataColumns.map((index) => columns[index]!),
        dataColumns.map((index) => row.cells[index]!),
      );
  const codes = cellOf(row, report._code).split(' | ') as ReasonCode[];
  const [code] = codes as [ReasonCode];
  if (unchanged && WHOLE_ROW_CODES.includes(code)) {
    const record = unescapeCell(row.cells[report._record] ?? '');
    row.unfixed = { reason: unfixed(code, unescapeCell(cellOf(row, report._reason))), record };
    return;
  }
  const named = cellOf(row, report._column).split(' | ');
  // A value may come from several columns of the file.
  const notText = new Set(
    named
      .filter((_, i) => codes[i] === 'invalid_utf8')
      .flatMap((names) => [names, ...names.split(', ')].map(columnKey)),
  );
  // U+FFFD may be in the file itself, and not stand for undecodable bytes: then the row was rejected for another reason.
  const judged = codes[0] !== ('' as ReasonCode) && !WHOLE_ROW_CODES.includes(code);
  for (const index of dataColumns) {
    const wasNoText = notText.has(columnKey(columns[index]!));
    const shown = row.cells[index]?.includes(REPLACEMENT) && (wasNoText || !judged);
    if ((shown || (unchanged && wasNoText)) && !row.undecodable?.includes(index))
      row.undecodable = [...(row.undecodable ?? []), index];
  }
}

const cellOf = ({ cells }: RawRow, index: number): string => cells[index]?.trim() ?? '';

/** Adds the empty cells of the report's own columns that spreadsheets leave out at the end of some rows. */
function fillUp(
  { cells, malformedQuote }: RawRow,
  { columns, dataColumns }: Header,
  report: Record<ReportColumn, number>,
) {
  const isShifted = !/^\d+$/.test(cells[report._row]?.trim() ?? '');
  if (malformedQuote || isShifted || cells.length <= Math.max(...dataColumns)) return;
  while (cells.length < columns.length) cells.push('');
}
