/** Errors as plain data, the only form that can be sent between threads. */
import { OmsError } from '../../errors.ts';

export interface SentError {
  code: string;
  message: string;
  retryable: boolean;
  details: Record<string, unknown>;
  path: string | null;
  /** Only of an error that is no OmsError. */
  stack?: string;
}

export function toSent(error: unknown): SentError {
  if (error instanceof OmsError) {
    const { code, message, retryable, details, path } = error;
    return { code, message, retryable, details: { ...details }, path };
  }
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return { code: '', message, retryable: false, details: {}, path: null, stack };
}

export function fromSent({ code, message, stack, ...rest }: SentError): Error {
  return stack === undefined ? new OmsError(code, message, rest) : Object.assign(new Error(message), { stack });
}
