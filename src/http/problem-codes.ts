/** Every code that a problem document of the service may have, with its HTTP status. */
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { RefusalCode } from '../model/change-request.ts';

/** Codes of errors that the pipeline and the stores throw. An error with any other code becomes a 500 without details. */
export const THROWN = {
  invalid_parameter: 400,
  invalid_body: 400,
  invalid_cursor: 400,
  corrupt_gzip: 400,
  corrupt_workbook: 400,
  unknown_sheet: 400,
  unsupported_encoding: 400,
  unknown_format: 400,
  no_file: 400,
  empty_upload: 400,
  several_files: 400,
  broken_multipart: 400,
  unfinished_upload: 400,
  unauthenticated: 401,
  sign_in_failed: 401,
  forbidden: 403,
  wrong_password: 403,
  insecure_connection: 403,
  sign_in_refused: 403,
  not_found: 404,
  object_missing: 404,
  order_deleted: 410,
  report_deleted: 410,
  file_ended: 409,
  key_expired: 409,
  user_exists: 409,
  last_admin: 409,
  too_many_keys: 409,
  too_many_users: 409,
  not_a_user: 409,
  format_exists: 409,
  not_retryable: 409,
  not_pausable: 409,
  not_paused: 409,
  not_runnable: 409,
  not_undoable: 409,
  duplicate_file: 409,
  version_mismatch: 412,
  too_large: 413,
  not_csv: 415,
  key_reused: 422,
  invalid_order: 422,
  invalid_format: 422,
  password_refused: 422,
  rate_limited: 429,
  too_many_open_files: 429,
  too_many_bodies: 503,
  too_many_sign_ins: 503,
  issuer_unavailable: 503,
  too_many_reads: 503,
  too_many_uploads: 503,
  too_many_previews: 503,
  read_models_unavailable: 503,
  store_unavailable: 503,
  store_damaged: 503,
  object_store_unavailable: 503,
  job_queue_unavailable: 503,
  event_stream_unavailable: 503,
  ims_unavailable: 503,
  store_contention: 503,
  upgrade_unfinished: 503,
  disk_full: 507,
  no_read_models: 501,
} as const satisfies Record<string, ContentfulStatusCode>;

/** Codes of refused changes of orders. That the id of a new order is one of a deleted order is 409, in `STATUS_OF_CREATION`. */
export const REFUSED = {
  key_reused: 422,
  not_found: 404,
  order_deleted: 410,
  version_mismatch: 412,
  not_editable: 409,
  invalid_transition: 409,
  not_deletable: 409,
  too_many_changes: 409,
  order_conflict: 409,
  out_of_stock: 409,
} as const satisfies Record<RefusalCode, ContentfulStatusCode>;

/** Where the status of a code is another for a new order. */
export const STATUS_OF_CREATION = { order_deleted: 409 } as const satisfies Partial<
  Record<RefusalCode, ContentfulStatusCode>
>;

/** Codes that only the HTTP server uses. */
const OF_THE_SERVER = {
  invalid_request: 400,
  foreign_host: 403,
  foreign_origin: 403,
  method_not_allowed: 405,
  request_idle: 408,
  body_too_slow: 408,
  range_not_satisfiable: 416,
  upgrade_required: 426,
  headers_too_large: 431,
  internal: 500,
} as const satisfies Record<string, ContentfulStatusCode>;

export const PROBLEM_STATUS = { ...THROWN, ...REFUSED, ...OF_THE_SERVER };
export type ProblemCode = keyof typeof PROBLEM_STATUS;

/** The problems of any request that needs an engine which is down or damaged. */
export const ENGINE_PROBLEMS = {
  store: ['store_unavailable', 'store_damaged', 'store_contention'],
  objects: ['object_store_unavailable'],
  queue: ['job_queue_unavailable'],
  events: ['event_stream_unavailable'],
  ims: ['ims_unavailable'],
} as const satisfies Record<string, readonly ProblemCode[]>;
export type Engine = keyof typeof ENGINE_PROBLEMS;
