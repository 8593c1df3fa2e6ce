/**
 * The one error type of the project. `code` is stable, for programs; the message says what happened to what, and what to do. `retryable`:
 * the same call may succeed later without any change. Retryable errors make work wait (INV-7), the others end it.
 */
export class OmsError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  /** The file or directory of this machine that the error is about: for the log and the terminal, never for an HTTP response. */
  readonly path: string | null;

  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; details?: Record<string, unknown>; path?: string | null; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OmsError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    this.path = options.path ?? null;
  }
}

/** An outage, or an error that another try may fix. */
export const isRetryable = (error: unknown): boolean => error instanceof OmsError && error.retryable;

export function isOmsError(error: unknown, code?: string): error is OmsError {
  return error instanceof OmsError && (code === undefined || error.code === code);
}

/** For the terminal: with the path that the error is about. */
export const withPath = ({ message, path }: Pick<OmsError, 'message' | 'path'>): string =>
  path === null ? message : `${path}: ${message}`;
