/** A report as a spreadsheet saves it without a changed cell: other quotes, delimiter, line ends and order of columns. */
import { parse } from 'csv-parse/sync';

export interface Saving {
  delimiter: string;
  lineEnd: '\n' | '\r\n';
  bom: boolean;
  quotesAll: boolean;
  /** Empty cells at the end of a row are left out. */
  cutsEmpty: boolean;
  /** Gives the columns a new order, if any. */
  order?: (columns: number[]) => number[];
}

export const AS_EXCEL: Saving = { delimiter: ';', lineEnd: '\r\n', bom: true, quotesAll: false, cutsEmpty: true };

export function resaved(report: string, { delimiter, lineEnd, bom, quotesAll, cutsEmpty, order }: Saving): string {
  const records = parse(report, { record_delimiter: '\n' }) as string[][];
  const columns = records[0]!.map((_, i) => i);
  const places = order?.(columns) ?? columns;
  const write = (value: string) =>
    quotesAll || value.includes(delimiter) || /["\r\n]|^\s|\s$/.test(value)
      ? `"${value.replaceAll('"', '""')}"`
      : value;
  const lines = records.map((cells) => {
    const moved = places.map((place) => cells[place]!);
    if (cutsEmpty) while (moved.at(-1) === '') moved.pop();
    return `${moved.map(write).join(delimiter)}${lineEnd}`;
  });
  return `${bom ? '\ufeff' : ''}${lines.join('')}`;
}
