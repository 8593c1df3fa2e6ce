/**
 * The schema of a row's values, as `cellValue` returns them: the one place that defines what is valid. The message of a failed check is the
 * code of the reason; its text is in `reasons.ts`. At most one check fails per column.
 */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { refusedCharacter } from './characters.ts';
import type { OrderColumn } from './columns.ts';
import type { OrderDateParser } from './order-date.ts';
import type { ReasonCode } from './rejection.ts';

const MAX = limits.maxTextChars;
/** By code points. */
const TEXT = new RegExp(`^.{1,${MAX}}$`, 'su');
export const MAX_QUANTITY = 1_000_000;
export const QUANTITY_DIGITS = 7;
/** Before the point. Enough for the largest quantity at the largest price, and exact in minor units. */
export const PRICE_DIGITS = 7;
export const TOTAL_DIGITS = 13;
export const MAX_TOTAL_MINOR = 10 ** (TOTAL_DIGITS + 2) - 1;
/** RFC 5321, 4.5.3.1.3: a path, of which 2 are its brackets. */
export const MAX_EMAIL_CHARS = 254;
/** RFC 1035, 2.3.4. */
export const MAX_LABEL_CHARS = 63;
/** RFC 5322, 3.2.3. */
export const EMAIL_SIGNS = "!#$%&'*+/=?^_`{|}~-";
const LOCAL = `A-Za-z0-9${EMAIL_SIGNS.replace(/[\^-]/g, '\\$&')}`;
const LABEL = `[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,${MAX_LABEL_CHARS - 2}}[A-Za-z0-9_])?`;
const TOP_LABEL = `(?:[A-Za-z]{2,${MAX_LABEL_CHARS}}|xn--[A-Za-z0-9-]{0,${MAX_LABEL_CHARS - 5}}[A-Za-z0-9])`;
/**
 * Addresses that mail systems deliver to, which are more than RFC 5322 allows: mobile operators gave out addresses with consecutive or
 * final dots, and mail hosts have underscores in their names. A domain has a dot, and labels that DNS allows.
 */
export const EMAIL = new RegExp(`^(?=.{1,${MAX_EMAIL_CHARS}}$)[${LOCAL}][${LOCAL}.]*@(?:${LABEL}\\.)+${TOP_LABEL}$`);
/** An address loses such a part, escaped or not. Source: URL Standard, single-dot and double-dot URL path segments. */
const ONLY_DOTS = /^\.\.?$/;
const QUANTITY = new RegExp(`^\\d{1,${QUANTITY_DIGITS}}$`);
const moneyOf = (digits: number) => new RegExp(`^\\d{1,${digits}}(\\.\\d{1,2})?$`);

/** The code of a failed check. An empty value and an invisible character are reported before a wrong form. */
const failsAs = (code: ReasonCode, column: OrderColumn) => ({
  error: ({ input }: { input?: unknown }): ReasonCode =>
    input === '' ? 'missing_value' : refusedCharacter(column, String(input)) ? 'control_character' : code,
  abort: true,
});

const text = (column: OrderColumn) =>
  z
    .string()
    .refine((value) => TEXT.test(value) && refusedCharacter(column, value) === null, failsAs('value_too_long', column));

const PLAIN_TEXTS: readonly OrderColumn[] = ['customer_name', 'product_name', 'sku', 'hub_id', 'shipping_address'];
const PLAIN_TEXT = new RegExp(`^[ -~]{1,${MAX}}$`);

/** Whether the value is a plain text, which the schema accepts: seen at once, and true of most texts. */
export const isPlainText = (column: OrderColumn, value: string): boolean =>
  PLAIN_TEXTS.includes(column) && PLAIN_TEXT.test(value);

const PRICE = moneyOf(PRICE_DIGITS);
const TOTAL = moneyOf(TOTAL_DIGITS);

/** Whether the schema accepts the values, seen without it: nearly all rows are such. False says nothing. */
export const isPlainRow = (values: RowValues, parseDate: OrderDateParser): boolean =>
  PLAIN_TEXT.test(values.order_id) &&
  !ONLY_DOTS.test(values.order_id) &&
  PLAIN_TEXTS.every((column) => PLAIN_TEXT.test(values[column])) &&
  EMAIL.test(values.customer_email) &&
  quantityOf(values.quantity) !== null &&
  PRICE.test(values.unit_price) &&
  TOTAL.test(values.total_amount) &&
  typeof parseDate(values.order_date) === 'number';

const isQuantity = (digits: string) => Number(digits) >= 1 && Number(digits) <= MAX_QUANTITY;

/** Null for what is no quantity. */
export const quantityOf = (text: string): number | null =>
  QUANTITY.test(text) && isQuantity(text) ? Number(text) : null;

export function createRowSchema(parseDate: OrderDateParser) {
  return z.object({
    order_id: text('order_id').refine((id) => !ONLY_DOTS.test(id), failsAs('invalid_id', 'order_id')),
    customer_name: text('customer_name'),
    customer_email: z
      .string()
      .max(MAX, failsAs('value_too_long', 'customer_email'))
      .regex(EMAIL, failsAs('invalid_email', 'customer_email')),
    product_name: text('product_name'),
    sku: text('sku'),
    hub_id: text('hub_id'),
    quantity: z
      .string()
      .regex(QUANTITY, failsAs('invalid_quantity', 'quantity'))
      .refine(isQuantity, failsAs('invalid_quantity', 'quantity')),
    unit_price: z.string().regex(PRICE, failsAs('invalid_price', 'unit_price')),
    total_amount: z.string().regex(TOTAL, failsAs('invalid_total', 'total_amount')),
    order_date: z
      .string()
      .refine((value) => typeof parseDate(value) === 'number', failsAs('invalid_date', 'order_date')),
    shipping_address: text('shipping_address'),
  });
}

export type RowValues = z.infer<ReturnType<typeof createRowSchema>>;
