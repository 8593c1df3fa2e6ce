/**
 * What the driver threw, as an error that says whether trying again can help. An engine that is away, electing a primary, or refuses
 * us for now is an outage (INV-7); everything else is a mistake that no wait cures.
 * Source: https://github.com/mongodb/specifications (retryable writes, server discovery and monitoring)
 */
import {
  MongoBulkWriteError,
  MongoCompatibilityError,
  MongoError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoParseError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { OmsError } from '../../errors.ts';
import { inTime } from './calls.ts';

export const DUPLICATE_KEY = 11000;

const AUTHENTICATION_FAILED = new Set([18, 8000]);
const UNAUTHORIZED = 13;
/** Of servers on the way down or up, elections, full disks, and write concerns that were not met in time. */
const PASSING = new Set([
  6, 7, 64, 89, 91, 112, 134, 189, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436, 14031, 50, 365, 202, 24,
]);

/** Of a connection that ended while a command was being written: the driver passes these on as they are. */
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

const unavailable = (why: string, cause?: unknown) =>
  new OmsError('store_unavailable', `MongoDB ${why}`, { retryable: true, cause });

export function toOmsError(error: unknown): unknown {
  if (error instanceof OmsError || !(error instanceof Error)) return error;
  const { message } = error;
  if (CONNECTION_ENDED.has((error as NodeJS.ErrnoException).code ?? ''))
    return unavailable(`cannot be used now: ${message}`, error);
  if (!(error instanceof MongoError)) return error;
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
  if (error instanceof MongoServerError && AUTHENTICATION_FAILED.has(Number(error.code)))
    return unavailable(`refuses the user or the password: ${message}: correct them in the URL`, error);
  if (error instanceof MongoServerError && error.code === UNAUTHORIZED)
    return unavailable(`does not allow it: ${message}: grant the user readWrite on the database`, error);
  const passing =
    error instanceof MongoNetworkError ||
    !(error instanceof MongoServerError) ||
    // A bulk write that the connection, not the server, ended has no code.
    (error instanceof MongoBulkWriteError && error.code === undefined) ||
    PASSING.has(Number(error.code)) ||
    error.hasErrorLabel('RetryableWriteError') ||
    error.hasErrorLabel('TransientTransactionError');
  return passing ? unavailable(`cannot be used now: ${message}`, error) : error;
}

/** The same operations with the driver's errors told as ours. */
export const withOurErrors = <Operations extends object>(operations: Operations): Operations =>
  each(operations, async (operation) => {
    try {
      return await operation();
    } catch (error) {
      throw toOmsError(error);
    }
  });

/** Likewise, each with a bound of its own. What a call that is given up was about may still be carried out, as after any lost answer. */
export const bounded = <Operations extends object>(operations: Operations, ms: number): Operations =>
  each(withOurErrors(operations), (operation) =>
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
