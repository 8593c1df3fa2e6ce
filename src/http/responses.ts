/**
 * The shape of every JSON response. The types of route handlers and of the page come from these schemas, the OpenAPI document is built
 * from them, and a test parses the responses of a running service with them, strictly.
 */
import * as z from 'zod';
import { ACCESS_ROLES, SCOPES } from '../model/access.ts';
import { EVENT_TYPES, ORDER_CREATED } from '../model/event.ts';
import { FILE_STATUSES, PAUSE_CODES, UNDO_STATES } from '../model/file.ts';
import { FILE_FAILURE_CODES } from '../model/file-failure.ts';
import { formatMembers } from '../model/format.ts';
import { DELIMITERS, ENCODINGS } from '../model/intake.ts';
import { CHANGE_KINDS, CONTENT_FIELDS, type ContentField } from '../model/order-change.ts';
import { REASON_CODES } from '../model/rejection.ts';
import { WARNING_CODES } from '../model/warnings.ts';
import { STOCK_STATES } from '../model/workflow.ts';

/** The schemas that have a name in the OpenAPI document. */
export const components = z.registry<{ id: string }>();

function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  components.add(schema, { id });
  return schema;
}

const count = z.int().nonnegative();
const time = z.iso.datetime();
const amount = z.string().regex(/^\d+\.\d{2}$/);
const countByName = z.record(z.string(), count);
const countByReason = z.partialRecord(z.enum(REASON_CODES), count);

const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), next_cursor: z.string().nullable() });

export interface PageResponse<Item> {
  items: Item[];
  next_cursor: string | null;
}

/**
 * One of the mistakes in a request. Of a JSON body: a JSON pointer to the value. Of a CSV: line and column. Of stock that does not
 * suffice: what is available.
 */
const mistake = z.strictObject({
  pointer: z.string().optional(),
  code: z.string().optional(),
  line: count.optional(),
  column: z.string().nullable().optional(),
  detail: z.string(),
  available: count.optional(),
});

/** Members after `code` are those of single codes. */
export const problemResponse = named(
  'Problem',
  z.looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    /** `invalid_order`, `out_of_stock`, `invalid_body`: all mistakes, or the first hundred. */
    errors: z.array(mistake).optional(),
    /** How many there are. */
    error_count: count.optional(),
    /** `forbidden`: the right that is missing. */
    needs: z.string().optional(),
    /** `order_conflict`: where the stored order differs. */
    fields: z.array(z.string()).optional(),
    /** `invalid_transition`: the status that the order has, the one that was asked for, and those that it may get. */
    from: z.string().optional(),
    to: z.string().optional(),
    allowed: z.array(z.string()).optional(),
    /** `version_mismatch`: the version of the order as it is now, and who made it. */
    current_version: count.optional(),
    actor: z.string().nullable().optional(),
    /** `not_editable`, `not_deletable`: the status that does not allow it. */
    order_status: z.string().optional(),
  }),
);
export type ProblemResponse = z.infer<typeof problemResponse>;

const links = z.strictObject({ self: z.string() });

export const uploadResponse = named(
  'Upload',
  z.strictObject({
    file_id: z.string(),
    name: z.string(),
    status: z.literal('queued'),
    size_bytes: count,
    sha256: z.string(),
    links,
  }),
);
export type UploadResponse = z.infer<typeof uploadResponse>;

