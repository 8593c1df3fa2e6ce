/**
 * The log: JSON lines on standard error, as standard output is for the results of commands. Messages are static, data is in fields.
 * Lines are written synchronously, so that a crash loses none. An `OmsError` says what happened and is logged without a stack trace;
 * any other error is unexpected, and has one.
 */
import pino, { type Logger } from 'pino';
import type { OmsError } from './errors.ts';
import { limits } from './limits.ts';

export function createLogger(level: string, name: string): Logger {
  return pino(
    {
      level,
      name,
      base: { name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: withoutOurStacks },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** The log of requests: a logger, or one with a bounded rate, so that a flood of requests does not fill the disk. */
export interface RequestLog {
  warn(fields: { err: unknown; [field: string]: unknown }, message: string): void;
  error(fields: { err: unknown; [field: string]: unknown }, message: string): void;
}

/**
 * At most one line in `everyMs` for each message and error code: the first immediately, then the newest of those since, with their
 * number as `lines`.
 */
export function rateLimited(logger: RequestLog, everyMs: number = limits.repeatedLogMs): RequestLog {
  const waiting = new Map<string, { lines: number; log: (lines: number) => void }>();
  const through =
    (level: keyof RequestLog): RequestLog['warn'] =>
    (fields, message) => {
      const key = `${message} ${(fields.err as { code?: unknown } | undefined)?.code}`;
      const log = (lines: number) => logger[level](lines > 1 ? { ...fields, lines } : fields, message);
      const before = waiting.get(key);
      if (before) waiting.set(key, { lines: before.lines + 1, log });
      else begin(key, log);
    };
  const begin = (key: string, log: (lines: number) => void) => {
    log(1);
    waiting.set(key, { lines: 0, log });
    setTimeout(() => end(key), everyMs).unref();
  };
  const end = (key: string) => {
    const { lines, log } = waiting.get(key)!;
    waiting.delete(key);
    if (lines > 0) begin(key, () => log(lines));
  };
  return { warn: through('warn'), error: through('error') };
}

function withoutOurStacks(error: unknown): unknown {
  // The error that ended another thread arrives from there as a plain Error.
  if ((error as Error | undefined)?.name !== 'OmsError') return pino.stdSerializers.err(error as Error);
  const { name: type, code, message, retryable, details, path, cause } = error as OmsError;
  return { type, code, message, retryable, details, path, cause: cause instanceof Error ? cause.message : undefined };
}
