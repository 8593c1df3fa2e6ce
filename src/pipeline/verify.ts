/**
 * Verifies a whole store, first file by file, then as a whole, also beside processes that write: the store's own checks, the rows of each
 * file, that each report matches the rejections of its file (INV-1 to INV-3), and the audit log (INV-9). Reports violations, and how much was checked.
 */
import { isOmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type FileRecord, isEnded } from '../model/file.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { OrderStore } from '../ports/order-store.ts';
import { pagesOf } from '../ports/page.ts';
import type { Violation } from '../ports/verification.ts';
import { ByteReader } from './read/byte-reader.ts';

import { findReport, formerForms, type ReportForm, readReportForm, reportHeader, reportPieces } from './report.ts';

import { verifyAudit } from './verify-audit.ts';
import { verifySource } from './verify-source.ts';

export interface CheckedCounts {
  files: number;
  /** Of them, those whose object is gone, so that they could not be read again. */
  filesGone: number;
  rows: number;
  orders: number;
  reports: number;
  /** Of them, those that were deleted, which is allowed: their content is in the store. */
  reportsGone: number;
  stockRows: number;
  auditEntries: number;
}

/** `objects`: null where only the store is checked. */
export async function* verify(
  store: Pick<OrderStore, 'files' | 'rejections' | 'verification' | 'audit' | 'smallRecords'>,
  objects: ObjectStore | null,
  options: { maxInflatedBytes: number },
): AsyncGenerator<Violation, CheckedCounts> {
  const checked: CheckedCounts = {
    files: 0,
    filesGone: 0,
    rows: 0,
    orders: 0,
    reports: 0,
    reportsGone: 0,
    stockRows: 0,
    auditEntries: 0,
  };
  for await (const files of pagesOf((page) => store.files.list({}, page), limits.verifySuspects))
    for (const file of files) {
      yield* store.verification.file(file.fileId);
      if (objects) {
        if (file.rows > 0 && !(yield* verifySource(store, objects, file, options))) checked.filesGone++;
        if (!(yield* verifyReport(store, objects, file))) checked.reportsGone++;
      }
      checked.files++;
      checked.rows += file.rows;
      if (file.report || (file.reportDeletedAtMs !== null && file.invalid > 0)) checked.reports++;
    }
  checked.stockRows = yield* store.verification.stock();
  checked.orders = yield* store.verification.rest();
  checked.auditEntries = yield* verifyAudit(store);
  return checked;
}

/** Checks the report of a file that has ended; false when its object is gone. A file that is retried meanwhile has no report yet. */
async function* verifyReport(
  store: Pick<OrderStore, 'files' | 'rejections' | 'verification' | 'smallRecords'>,
  objects: ObjectStore,
  { fileId }: FileRecord,
): AsyncGenerator<Violation, boolean> {
  const file = await store.files.get(fileId);
  if (!file || !isEnded(file.status)) return true;
  const off = await compareReport(store, objects, file);
  if (off === null) return true;
  const again = await store.files.get(fileId);
  if (again?.status !== file.status || again.finishedAtMs !== file.finishedAtMs) return true;
  if (again.reportDeletedAtMs !== null) return false;
  if (off === GONE) return false;
  yield { check: 'reports', what: 'the report does not match the rejections', id: fileId, detail: off };
  return true;
}

const GONE = Symbol('the object of the report is not there');

/** How the report differs, or null. */
async function compareReport(
  store: Pick<OrderStore, 'files' | 'rejections' | 'verification' | 'smallRecords'>,
  objects: ObjectStore,
  file: FileRecord,
): Promise<string | typeof GONE | null> {
  const { report, invalid } = file;
  if (file.reportDeletedAtMs !== null) return invalid === 0 ? null : GONE;
  // A cancel may have come while it was written.
  if (!report)
    return invalid === 0 || file.columns === null || file.status !== 'completed'
      ? null
      : `there is none, ${invalid} rows are invalid`;
  if (report.rows !== invalid) return `it has ${report.rows} rows, ${invalid} rows are invalid`;
  let reader: ByteReader | null = null;
  try {
    const { key } = await findReport(objects, report);
    reader = new ByteReader(await objects.open(key));
    const written = await readReportForm(store, file);
    for await (const { lines, rows } of reportPieces(store, file.fileId, await formOf(reader, written)))
      for (const [i, line] of lines.entries()) {
        const expected = Buffer.from(line);
        const found = await reader.take(expected.length);
        // Fewer bytes mean the end, or an error, which this call throws.
        if (found.length < expected.length) await reader.take(1);
        if (!expected.equals(found))
          return `they differ at ${rows[i] === undefined ? 'the header' : `row ${rows[i]} of the file`}`;
      }
    return (await reader.peek(1)).length === 0 ? null : 'it continues after its last row';
  } catch (error) {
    if (!isOmsError(error, 'object_missing')) throw error;
    return GONE;
  } finally {
    await reader?.close();
  }
}

/** The form that the report begins in. */
async function formOf(reader: ByteReader, form: ReportForm): Promise<ReportForm> {
  for (const known of [form, ...formerForms(form)]) {
    const header = Buffer.from(reportHeader(known));
    if (header.equals(await reader.peek(header.length))) return known;
  }
  return form;
}
