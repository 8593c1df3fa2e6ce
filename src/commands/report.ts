/** `oms report`: orders, units and amount by day, month, customer, product, hub or status, of a running service. */
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import type { PageResponse, ReportRowResponse } from '../http/responses.ts';
import { limits } from '../limits.ts';
import { csvLine, escapeCell } from '../model/spreadsheet-cell.ts';
import { REPORTS } from '../ports/read-models.ts';
import { CLIENT_OPTIONS, connect } from './connect.ts';
import { cell, EXIT, print, table, widthsOf } from './orders/printed.ts';

const RIGHT = [2, 3, 4, 5];
const KEY_CHARS = 60;
const NAME_CHARS = 30;

export async function run(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: { ...CLIENT_OPTIONS, by: text, from: text, to: text, json: { type: 'boolean' }, csv: { type: 'boolean' } },
  });
  const { by = 'day', from, to, json, csv, ...given } = values;
  if (!REPORTS.some((one) => one === by))
    throw new OmsError('invalid_option', `--by "${by}" is none of ${REPORTS.join(', ')}`);
  const header = [by, 'name', 'orders', 'units', 'amount', 'cancelled'];
  const client = connect(given, readConfig(), 1);
  try {
    let cursor: string | null = null;
    let widths: number[] | null = null;
    do {
      const days = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
      const query = new URLSearchParams({ by, ...days, limit: String(limits.maxPageItems) });
      if (cursor !== null) query.set('cursor', cursor);
      const page: PageResponse<ReportRowResponse> = await client.get(`/reports/orders?${query}`);
      const isFirst = widths === null;
      if (json) await print(page.items.map((row) => `${JSON.stringify(row)}\n`).join(''));
      else if (csv)
        await print([...(isFirst ? [header] : []), ...page.items.map(csvCells)].map((row) => csvLine(row)).join(''));
      else {
        const rows = [...(isFirst ? [header.map((name) => name.toUpperCase())] : []), ...page.items.map(shownCells)];
        widths ??= widthsOf(rows);
        await print(table(rows, RIGHT, widths));
      }
      widths ??= [];
      cursor = page.next_cursor;
    } while (cursor !== null);
    return EXIT.done;
  } finally {
    client.close();
  }
}

const numbers = ({ orders, units, amount, cancelled }: ReportRowResponse): string[] => [
  ...[String(orders), String(units), amount, String(cancelled)],
];

const csvCells = (row: ReportRowResponse): string[] => [
  escapeCell(row.key),
  escapeCell(row.name ?? ''),
  ...numbers(row),
];

const shownCells = (row: ReportRowResponse): string[] => [
  ...[cell(row.key, KEY_CHARS), cell(row.name ?? '', NAME_CHARS)],
  ...numbers(row),
];