export const fileResponse = named(
  'File',
  z.strictObject({
    file_id: z.string(),
    name: z.string(),
    status: z.enum(FILE_STATUSES),
    size_bytes: count,
    sha256: z.string(),
    /** Null for an object that was put into the bucket, and where access is off. */
    uploaded_by: z.string().nullable(),
    parent_file_id: z.string().nullable(),
    /** The version of the format that it is read by; null: a standard file, or not known yet. */
    format: z.strictObject({ name: z.string(), version: count }).nullable(),
    /** The only hubs that its rows may name; null: all. */
    hubs: z.array(z.string()).nullable(),
    /** Its rows were decided and counted, and made no orders. */
    dry_run: z.boolean(),
    intake: z
      .strictObject({
        encoding: z.enum(ENCODINGS),
        delimiter: z.enum(DELIMITERS),
        gzip: z.boolean(),
        bom: z.boolean(),
        /** Only of a workbook. */
        sheet: z.string().optional(),
      })
      .nullable(),
    progress: z.strictObject({
      rows: count,
      accepted: count,
      invalid: count,
      /** What the accepted rows make. */
      orders: count,
      /** Rows that the format leaves out. */
      skipped: count,
      bytes_read: count,
      percent: z.number().min(0).max(100),
      rows_per_second: count.nullable(),
      eta_seconds: count.nullable(),
      /** Rows of the report written so far, while it is being written. */
      reported: count.optional(),
    }),
    invalid_by_code: countByReason,
    warnings: z.array(z.strictObject({ code: z.enum(WARNING_CODES), count, row: count })),
    invalid_file: z.string().nullable(),
    invalid_file_size_bytes: count.nullable(),
    /** Since when the upload, or the report with the rejected rows, is not kept any more. */
    upload_deleted_at: time.nullable(),
    report_deleted_at: time.nullable(),
    failure: z
      .strictObject({ code: z.enum(FILE_FAILURE_CODES), message: z.string(), row: count.nullable() })
      .nullable(),
    waiting_for: z.enum(['ims', 'store', 'objects', 'queue']).nullable(),
    waiting_since: time.nullable(),
    next_try_at: time.nullable(),
    cancel_requested: z.boolean(),
    /** It pauses at its next chunk border. */
    pause_requested: z.boolean(),
    /** Why it is paused, and since when; null unless it is. */
    pause: z.strictObject({ code: z.enum(PAUSE_CODES), reason: z.string(), at: time }).nullable(),
    /**
     * The undo that somebody has asked for: `running` until all its orders were looked at, then `done`. `undone` went to the undo state of
     * the workflow, `kept` had been changed before and stay; in the end they are all of its orders. Null: none.
     */
    undo: z.strictObject({ state: z.enum(UNDO_STATES), undone: count, kept: count }).nullable(),
    /** The stop rule that it was uploaded with. */
    stop_at_invalid: z.string().nullable(),
    created_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
    attempts: count,
    /** Rows of this file that became orders through a correction, or a correction of a correction. */
    fixed: count,
    /** The first of the files that fixed them. */
    fixed_by: z.array(z.string()),
    /** Invalid rows that are not fixed. */
    open: count,
    links,
  }),
);
export type FileResponse = z.infer<typeof fileResponse>;
export const filesResponse = named('Files', pageOf(fileResponse));

export const formatResponse = named(
  'Format',
  z.strictObject({
    ...formatMembers.shape,
    version: z.int(),
    /** It comes with the service, and cannot be changed. */
    preset: z.boolean(),
    /** The hubs of whoever has saved it; null: all. */
    hubs: z.array(z.string()).nullable(),
    saved_at: time.nullable(),
    saved_by: z.string().nullable(),
  }),
);
export type FormatResponse = z.infer<typeof formatResponse>;
export const formatsResponse = named('Formats', pageOf(formatResponse));

export const rejectionResponse = named(
  'Rejection',
  z.strictObject({
    row: count,
    codes: z.array(z.enum(REASON_CODES)),
    reasons: z.array(z.strictObject({ column: z.string(), code: z.enum(REASON_CODES), reason: z.string() })),
    values: z.record(z.string(), z.string()),
    /** The whole row as one line of CSV, when its cells could not be separated. */
    record: z.string().optional(),
  }),
);
export type RejectionResponse = z.infer<typeof rejectionResponse>;
export const rejectionsResponse = named('Rejections', pageOf(rejectionResponse));

export const reportResponse = named(
  'Report',
  z.strictObject({
    name: z.string(),
    file_id: z.string(),
    rows: count,
    size_bytes: count,
    created_at: time,
    url: z.string(),
  }),
);
export type ReportResponse = z.infer<typeof reportResponse>;
export const reportsResponse = named('Reports', pageOf(reportResponse));

