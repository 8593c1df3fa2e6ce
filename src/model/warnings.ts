/**
 * Warnings: values that are allowed but look wrong. A warning never rejects a row; it has the number of rows and the first of them, and
 * depends only on the file.
 */
import type { OrderColumn } from './columns.ts';

export const WARNING_CODES = ['shortened_number', 'ambiguous_date', 'all_prices_zero', 'wrongly_decoded_text'] as const;
export type WarningCode = (typeof WARNING_CODES)[number];

export interface Warning {
  code: WarningCode;
  /** Rows that have it. */
  count: number;
  /** The first of them. */
  row: number;
}

/** A spreadsheet shows long numbers with an exponent, and keeps 15 digits of them. */
const SHORTENED = /^(\d([.,]\d+)?E\+\d+|[1-9]\d{14}0+)$/i;
/** Day and month are both from 1 to 12: either may be the month. */
const DAY_OR_MONTH_FIRST = /^(0?[1-9]|1[0-2])([/.-])(0?[1-9]|1[0-2])\2\d{4}\b/;
/** UTF-8 that was read as Windows-1252, and U+FFFD for undecodable bytes. */
const WRONGLY_DECODED =
  /[\u00c2\u00c3][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|\u00e2\u20ac|\ufffd/;

/** `isOrder`: all values are valid. */
export function warningsOf(values: Record<OrderColumn, string>, isOrder: boolean): WarningCode[] {
  const found: WarningCode[] = [];
  if (SHORTENED.test(values.order_id) || SHORTENED.test(values.sku)) found.push('shortened_number');
  if (!isOrder && DAY_OR_MONTH_FIRST.test(values.order_date)) found.push('ambiguous_date');
  if (isOrder && Number(values.unit_price) === 0) found.push('all_prices_zero');
  const texts = [values.customer_name, values.product_name, values.shipping_address];
  if (isOrder && texts.some((text) => WRONGLY_DECODED.test(text))) found.push('wrongly_decoded_text');
  return found;
}

/** Merges warnings of consecutive rows or chunks. */
export function addWarnings(known: readonly Warning[], more: readonly Warning[]): Warning[] {
  const byCode = new Map(known.map((warning) => [warning.code, warning]));
  for (const { code, count, row } of more) {
    const before = byCode.get(code);
    byCode.set(
      code,
      before ? { code, count: before.count + count, row: Math.min(before.row, row) } : { code, count, row },
    );
  }
  return WARNING_CODES.flatMap((code) => byCode.get(code) ?? []);
}

/** The warnings that a file shows: prices of 0 are only reported when all prices are 0. */
export const shownWarnings = (warnings: readonly Warning[], valid: number): Warning[] =>
  warnings.filter(({ code, count }) => code !== 'all_prices_zero' || count >= valid);
