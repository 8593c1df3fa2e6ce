/**
 * The report of a file's invalid rows, as CSV lines: the original data columns and values, then why the row failed. Several
 * reasons are joined with ` | ` in column order. A spreadsheet opens it without running a cell as a formula. Once fixed it can be
 * uploaded again; rows that were not fixed are rejected again for the same reasons.
 */
import { isOmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { RECORD_COLUMNS, REPORT_COLUMNS } from '../model/columns.ts';
import { type FileRecord, formerReportKey, type ReportRecord, reportKey, reportName } from '../model/file.ts';

import type { Format } from '../model/format.ts';
import type { Delimiter } from '../model/intake.ts';

import { type ReasonCode, type Rejection, WHOLE_ROW_CODES } from '../model/rejection.ts';
import { rowCheck } from '../model/row-check.ts';
import { csvLine, escapeCell } from '../model/spreadsheet-cell.ts';
import type { Clock } from '../ports/clock.ts';
import { claimLost } from '../ports/files.ts';
import type { ObjectStore, StoredObject } from '../ports/object-store.ts';
import type { IngestionStore, OrderStore } from '../ports/order-store.ts';
import { pagesOf } from '../ports/page.ts';
import { FormatsOfFiles } from './formats-of-files.ts';
import { makeHeader } from './read/header.ts';
import { namesInFile } from './read/row-reader.ts';

export interface ReportForm {
  /** The names of the file's data columns. */
  columns: string[];
  /** It has the columns for rows whose cells could not be separated or read. */
  records: boolean;
  /** That of the file; a comma when absent. */
  delimiter?: Delimiter;
  /** It begins with a byte order mark, as the file does. */
  bom?: boolean;
  /** The columns of an order by their names in the file, where they are others. */
  names?: Partial<Record<string, string>>;
}

/** By which spreadsheets recognise UTF-8. */
export const BOM = '\ufeff';

/** Depends only on the file, its format, and what was rejected (INV-4). */
export function reportForm(
  file: Pick<FileRecord, 'columns' | 'invalidByCode' | 'intake'>,
  format: Format | null = null,
): ReportForm {
  const { columns, invalidByCode, intake } = file;
  return {
    columns: columns!.filter((column) => !column.startsWith('_')),
    records: CHECKED_CODES.some((code) => invalidByCode[code]),
    ...(intake && { delimiter: intake.delimiter, bom: intake.bom }),
    ...(format && { names: namesInFile(makeHeader(columns!, 1, format)) }),
  };
}

/** As earlier releases wrote it: with commas, and those of release 1.0 and 1.1 with their own columns alone. */
export const formerForms = ({ columns, records }: ReportForm): ReportForm[] => [
  { columns, records },
  { columns, records: false },
];

export async function readReportForm(
  store: Pick<OrderStore, 'files' | 'smallRecords'>,
  file: FileRecord,
): Promise<ReportForm> {
  return reportForm(file, file.format && (await new FormatsOfFiles({ store }).definition(file.format)));
}

/** The cells of a row with such a code may look right although they were not corrected. */
const CHECKED_CODES: readonly ReasonCode[] = [...WHOLE_ROW_CODES, 'invalid_utf8'];

export function reportHeader({ columns, records, delimiter, bom = false }: ReportForm): string {
  const names = [...columns.map(escapeCell), ...REPORT_COLUMNS, ...(records ? RECORD_COLUMNS : [])];
  return (bom ? BOM : '') + csvLine(names, delimiter);
}

export function reportLine(rejection: Rejection, fileId: string, form: ReportForm): string {
  const { columns, records, delimiter, names = {} } = form;
  const { row, reasons, values, record = '' } = rejection;
  const join = (words: string[]) => escapeCell(words.join(' | '));
  const isChecked = records && reasons.some(({ code }) => CHECKED_CODES.includes(code));
  const cells = [
    ...values.map(escapeCell),
    String(row),
    join(reasons.map(({ column }) => names[column] ?? column)),
    join(reasons.map(({ code }) => code)),
    join(reasons.map(({ reason }) => reason)),
    escapeCell(fileId),
    ...(records ? [escapeCell(record), isChecked ? rowCheck(columns, values) : ''] : []),
  ];
  return csvLine(cells, delimiter);
}

export interface ReportPiece {
  lines: string[];
  /** The row of the file that each line is about; empty for the header. */
  rows: number[];
}

export async function* reportPieces(
  store: Pick<OrderStore, 'rejections'>,
  fileId: string,
  form: ReportForm,
): AsyncGenerator<ReportPiece> {
  yield { lines: [reportHeader(form)], rows: [] };
  for await (const items of pagesOf((page) => store.rejections.list(fileId, {}, page), limits.reportPageRows))
    yield {
      lines: items.map((rejection) => reportLine(rejection, fileId, form)),
      rows: items.map(({ row }) => row),
    };
}

/**
 * Writes the report of all rows that were rejected so far, in row order: the same rejections make the same object (INV-4). Null when no
 * row was rejected. `atPage` gets the number of rows written so far, and may throw to stop there. Throws `claim_lost` when another worker
 * has continued the file meanwhile.
 */
export async function writeReport(
  { objects, store, clock }: { objects: ObjectStore; store: IngestionStore; clock: Clock },
  fileId: string,
  atPage: (rows: number) => Promise<void> | void,
): Promise<ReportRecord | null> {
  const file = (await store.files.get(fileId))!;
  if (file.invalid === 0 || file.columns === null) return null;
  const name = reportName(fileId);
  const staged = await objects.stage(reportKey({ name, rows: file.invalid }));
  try {
    let rows = 0;
    for await (const piece of reportPieces(store, fileId, await readReportForm(store, file))) {
      await atPage(rows);
      await staged.write(Buffer.from(piece.lines.join('')));
      rows += piece.rows.length;
    }
    if (rows !== file.invalid) throw claimLost(fileId);
    const { sizeBytes } = await staged.commit();
    return { name, rows, sizeBytes, createdAtMs: Math.max(clock.now(), file.createdAtMs) };
  } catch (error) {
    await staged.abort();
    throw error;
  }
}

/** Where the object of a report is. Throws `object_missing`. */
export async function findReport(objects: ObjectStore, report: ReportRecord): Promise<StoredObject & { key: string }> {
  const key = reportKey(report);
  try {
    return { key, ...(await objects.stat(key)) };
  } catch (error) {
    if (!isOmsError(error, 'object_missing')) throw error;
    const former = formerReportKey(report.name);
    return { key: former, ...(await objects.stat(former)) };
  }
}