const orderItem = z.strictObject({
  sku: z.string(),
  hub_id: z.string(),
  product_name: z.string(),
  quantity: count,
  unit_price: amount,
  line_total: amount,
});

export const orderResponse = named(
  'Order',
  z.strictObject({
    order_id: z.string(),
    status: z.string(),
    version: z.int().min(1),
    actor: z.string().nullable(),
    /** Null, as the address, where the principal may not see personal data, and once the person was erased. */
    customer: z.strictObject({ name: z.string().nullable(), email: z.string().nullable() }),
    items: z.array(orderItem),
    total_amount: amount,
    order_date: time,
    shipping_address: z.string().nullable(),
    source: z.strictObject({ file_id: z.string().nullable(), row: count.nullable() }),
    created_at: time,
    updated_at: time,
  }),
);
export type OrderResponse = z.infer<typeof orderResponse>;

/** The order, or why that one was refused. */
export const orderResultResponse = named(
  'OrderResult',
  z.union([
    z.strictObject({ status: z.union([z.literal(200), z.literal(201)]), order: orderResponse }),
    z.strictObject({ status: z.int().min(400), problem: problemResponse }),
  ]),
);
export type OrderResultResponse = z.infer<typeof orderResultResponse>;
export const orderResultsResponse = named('OrderResults', z.strictObject({ results: z.array(orderResultResponse) }));
export type OrderResultsResponse = z.infer<typeof orderResultsResponse>;

/** Null where it may not be seen, or was erased. */
const fieldValue = z.union([z.string(), z.array(orderItem)]).nullable();
const fieldChange = z.strictObject({
  field: z.enum(Object.keys(CONTENT_FIELDS) as ContentField[]),
  from: fieldValue,
  to: fieldValue,
});

/** `from` is null for the first. Without `reason` and `changes` once the order was deleted. */
export const orderChangeResponse = named(
  'OrderChange',
  z.strictObject({
    version: z.int().min(1),
    at: time,
    actor: z.string().nullable(),
    action: z.enum(CHANGE_KINDS),
    from: z.string().nullable(),
    to: z.string(),
    reason: z.string().nullable(),
    changes: z.array(fieldChange),
  }),
);
export type OrderChangeResponse = z.infer<typeof orderChangeResponse>;
export const orderHistoryResponse = named('OrderHistory', z.strictObject({ items: z.array(orderChangeResponse) }));
export type OrderHistoryResponse = z.infer<typeof orderHistoryResponse>;

/** `searched_to`: when the oldest order that this page examined was accepted; null when the list ends here. */
export const ordersResponse = named('Orders', pageOf(orderResponse).extend({ searched_to: time.nullable() }));
/** The orders of an undone file that stay. */
export const keptOrdersResponse = named('KeptOrders', pageOf(orderResponse));
export type OrdersResponse = PageResponse<OrderResponse> & Pick<z.infer<typeof ordersResponse>, 'searched_to'>;

const envelope = {
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.literal('/oms'),
  subject: z.string(),
  time,
  datacontenttype: z.literal('application/json'),
};
const atVersion = { order_id: z.string(), version: z.int().min(1), status: z.string() };
/** What is left of an event once its order was deleted, or its person erased. */
const erased = z.strictObject({ ...atVersion, erased: z.literal(true) });

/** Also the data of each message of `GET /events`. An `order.created` of a row has no version and no actor. */
export const eventResponse = named(
  'Event',
  z.union([
    z.strictObject({
      ...envelope,
      type: z.literal(ORDER_CREATED),
      /** Of an order that was taken again. */
      sequence: z.string().optional(),
      data: z.union([orderResponse.partial({ version: true, actor: true }), erased]),
    }),
    z.strictObject({
      ...envelope,
      type: z.enum(EVENT_TYPES).exclude([ORDER_CREATED]),
      sequence: z.string(),
      data: z.union([
        z.strictObject({
          ...atVersion,
          previous_status: z.string(),
          reason: z.string().nullable(),
          actor: z.string().nullable(),
          at: time,
          changes: z.array(fieldChange),
        }),
        erased,
      ]),
    }),
  ]),
);
export type EventResponse = z.infer<typeof eventResponse>;
export const orderEventsResponse = named('OrderEvents', z.strictObject({ items: z.array(eventResponse) }));
export type OrderEventsResponse = z.infer<typeof orderEventsResponse>;

