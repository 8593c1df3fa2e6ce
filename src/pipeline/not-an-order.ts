/** Rows that are not orders, left in where files were joined or exported: a repeated header, and lines of totals. */
import { limits } from '../limits.ts';
import { nameKey } from '../model/column-names.ts';
import { ORDER_COLUMNS } from '../model/columns.ts';
import type { Header } from '../model/header.ts';
import { headerAgain, lineOfTotals } from '../model/reasons.ts';
import type { Reason } from '../model/rejection.ts';
import { trim } from '../model/trim.ts';
import { orderColumnsIn } from './read/header.ts';

/** Why the row is not an order at all; null when it may be a wrong order. Only for rows that are not valid. */
export function notAnOrder(cells: readonly string[], header: Header): Reason | null {
  if (cells.length > limits.maxColumns) return null;
  if (isHeader(cells, header)) return headerAgain();
  return isTotals(cells, header) ? lineOfTotals() : null;
}

/** In any order, as another file may have another order. Behind a byte order mark the first name still has its quotes. */
function isHeader(cells: readonly string[], { columns, format }: Header): boolean {
  const names = cells.map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  if (format !== null) return names.every((name, i) => nameKey(name) === nameKey(columns[i] ?? ''));
  return cells.length >= ORDER_COLUMNS.length && orderColumnsIn(names).size === ORDER_COLUMNS.length;
}

const TOTALS = new Set(
  [
    'total totals subtotal subtotals sum sums totale totali subtotale somma totaux somme totaal subtotaal som totales suma soma',
    'summe gesamt gesamtsumme gesamtbetrag zwischensumme endsumme insgesamt summa totalt razem łącznie celkem yhteensä toplam',
    'итого всего сумма 合計 小計 總計 合计 小计 总计 합계',
  ]
    .join(' ')
    .split(' '),
);
/** Words that may stand beside those in one cell. */
const OF_TOTALS = new Set(
  'grand overall general générale generale of all order orders row rows items amount quantity price count eur usd gbp chf'.split(
    ' ',
  ),
);
/** A number may have its currency. */
const MAX_UNIT_CHARS = 3;
const MAX_LABEL_CHARS = 60;

/** A label such as "total" and otherwise only numbers, in a row that is mostly empty and has no order id. */
function isTotals(cells: readonly string[], { columns, dataColumns, orderColumns }: Header): boolean {
  const filled = cells.filter((cell, i) => trim(cell) !== '' && !columns[i]?.startsWith('_'));
  if (filled.length * 2 >= dataColumns.length) return false;
  const id = cells[orderColumns.order_id] ?? '';
  if (trim(id) !== '' && !isLabel(id)) return false;
  return filled.some(isLabel) && filled.every((cell) => isLabel(cell) || isNumber(cell));
}

function isLabel(cell: string): boolean {
  if (cell.length > MAX_LABEL_CHARS) return false;
  const words = wordsOf(cell);
  return words.some((word) => TOTALS.has(word)) && words.every((word) => TOTALS.has(word) || OF_TOTALS.has(word));
}

const isNumber = (cell: string): boolean =>
  cell.length <= MAX_LABEL_CHARS && wordsOf(cell).join('').length <= MAX_UNIT_CHARS;

const wordsOf = (cell: string): string[] => cell.toLowerCase().match(/\p{L}[\p{L}\p{M}]*/gu) ?? [];
