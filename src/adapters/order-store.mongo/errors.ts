/**
 * Maps errors of the driver to errors that say whether a retry can help. A server that is unreachable, elects a primary or refuses access
 * for now is an outage (INV-7), and so is an error that is not about the request: a compatible service may have lost its own store, for
 * example. An error about the request itself is a mistake, and no retry helps.
 * Source: https://github.com/mongodb/specifications (retryable writes, server discovery and monitoring); MongoDB's `error_codes.yml`
 */
import {
  MongoBulkWriteError,
  MongoCompatibilityError,
  MongoError,
  MongoInvalidArgumentError,
  MongoParseError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { OmsError } from '../../errors.ts';
import { inTime } from './calls.ts';

export const DUPLICATE_KEY = 11000;

const AUTHENTICATION_FAILED = new Set([18, 8000]);
const UNAUTHORIZED = 13;
/** Servers that start or stop, elections, full disks, and write concerns that were not met in time. */
const PASSING = new Set([
  ...[6, 7, 43, 50, 63, 64, 89, 91, 133, 134, 150, 189, 202, 262, 365, 9001, 10058, 10107, 11600, 11602, 13388, 13435],
  ...[13436, 14031],
]);

/** Requests that every server refuses: wrong values, documents, names and commands, impossible indexes, too large documents. */
const ABOUT_THE_REQUEST = new Set([
  ...[2, 4, 5, 9, 14, 15, 16, 17, 20, 22, 26, 27, 28, 40, 48, 52, 53, 54, 55, 56, 57, 59, 66, 67, 68, 72, 73, 85, 86],
  ...[115, 121, 166, 167, 168, 197, 238, 292, 10334, 17280, 17419, 17420, DUPLICATE_KEY],
]);

/** Lock timeouts, write conflicts, and transactions that the server aborted: they had no effect. */
const CONFLICTS = new Set([24, 112, 246, 251]);
/** A deadlock and a serialization failure, as services over PostgreSQL pass them on. */
const CONFLICT_WORDS = /\b(40P01|40001)\b|deadlock detected|could not serialize access/i;

/** The connection ended while a command was being written: the driver does not wrap these. */
const CONNECTION_ENDED = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

export const isDuplicateKey = (error: unknown): boolean => (error as { code?: number })?.code === DUPLICATE_KEY;

/** The errors in a response: of a bulk write all but the duplicate keys, unless there is nothing else. */
function reportedBy(error: MongoServerError): { code: number; message: string }[] {
  const whole = { code: Number(error.code), message: error.message };
  if (!(error instanceof MongoBulkWriteError)) return [whole];
  const ofDocuments = [error.writeErrors].flat().map(({ code, errmsg }) => ({ code, message: errmsg ?? '' }));
  const others = ofDocuments.filter(({ code }) => code !== DUPLICATE_KEY);
  return others.length > 0 ? others : [whole];
}

/** Whether the server aborted a write in favour of a concurrent one. It may be repeated immediately. */
export const isConflict = (error: unknown): boolean =>
  error instanceof MongoServerError &&
  (error.hasErrorLabel('TransientTransactionError') ||
    reportedBy(error).some(({ code, message }) => CONFLICTS.has(code) || CONFLICT_WORDS.test(message)));

export const unavailable = (why: string, cause?: unknown, details = {}) =>
  new OmsError('store_unavailable', `MongoDB ${why}`, { retryable: true, cause, details });

export function toOmsError(error: unknown): unknown {
  if (error instanceof OmsError || !(error instanceof Error)) return error;
  const { message } = error;
  if (CONNECTION_ENDED.has((error as NodeJS.ErrnoException).code ?? ''))
    return unavailable(`cannot be used now: ${message}`, error);
  if (!(error instanceof MongoError)) return error;
  if (error instanceof MongoInvalidArgumentError && /larger than the maximum/.test(message)) return error;
  if (error instanceof MongoParseError || error instanceof MongoInvalidArgumentError)
    return new OmsError('invalid_configuration', `it is no MongoDB connection string: ${message}`, { cause: error });
  if (error instanceof MongoCompatibilityError || /wire version/.test(message))
    return new OmsError('engine_too_old', `the server is too old, MongoDB 4.4 or later is needed: ${message}`, {
      cause: error,
    });
  if (error instanceof MongoServerSelectionError) {
    const reasons = [...error.reason!.servers.values()].flatMap((server) => server.error?.message ?? []);
    return unavailable(`cannot be reached: ${reasons[0] ?? message}: is it running, and is the address right?`, error);
  }
  if (!(error instanceof MongoServerError)) return unavailable(`cannot be used now: ${message}`, error);
  return ofServer(error);
}

function ofServer(error: MongoServerError): unknown {
  const { message } = error;
  const codes = reportedBy(error).map(({ code }) => code);
  if (codes.some((code) => AUTHENTICATION_FAILED.has(code)))
    return unavailable(`refuses the user or the password: ${message}: correct them in the URL`, error);
  if (codes.includes(UNAUTHORIZED))
    return unavailable(`does not allow it: ${message}: grant the user readWrite on the database`, error);
  const passing =
    // A bulk write that the connection, not the server, ended has no code.
    (error instanceof MongoBulkWriteError && error.code === undefined) ||
    codes.some((code) => PASSING.has(code)) ||
    isConflict(error) ||
    error.hasErrorLabel('RetryableWriteError');
  if (passing) return unavailable(`cannot be used now: ${message}`, error);
  if (codes.some((code) => ABOUT_THE_REQUEST.has(code))) return error;
  return unavailable(`failed for a reason of its own: ${message}: see its log`, error, {
    unknown_error: error.codeName ?? error.code ?? 'without a code',
  });
}

/** The same operations, which throw errors by `toOmsError`. */
export const mapErrors = <Operations extends object>(operations: Operations): Operations =>
  each(operations, async (operation) => {
    try {
      return await operation();
    } catch (error) {
      throw toOmsError(error);
    }
  });

/** Likewise, each with a time limit. The server may still execute what an abandoned call has sent, as after any lost response. */
export const bounded = <Operations extends object>(operations: Operations, ms: number): Operations =>
  each(mapErrors(operations), (operation) =>
    inTime(ms, () => unavailable(`did not answer within ${ms / 1000} s`), operation),
  );

function each<Operations extends object>(
  operations: Operations,
  wrap: (operation: () => Promise<unknown>) => Promise<unknown>,
): Operations {
  const wrapped = Object.entries(operations).map(([name, operation]) => [
    name,
    (...args: unknown[]) => wrap(async () => (operation as (...args: unknown[]) => unknown)(...args)),
  ]);
  return Object.fromEntries(wrapped) as Operations;
}
