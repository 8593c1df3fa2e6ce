/**
 * The shape of every JSON answer. The functions that make answers are typed by these, the page takes its types from them, and a
 * test reads the answers of a running service through them, strictly: what one side changes, the other is told.
 */
import * as z from 'zod';
import { ORDER_CREATED } from '../model/event.ts';
import { FILE_STATUSES } from '../model/file.ts';
import { FILE_FAILURE_CODES } from '../model/file-failure.ts';
import { DELIMITERS, ENCODINGS } from '../model/intake.ts';
import { ORDER_STATUSES } from '../model/order.ts';
import { REASON_CODES } from '../model/rejection.ts';
import { WARNING_CODES } from '../model/warnings.ts';

const count = z.int().nonnegative();
const time = z.iso.datetime();
const amount = z.string().regex(/^\d+\.\d{2}$/);
const countByName = z.record(z.string(), count);
const countByReason = z.partialRecord(z.enum(REASON_CODES), count);

const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), next_cursor: z.string().nullable() });

export interface PageAnswer<Item> {
  items: Item[];
  next_cursor: string | null;
}

export const problemAnswer = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
});
export type ProblemAnswer = z.infer<typeof problemAnswer>;

const links = z.strictObject({ self: z.string() });

export const uploadAnswer = z.strictObject({
  file_id: z.string(),
  name: z.string(),
  status: z.literal('queued'),
  size_bytes: count,
  sha256: z.string(),
  links,
});
export type UploadAnswer = z.infer<typeof uploadAnswer>;

export const fileAnswer = z.strictObject({
  file_id: z.string(),
  name: z.string(),
  status: z.enum(FILE_STATUSES),
  size_bytes: count,
  sha256: z.string(),
  parent_file_id: z.string().nullable(),
  intake: z
    .strictObject({
      encoding: z.enum(ENCODINGS),
      delimiter: z.enum(DELIMITERS),
      gzip: z.boolean(),
      bom: z.boolean(),
    })
    .nullable(),
  progress: z.strictObject({
    rows: count,
    accepted: count,
    invalid: count,
    bytes_read: count,
    percent: z.number().min(0).max(100),
    rows_per_second: count.nullable(),
    eta_seconds: count.nullable(),
    /** Rows of the report that are written, while it is. */
    reported: count.optional(),
  }),
  invalid_by_code: countByReason,
  warnings: z.array(z.strictObject({ code: z.enum(WARNING_CODES), count, row: count })),
  invalid_file: z.string().nullable(),
  invalid_file_size_bytes: count.nullable(),
  failure: z.strictObject({ code: z.enum(FILE_FAILURE_CODES), message: z.string(), row: count.nullable() }).nullable(),
  waiting_for: z.enum(['ims', 'store', 'objects', 'queue']).nullable(),
  waiting_since: time.nullable(),
  cancel_requested: z.boolean(),
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
  attempts: count,
  /** Rows that files which correct this one, and those that correct these, have made orders of. */
  fixed: count,
  /** Invalid rows that are not fixed. */
  open: count,
  links,
});
export type FileAnswer = z.infer<typeof fileAnswer>;
export const filesAnswer = pageOf(fileAnswer);

export const rejectionAnswer = z.strictObject({
  row: count,
  codes: z.array(z.enum(REASON_CODES)),
  reasons: z.array(z.strictObject({ column: z.string(), code: z.enum(REASON_CODES), reason: z.string() })),
  values: z.record(z.string(), z.string()),
  /** All cells of a row whose cells could not be told apart, as one line of CSV. */
  record: z.string().optional(),
});
export type RejectionAnswer = z.infer<typeof rejectionAnswer>;
export const rejectionsAnswer = pageOf(rejectionAnswer);

export const reportAnswer = z.strictObject({
  name: z.string(),
  file_id: z.string(),
  rows: count,
  size_bytes: count,
  created_at: time,
  url: z.string(),
});
export type ReportAnswer = z.infer<typeof reportAnswer>;
export const reportsAnswer = pageOf(reportAnswer);

