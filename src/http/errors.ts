/** Which HTTP status each error of the pipeline and the stores has. Total: an error not named here is a 500 without details. */
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { OmsError } from '../errors.ts';
import type { RequestLog } from '../log.ts';
import { problem } from './problem.ts';

const STATUS: Record<string, ContentfulStatusCode> = {
  invalid_parameter: 400,
  invalid_body: 400,
  invalid_cursor: 400,
  unsupported_encoding: 400,
  no_file: 400,
  empty_upload: 400,
  several_files: 400,
  broken_multipart: 400,
  unfinished_upload: 400,
  not_found: 404,
  object_missing: 404,
  file_ended: 409,
  not_retryable: 409,
  duplicate_file: 409,
  too_large: 413,
  not_csv: 415,
  key_reused: 422,
  too_many_reads: 503,
  too_many_uploads: 503,
  store_unavailable: 503,
  store_damaged: 503,
  object_store_unavailable: 503,
  job_queue_unavailable: 503,
  event_stream_unavailable: 503,
  ims_unavailable: 503,
  store_contention: 503,
  disk_full: 507,
};

const RETRY_AFTER_SECONDS = '5';

export function answerError(error: unknown, c: Context, logger: RequestLog): Response {
  if (error instanceof OmsError && STATUS[error.code]) {
    const status = STATUS[error.code]!;
    if (status >= 500) logger.warn({ err: error }, 'a request could not be served');
    if (status === 503) c.header('retry-after', RETRY_AFTER_SECONDS);
    return problem(c, status, error.code, error.message, { ...error.details });
  }
  if (error instanceof HTTPException) return problem(c, error.status, 'http', error.message);
  logger.error({ err: error, method: c.req.method, path: c.req.path }, 'a request failed');
  return problem(c, 500, 'internal', 'the service failed to answer this request: its log says why');
}

export const notFound = (what: string, id: string): OmsError =>
  new OmsError('not_found', `there is no ${what} "${id.slice(0, 100)}"`);