/** `waiting_for`: files that were open at the request, and may still bring rows of the person. */
export const erasureResponse = named(
  'Erasure',
  z.strictObject({
    id: z.string(),
    state: z.enum(['pending', 'done']),
    waiting_for: z.literal('files').nullable(),
    orders: count,
    files: count,
    requested_at: time,
    done_at: time.nullable(),
  }),
);
export type ErasureResponse = z.infer<typeof erasureResponse>;
export const erasuresResponse = named('Erasures', pageOf(erasureResponse));

const stockKey = { sku: z.string(), hub_id: z.string() };

export const stockResponse = named('Stock', z.strictObject({ ...stockKey, available: count }));
export type StockResponse = z.infer<typeof stockResponse>;
export const inventoryResponse = named('Inventory', pageOf(stockResponse));

/** `from` (with `?from=true`, and in a dry run): what was available before; null when there was no such row. */
const stockNow = { ...stockKey, available: count, from: count.nullable().optional() };
export const stockResultResponse = named(
  'StockResult',
  z.discriminatedUnion('status', [
    z.strictObject({ ...stockNow, status: z.literal('ok') }),
    z.strictObject({
      ...stockNow,
      status: z.literal('refused'),
      code: z.enum(['below_zero', 'too_much', 'unknown_stock']),
    }),
  ]),
);
export type StockResultResponse = z.infer<typeof stockResultResponse>;
export const stockResultsResponse = named('StockResults', z.strictObject({ results: z.array(stockResultResponse) }));
export type StockResultsResponse = z.infer<typeof stockResultsResponse>;

/** `events_behind`: null when the event stream does not say so in time, and before the first start. */
/** `through`: what ended before is deleted, once the sweeper has come that far. */
const deletedParts = z.strictObject({ deleted: count, through: time.nullable() });

const finalizerLag = z.strictObject({ events_behind: count.nullable(), held: count, aside: count });

export const statsResponse = named(
  'Stats',
  z.strictObject({
    files: z.strictObject({
      total: count,
      queued: count,
      processing: count,
      waiting: count,
      paused: count,
      completed: count,
      failed: count,
      cancelled: count,
    }),
    rows: z.strictObject({ total: count, accepted: count, invalid: count, skipped: count }),
    orders: z.strictObject({ total: count, by_status: countByName, by_hub: countByName, amount }),
    invalid_by_code: countByName,
    events: z.strictObject({ published: count, pending: count }),
    /** Null when there is no finalizer. */
    finalizer: finalizerLag.nullable(),
    /** Creations and changes of orders that customers, products and reports do not show yet. Null where these are not made. */
    projector: z.strictObject({ behind: count }).nullable(),
    /** What was not kept any longer. */
    retention: z.strictObject({
      uploads: deletedParts,
      reports: deletedParts,
      /** Orders whose people were erased. */
      orders: z.strictObject({ erased: count, through: time.nullable() }),
    }),
    rows_per_second: count,
  }),
);
export type StatsResponse = z.infer<typeof statsResponse>;

/** Days of the order dates, in the zone of the service. */
const day = z.iso.date();

const sums = {
  /** All but deleted ones. */
  orders: count,
  /** Units and amount are of orders whose stock was not given back. */
  units: count,
  amount,
  /** Orders whose stock was given back. */
  cancelled: count,
};

const customerSums = { ...sums, by_status: countByName, first_order: day, last_order: day };

export const customerResponse = named(
  'Customer',
  z.strictObject({ email: z.string(), name: z.string(), ...customerSums }),
);
export type CustomerResponse = z.infer<typeof customerResponse>;
export const customersResponse = named('Customers', pageOf(customerResponse));
export const oneCustomerResponse = named(
  'CustomerWithOrders',
  z.strictObject({
    ...customerResponse.shape,
    newest_orders: z.array(orderResponse),
    links: z.strictObject({ orders: z.string() }),
  }),
);
export type OneCustomerResponse = z.infer<typeof oneCustomerResponse>;