export const orderAnswer = z.strictObject({
  order_id: z.string(),
  status: z.enum(ORDER_STATUSES),
  customer: z.strictObject({ name: z.string(), email: z.string() }),
  items: z.array(
    z.strictObject({
      sku: z.string(),
      hub_id: z.string(),
      product_name: z.string(),
      quantity: count,
      unit_price: amount,
      line_total: amount,
    }),
  ),
  total_amount: amount,
  order_date: time,
  shipping_address: z.string(),
  source: z.strictObject({ file_id: z.string(), row: count }),
  created_at: time,
  updated_at: time,
});
export type OrderAnswer = z.infer<typeof orderAnswer>;
/** `searched_to`: when the oldest order was taken that was looked at for this page; null where there is none behind it. */
export const ordersAnswer = pageOf(orderAnswer).extend({ searched_to: time.nullable() });
export type OrdersAnswer = PageAnswer<OrderAnswer> & Pick<z.infer<typeof ordersAnswer>, 'searched_to'>;

/** Also what each message of `GET /events` holds. */
export const eventAnswer = z.strictObject({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.literal('/oms'),
  type: z.literal(ORDER_CREATED),
  subject: z.string(),
  time,
  datacontenttype: z.literal('application/json'),
  data: orderAnswer,
});
export type EventAnswer = z.infer<typeof eventAnswer>;
export const orderEventsAnswer = z.strictObject({ items: z.array(eventAnswer) });
export type OrderEventsAnswer = z.infer<typeof orderEventsAnswer>;

const stockKey = { sku: z.string(), hub_id: z.string() };

export const stockAnswer = z.strictObject({ ...stockKey, available: count });
export type StockAnswer = z.infer<typeof stockAnswer>;
export const inventoryAnswer = pageOf(stockAnswer);

/** `from`, with `?from=true` and of a dry run: what was available before; null where there was no such row. */
const stockNow = { ...stockKey, available: count, from: count.nullable().optional() };
export const stockResultAnswer = z.discriminatedUnion('status', [
  z.strictObject({ ...stockNow, status: z.literal('ok') }),
  z.strictObject({
    ...stockNow,
    status: z.literal('refused'),
    code: z.enum(['below_zero', 'too_much', 'unknown_stock']),
  }),
]);
export type StockResultAnswer = z.infer<typeof stockResultAnswer>;
export const stockResultsAnswer = z.strictObject({ results: z.array(stockResultAnswer) });
export type StockResultsAnswer = z.infer<typeof stockResultsAnswer>;

export const statsAnswer = z.strictObject({
  files: z.strictObject({
    total: count,
    queued: count,
    processing: count,
    waiting: count,
    completed: count,
    failed: count,
    cancelled: count,
  }),
  rows: z.strictObject({ total: count, accepted: count, invalid: count }),
  orders: z.strictObject({ total: count, by_status: countByName, by_hub: countByName, amount }),
  invalid_by_code: countByName,
  events: z.strictObject({ published: count, pending: count }),
  rows_per_second: count,
});
export type StatsAnswer = z.infer<typeof statsAnswer>;

export const historyAnswer = z.strictObject({
  items: z.array(z.strictObject({ at: time, rows: count, accepted: count, invalid: count })),
});
export type HistoryAnswer = z.infer<typeof historyAnswer>;

/** `time_zone`: of order dates without an offset, and of days as filters. */
export const settingsAnswer = z.strictObject({ time_zone: z.string() });
export type SettingsAnswer = z.infer<typeof settingsAnswer>;

export const healthAnswer = z.strictObject({ status: z.literal('ok') });
export type HealthAnswer = z.infer<typeof healthAnswer>;

export const readyAnswer = z.strictObject({
  status: z.enum(['ready', 'not_ready']),
  dependencies: z.record(
    z.string(),
    z.discriminatedUnion('status', [
      z.strictObject({
        status: z.literal('up'),
        engine: z.string(),
        address: z.string(),
        missing: z.array(z.strictObject({ what: z.string(), cure: z.string(), required: z.boolean() })),
      }),
      z.strictObject({ status: z.literal('down'), detail: z.string() }),
    ]),
  ),
});
export type ReadyAnswer = z.infer<typeof readyAnswer>;
