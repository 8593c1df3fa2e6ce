/**
 * The shape of a row's values, trimmed, column by column: the one place that says what is valid. A failed check's message
 * is the code of the reason; `reasons.ts` has the words. One check at most fails per column.
 */
import { z } from 'zod';
import { limits } from '../limits.ts';
import type { OrderDateParser } from './order-date.ts';
import type { ReasonCode } from './rejection.ts';

const MAX = limits.maxTextChars;
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;
const CONTROL_BUT_BREAKS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;

// By code points.
const LINE = new RegExp(`^[^\\x00-\\x1f\\x7f-\\x9f]{1,${MAX}}$`, 'u');
const LINES = new RegExp(`^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]{1,${MAX}}$`, 'u');
export const MAX_QUANTITY = 1_000_000;
export const QUANTITY_DIGITS = 7;
/** Before the point. Enough for the largest quantity at the largest price, and exact in minor units. */
export const PRICE_DIGITS = 7;
export const TOTAL_DIGITS = 13;
const QUANTITY = new RegExp(`^\\d{1,${QUANTITY_DIGITS}}$`);
const moneyOf = (digits: number) => new RegExp(`^\\d{1,${digits}}(\\.\\d{1,2})?$`);

/** The code of a failed check: an empty value and a control character are told before the form. */
function failsAs(code: ReasonCode, control: RegExp = CONTROL) {
  return {
    error: ({ input }: { input?: unknown }): ReasonCode =>
      input === '' ? 'missing_value' : control.test(String(input)) ? 'control_character' : code,
    abort: true,
  };
}

const isQuantity = (text: string) => Number(text) >= 1 && Number(text) <= MAX_QUANTITY;

const line = z.string().regex(LINE, failsAs('value_too_long'));
const lines = z.string().regex(LINES, failsAs('value_too_long', CONTROL_BUT_BREAKS));

export function createRowSchema(parseDate: OrderDateParser) {
  return z.object({
    order_id: line,
    customer_name: lines,
    customer_email: z.string().max(MAX, failsAs('value_too_long')).regex(z.regexes.email, failsAs('invalid_email')),
    product_name: lines,
    sku: line,
    hub_id: line,
    quantity: z.string().regex(QUANTITY, failsAs('invalid_quantity')).refine(isQuantity, failsAs('invalid_quantity')),
    unit_price: z.string().regex(moneyOf(PRICE_DIGITS), failsAs('invalid_price')),
    total_amount: z.string().regex(moneyOf(TOTAL_DIGITS), failsAs('invalid_total')),
    order_date: z.string().refine((text) => typeof parseDate(text) === 'number', failsAs('invalid_date')),
    shipping_address: lines,
  });
}

export type RowValues = z.infer<ReturnType<typeof createRowSchema>>;
