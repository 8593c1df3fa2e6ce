/**
 * The outcome of each row of a small file that is ingested alone, computed in the simplest way, all in memory: an oracle for tests. The
 * rules about repeats and stock are implemented here a second time.
 */
import { parse } from 'csv-parse/sync';
import { ORDER_COLUMNS, type OrderColumn } from '../../src/model/columns.ts';
import type { Header } from '../../src/model/header.ts';
import type { OrderRow } from '../../src/model/order-row.ts';
import type { RawRow } from '../../src/model/raw-row.ts';
import type { Reason, ReasonCode } from '../../src/model/rejection.ts';
import { type CheckedRow, createRowValidator, rejectUnknown } from '../../src/pipeline/validate.ts';

export function headerOf(columns: readonly string[] = ORDER_COLUMNS): Header {
  const byColumn = <Value>(of: (index: number) => Value) =>
    Object.fromEntries(ORDER_COLUMNS.map((name) => [name, of(columns.indexOf(name))])) as Record<OrderColumn, Value>;
  return {
    columns: [...columns],
    dataColumns: columns.flatMap((name, index) => (name.startsWith('_') ? [] : [index])),
    orderColumns: byColumn((index) => index),
    format: null,
    made: [],
    sources: byColumn((index) => [index]),
    fileColumn: columns.indexOf('_file'),
    report: null,
  };
}

/** The checked rows of a UTF-8 file with commas and without blank lines. */
export function checkFile(file: string): { header: Header; rows: CheckedRow[] } {
  const [columns, ...records] = parseRecords(file);
  const header = headerOf(columns);
  const check = createRowValidator(header, { timeZone: 'UTC' });
  return { header, rows: records.map((cells, index) => check(rawRow(cells, index + 2))) };
}

export interface FileOutcome {
  accepted: OrderRow[];
  rejected: { row: number; reasons: Reason[]; codes: ReasonCode[] }[];
  invalidByCode: Partial<Record<ReasonCode, number>>;
}

/** `catalog` and `stock` are files, too: sku,hub_id and sku,hub_id,available. */
export function fileOutcome(file: string, catalog: string, stock: string): FileOutcome {
  const known = parseRecords(catalog).slice(1);
  const skus = new Set(known.map(([sku]) => sku));
  const hubs = new Set(known.map(([, hubId]) => hubId));
  const left = new Map(parseRecords(stock).map(([sku, hubId, available]) => [`${sku} ${hubId}`, Number(available)]));
  const stored = new Map<string, string>();
  const outcome: FileOutcome = { accepted: [], rejected: [], invalidByCode: {} };

  for (const checked of checkFile(file).rows) {
    rejectUnknown(checked, { skuValid: skus.has(checked.sku!), hubValid: hubs.has(checked.hubId!) });
    const { order, reasons } = checked;
    const codes: ReasonCode[] = reasons.map(({ code }) => code);
    if (order !== null) {
      const key = `${order.sku} ${order.hubId}`;
      const payload = JSON.stringify({ ...order, row: 0 });
      const earlier = stored.get(order.orderId);
      if (earlier !== undefined) {
        codes.push(earlier === payload ? 'duplicate_order' : 'order_conflict');
      } else if (order.quantity > (left.get(key) ?? 0)) {
        codes.push('out_of_stock');
      } else {
        left.set(key, left.get(key)! - order.quantity);
        stored.set(order.orderId, payload);
        outcome.accepted.push(order);
        continue;
      }
    }
    outcome.rejected.push({ row: checked.raw.row, reasons, codes });
    for (const code of codes) {
      outcome.invalidByCode[code] = (outcome.invalidByCode[code] ?? 0) + 1;
    }
  }
  return outcome;
}

function parseRecords(file: string): string[][] {
  return parse(file, { relax_quotes: true, relax_column_count: true });
}

function rawRow(cells: string[], row: number): RawRow {
  const undecodable = cells.flatMap((cell, index) => (cell.includes('\uFFFD') ? [index] : []));
  return {
    row,
    cells,
    end: 0,
    // The parser keeps the quotes of a value that continues after them.
    malformedQuote: cells.some((cell) => cell.startsWith('"')),
    undecodable: undecodable.length === 0 ? null : undecodable,
  };
}
