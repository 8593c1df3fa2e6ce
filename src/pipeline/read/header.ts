/** The header of a file: which column is which. Throws the file failures of unusable headers. */
import type { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { ALL_REPORT_COLUMNS, ORDER_COLUMNS, type OrderColumn, type ReportColumn } from '../../model/columns.ts';
import { fileFailure } from '../../model/file-failure.ts';
import type { Format } from '../../model/format.ts';
import type { Header } from '../../model/header.ts';
import { trim } from '../../model/trim.ts';
import { findColumns } from './format-header.ts';
import { SEE_PREVIEW, shownName, shownNames } from './shown-names.ts';

/** Names that differ only in case and surrounding spaces are the same. */
export const columnKey = (name: string): string => name.trim().toLowerCase();

/** The order columns that cells name. */
export const orderColumnsIn = (cells: readonly string[]): Set<string> =>
  new Set(cells.map(columnKey).filter((key) => ORDER_COLUMN_KEYS.has(key)));

/** Whether the cells name all columns of an order. */
export const isStandardHeader = (cells: readonly string[]): boolean =>
  orderColumnsIn(cells).size === ORDER_COLUMNS.length;

const ORDER_COLUMN_KEYS = new Set<string>(ORDER_COLUMNS);

/** `format`: how the file is read, null for a standard one. */
export function makeHeader(names: string[], row = 1, format: Format | null = null): Header {
  // A spreadsheet with a stray space far to the right writes hundreds of delimiters.
  const columns = names.length > limits.maxColumns ? names.slice(0, lastNamed(names)) : names;
  // Report columns do not count, so that the report of a file can always be uploaded.
  const counted = columns.filter((name) => !isReportColumn(name)).length;
  if (counted > limits.maxColumns) {
    throw fileFailure(
      'too_many_columns',
      `The header has ${counted} columns, and a file may have ${limits.maxColumns}: remove those without data.`,
      row,
    );
  }
  const indices = new Map<string, number>();
  columns.forEach((name, index) => {
    const key = columnKey(name);
    if (key === '') return;
    if (indices.has(key)) {
      if (!isReportColumn(key) && (format !== null || !ORDER_COLUMN_KEYS.has(key))) return;
      throw fileFailure(
        'duplicate_column',
        `The header names the column ${shownName(name)} twice, as columns ${indices.get(key)! + 1} and ${index + 1}: remove or rename one.`,
        row,
      );
    }
    indices.set(key, index);
  });
  const fileColumn = indices.get('_file') ?? -1;
  return {
    columns,
    dataColumns: columns.flatMap((name, index) => (name.startsWith('_') ? [] : [index])),
    format,
    ...(format === null ? standardColumns(indices, columns, row) : findColumns(format, columns, row)),
    fileColumn,
    report: fileColumn !== -1 && indices.has('_row') ? reportColumns(indices) : null,
  };
}

function standardColumns(
  indices: Map<string, number>,
  columns: string[],
  row: number,
): Pick<Header, 'orderColumns' | 'made' | 'sources'> {
  const missing = ORDER_COLUMNS.filter((column) => !indices.has(column));
  if (missing.length > 0) throw missingColumns(missing, columns, row);
  const byColumn = <Value>(of: (index: number) => Value) =>
    Object.fromEntries(ORDER_COLUMNS.map((column) => [column, of(indices.get(column)!)])) as Record<OrderColumn, Value>;
  return { orderColumns: byColumn((index) => index), made: [], sources: byColumn((index) => [index]) };
}

/** The number of columns up to the last one with a name. */
const lastNamed = (names: string[]): number => names.findLastIndex((name) => name !== '') + 1;

/**
 * Fits a row to the header: surplus empty cells are cut off, and cells that are missing under unnamed columns at the end are added. A row
 * with surplus values, or with other cells missing, stays as it is.
 */
export function fitToHeader(cells: string[], { columns }: Pick<Header, 'columns'>): void {
  if (cells.length > columns.length) {
    if (cells.findLastIndex((cell) => trim(cell) !== '') < columns.length) cells.length = columns.length;
  } else if (cells.length >= lastNamed(columns)) {
    while (cells.length < columns.length) cells.push('');
  }
}

export const isReportColumn = (name: string): boolean => (ALL_REPORT_COLUMNS as readonly string[]).includes(name);

/** Whether this is the header of a report, whatever file that is about. */
export function isReportHeader(cells: readonly string[]): boolean {
  const keys = cells.map(columnKey);
  return keys.includes('_file') && keys.includes('_row');
}

const reportColumns = (indices: Map<string, number>): Record<ReportColumn, number> =>
  Object.fromEntries(ALL_REPORT_COLUMNS.map((name) => [name, indices.get(name) ?? -1])) as Record<ReportColumn, number>;

function missingColumns(missing: OrderColumn[], columns: string[], row: number): OmsError {
  const hints = missing.flatMap((column) => {
    const alike = columns.find((name) => lettersOf(name) === lettersOf(column));
    return alike === undefined ? [] : [` Rename ${shownName(alike)} to ${column}.`];
  });
  return fileFailure(
    'missing_column',
    `The header lacks ${missing.join(', ')}; it has ${shownNames(columns)}. Its first row must name every order column, in any order.${hints.join('')} ${SEE_PREVIEW}`,
    row,
  );
}

const lettersOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
