/**
 * What the OpenAPI document says of the bodies that create and change orders. They are read and judged in `src/orders`, which reports all
 * mistakes at once.
 */
import * as z from 'zod';
import { limits } from '../limits.ts';
import { MAX_QUANTITY } from '../model/row-schema.ts';

const text = z.string().min(1).max(limits.maxTextChars);
const money = (digits: number) => z.string().regex(new RegExp(`^\\d{1,${digits}}(\\.\\d{1,2})?$`));
const reason = z.string().max(limits.maxTextChars).nullable().optional();
const date = z
  .string()
  .describe('ISO 8601: a day, or a time. Without an offset it is one of the time zone of the service.');

const item = z.strictObject({
  sku: text,
  hub_id: text,
  product_name: text,
  quantity: z.int().min(1).max(MAX_QUANTITY),
  unit_price: money(7),
});
const items = z.array(item).min(1).max(limits.maxOrderItems);
const email = z.email();

export const newOrderBody = z.strictObject({
  order_id: text.optional().describe('Made by the service when it is absent.'),
  customer: z.strictObject({ name: text, email }),
  items,
  total_amount: money(13).optional().describe('Must be the sum of the items.'),
  order_date: date.optional(),
  shipping_address: text,
});

/** An entry that is no order is refused by itself, so anything may stand there. */
export const newOrdersBody = z.strictObject({
  orders: z
    .array(z.union([newOrderBody, z.unknown()]))
    .min(1)
    .max(limits.maxOrdersOfBatch),
});

export const statusBody = z.strictObject({ status: text, reason });

export const statusesBody = z.strictObject({
  order_ids: z.array(z.string()).min(1).max(limits.maxOrdersOfBatch),
  status: text,
  reason,
});

const editBody = z.strictObject({
  customer: z.strictObject({ name: text, email }).partial().optional(),
  shipping_address: text.optional(),
  order_date: date.optional(),
  items: items.optional().describe('The whole list.'),
  reason,
});
export const orderPatchBody = z.union([statusBody, editBody]);
