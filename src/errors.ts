/**
 * The one error type of the project. `code` is a stable word for programs, the message says to people what happened,
 * to what, and what to do. `retryable` says whether the same call may succeed later without anybody changing anything:
 * retryable errors make work wait (INV-7), the others end it.
 */
export class OmsError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OmsError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** An outage, or what another try may cure. */
export const isRetryable = (error: unknown): boolean => error instanceof OmsError && error.retryable;

export function isOmsError(error: unknown, code?: string): error is OmsError {
  return error instanceof OmsError && (code === undefined || error.code === code);
}
