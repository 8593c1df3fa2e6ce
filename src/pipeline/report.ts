/**
 * The report of a file's invalid rows, as CSV lines: the original data columns and values, then why the row failed. Several
 * reasons are joined with ` | ` in column order. A spreadsheet opens it without running a cell, and once fixed it can be
 * uploaded again.
 */
import { limits } from '../limits.ts';
import { type ReportRecord, reportKey, reportName } from '../model/file.ts';
import type { Rejection } from '../model/rejection.ts';
import { csvLine, escapeCell } from '../model/spreadsheet-cell.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { claimLost, type OrderStore } from '../ports/order-store.ts';

const REPORT_COLUMNS = ['_row', '_column', '_code', '_reason', '_file'];

/** `columns`: the names of the file's data columns. */
export function reportHeader(columns: string[]): string {
  return csvLine([...columns.map(escapeCell), ...REPORT_COLUMNS]);
}

export function reportLine({ row, reasons, values }: Rejection, fileId: string): string {
  const join = (words: string[]) => escapeCell(words.join(' | '));
  return csvLine([
    ...values.map(escapeCell),
    String(row),
    join(reasons.map(({ column }) => column)),
    join(reasons.map(({ code }) => code)),
    join(reasons.map(({ reason }) => reason)),
    escapeCell(fileId),
  ]);
}

/**
 * Writes the report of all rows that were rejected so far, in row order: the same rejections make the same object (INV-4). Null
 * when no row was rejected. Throws `claim_lost` when another worker went on with the file meanwhile, and the signal's reason.
 */
export async function writeReport(
  { objects, store, clock }: { objects: ObjectStore; store: OrderStore; clock: Clock },
  fileId: string,
  signal: AbortSignal,
): Promise<ReportRecord | null> {
  const file = (await store.files.get(fileId))!;
  if (file.invalid === 0 || file.columns === null) return null;
  const name = reportName(fileId);
  const staged = await objects.stage(reportKey({ name, rows: file.invalid }));
  try {
    const dataColumns = file.columns.filter((column) => !column.startsWith('_'));
    await staged.write(Buffer.from(reportHeader(dataColumns)));
    let rows = 0;
    let after: string | null = null;
    do {
      signal.throwIfAborted();
      const page = await store.rejections.list(fileId, {}, { limit: limits.reportPageRows, after });
      await staged.write(Buffer.from(page.items.map((rejection) => reportLine(rejection, fileId)).join('')));
      rows += page.items.length;
      after = page.next;
    } while (after !== null);
    if (rows !== file.invalid) throw claimLost(fileId);
    const { sizeBytes } = await staged.commit();
    return { name, rows, sizeBytes, createdAtMs: clock.now() };
  } catch (error) {
    await staged.abort();
    throw error;
  }
}