export const productResponse = named(
  'Product',
  z.strictObject({
    sku: z.string(),
    /** As the last order has it. */
    name: z.string(),
    last_price: amount,
    ...sums,
    cancelled_units: count,
    first_order: day,
    last_order: day,
  }),
);
export type ProductResponse = z.infer<typeof productResponse>;
export const productsResponse = named('Products', pageOf(productResponse));
export const oneProductResponse = named(
  'ProductWithStock',
  z.strictObject({
    ...productResponse.shape,
    names: z.array(z.string()),
    available: z.array(z.strictObject({ hub_id: z.string(), available: count })),
  }),
);
export type OneProductResponse = z.infer<typeof oneProductResponse>;

/** A few of each, the best first. Empty where the sender may not see them, or where they are not kept. */
export const searchResponse = named(
  'SearchResult',
  z.strictObject({
    orders: z.array(orderResponse),
    customers: z.array(customerResponse),
    products: z.array(productResponse),
    files: z.array(
      z.strictObject({ file_id: z.string(), name: z.string(), status: z.enum(FILE_STATUSES), created_at: time }),
    ),
  }),
);
export type SearchResponse = z.infer<typeof searchResponse>;

/** `key`: the day, month, e-mail, SKU, hub or status. `name`: of a customer or a product. */
export const reportRowResponse = named(
  'ReportRow',
  z.strictObject({ key: z.string(), name: z.string().nullable(), ...sums }),
);
export type ReportRowResponse = z.infer<typeof reportRowResponse>;
export const orderReportResponse = named('OrderReport', pageOf(reportRowResponse).extend({ time_zone: z.string() }));

export const rebuildResponse = named('Rebuild', z.strictObject({ behind: count }));
export type RebuildResponse = z.infer<typeof rebuildResponse>;

export const historyResponse = named(
  'History',
  z.strictObject({
    items: z.array(z.strictObject({ at: time, rows: count, accepted: count, invalid: count })),
  }),
);
export type HistoryResponse = z.infer<typeof historyResponse>;

export const workflowResponse = named(
  'Workflow',
  z.strictObject({
    initial: z.string(),
    states: z.record(
      z.string(),
      z.strictObject({
        to: z.array(z.string()),
        editable: z.boolean(),
        stock: z.enum(STOCK_STATES),
        restock: z.boolean().optional(),
      }),
    ),
    finalize: z.strictObject({ confirm: z.string(), cancel: z.string() }).nullable(),
    undo: z.string().nullable(),
  }),
);

export const finalizerOrderResponse = named(
  'FinalizerOrder',
  z.strictObject({ order_id: z.string(), asks: count, next_ask_at: time.nullable(), answer: z.string() }),
);
export type FinalizerOrderResponse = z.infer<typeof finalizerOrderResponse>;
export const finalizerOrdersResponse = named('FinalizerOrders', pageOf(finalizerOrderResponse));

export const finalizerRedriveResponse = named('FinalizerRedrive', z.strictObject({ orders: count }));
export type FinalizerRedriveResponse = z.infer<typeof finalizerRedriveResponse>;

const role = z.enum(ACCESS_ROLES);
/** Null: all that the role may have. */
const scopes = z.array(z.enum(SCOPES)).nullable();
/** Null: all. */
const hubs = z.array(z.string()).nullable();

/** `principal` is null where access is off. */
export const meResponse = named(
  'Me',
  z.strictObject({
    principal: z.string().nullable(),
    ...{ role, scopes, hubs },
    /** That somebody has verified. */
    email: z.string().nullable(),
  }),
);
export type MeResponse = z.infer<typeof meResponse>;

export const waysResponse = named('WaysToSignIn', z.strictObject({ password: z.boolean(), oidc: z.boolean() }));
export type WaysResponse = z.infer<typeof waysResponse>;

export const begunSignInResponse = named('BegunSignIn', z.strictObject({ url: z.string() }));
export type BegunSignInResponse = z.infer<typeof begunSignInResponse>;

const keyShape = {
  id: z.string(),
  name: z.string(),
  role,
  scopes,
  hubs,
  created_at: time,
  created_by: z.string().nullable(),
  expires_at: time.nullable(),
  last_used_at: time.nullable(),
  /** Until when the secret before the last rotation is taken, too. */
  old_secret_until: time.nullable(),
};
export const keyResponse = named('Key', z.strictObject(keyShape));
export type KeyResponse = z.infer<typeof keyResponse>;
export const keysResponse = named('Keys', pageOf(keyResponse));
/** `key` is the key itself, which is never shown again. */
export const newKeyResponse = named('NewKey', z.strictObject({ key: z.string(), ...keyShape }));
export type NewKeyResponse = z.infer<typeof newKeyResponse>;
/** An entry of the audit log. `chain`, `n` and `hash` show that it is there as it was written. */
export const auditEntryResponse = named(
  'AuditEntry',
  z.strictObject({
    at: time,
    principal: z.string().nullable(),
    action: z.string(),
    target: z.string().nullable(),
    status: z.int(),
    code: z.string().nullable(),
    request_id: z.string(),
    address: z.string().nullable(),
    count,
    chain: z.string(),
    n: count,
    hash: z.string(),
  }),
);
export type AuditEntryResponse = z.infer<typeof auditEntryResponse>;
export const auditResponse = named('Audit', pageOf(auditEntryResponse));

const userShape = {
  email: z.string(),
  role,
  scopes,
  hubs,
  disabled: z.boolean(),
  email_verified: z.boolean(),
  created_at: time,
  created_by: z.string().nullable(),
};
export const userResponse = named('User', z.strictObject(userShape));
export type UserResponse = z.infer<typeof userResponse>;
export const usersResponse = named('Users', pageOf(userResponse));
/** `password` is one that was made, which is never shown again; null for one that was chosen. */
export const newUserResponse = named('NewUser', z.strictObject({ ...userShape, password: z.string().nullable() }));
export type NewUserResponse = z.infer<typeof newUserResponse>;

/** `expires_in`: seconds. */
export const tokenResponse = named(
  'Tokens',
  z.strictObject({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: count,
    refresh_token: z.string(),
  }),
);
export type TokenResponse = z.infer<typeof tokenResponse>;

/** `time_zone`: applies to order dates without an offset, and to days in filters. */
export const settingsResponse = named(
  'Settings',
  z.strictObject({ time_zone: z.string(), stock: z.enum(['tracked', 'untracked']) }),
);
export type SettingsResponse = z.infer<typeof settingsResponse>;

export const healthResponse = named('Health', z.strictObject({ status: z.literal('ok') }));
export type HealthResponse = z.infer<typeof healthResponse>;

/** Only the statuses without the right `ops:read`. */
export const readyResponse = named(
  'Readiness',
  z.strictObject({
    status: z.enum(['ready', 'not_ready']),
    dependencies: z.record(
      z.string(),
      z.discriminatedUnion('status', [
        z.strictObject({
          status: z.literal('up'),
          engine: z.string().optional(),
          address: z.string().optional(),
          missing: z.array(z.strictObject({ what: z.string(), cure: z.string(), required: z.boolean() })).optional(),
        }),
        z.strictObject({ status: z.literal('down'), detail: z.string().optional() }),
      ]),
    ),
    /** How far the finalizer is, where this process has the role; null when the order store does not say so. */
    finalizer: finalizerLag.nullable().optional(),
    /** Of OMS_OIDC_ISSUER, when it was last asked. Without it those whose tokens need no new key go on. */
    issuer: z.strictObject({ status: z.enum(['up', 'down']) }).optional(),
    /** Other machines reach the service, and everybody there may do everything. */
    access: z.literal('off').optional(),
  }),
);
export type ReadyResponse = z.infer<typeof readyResponse>;
