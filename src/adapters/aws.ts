/**
 * What S3 and SQS have in common: how their clients are created, and what their errors mean. Requests are signed with the credentials
 * that the standard chain of the AWS SDK finds; this code neither reads nor shows them.
 * Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers"; Amazon S3 API Reference, "Error responses";
 * Amazon SQS API Reference, "Common errors".
 */
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';

export interface AwsAddress {
  /** Null for AWS itself. */
  endpoint: string | null;
  /** Null for the region that is configured for the tools of AWS. */
  region: string | null;
}

/** Other services than AWS seldom have regions, but a signature needs one. */
const DEFAULT_REGION = 'us-east-1';

/**
 * The SDK starts its timer for a silent socket only this long after a request, if the timeout is `NO_TIMER_DELAY_BELOW_MS` or more.
 * Source: @smithy/node-http-handler, `set-socket-timeout.js`.
 */
const TIMER_DELAY_MS = 3_000;
const NO_TIMER_DELAY_BELOW_MS = 6_000;

/** `configured` finds the region that is configured for the tools of AWS; it rejects when there is none. */
export function clientOptions(
  { endpoint, region }: AwsAddress,
  { silenceMs, configured }: { silenceMs: number; configured: () => Promise<string> },
) {
  const agent = { maxSockets: limits.awsSockets };
  return {
    ...(endpoint !== null && { endpoint }),
    region: region ?? (endpoint === null ? configured : () => configured().catch(() => DEFAULT_REGION)),
    maxAttempts: limits.awsTries,
    requestHandler: {
      connectionTimeout: limits.awsConnectMs,
      socketTimeout: silenceMs < NO_TIMER_DELAY_BELOW_MS ? silenceMs : silenceMs - TIMER_DELAY_MS,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}

/**
 * Rejects when the answer has not begun in time: the tries of the client, each with its own timeout, add up to more than a caller should
 * wait. An answer that has begun is not bounded.
 */
export async function within<Answer>(
  ms: number,
  send: (bound: { abortSignal: AbortSignal }) => Promise<Answer>,
  stop?: AbortSignal,
): Promise<Answer> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  try {
    return await send({ abortSignal: stop ? AbortSignal.any([stop, late.signal]) : late.signal });
  } catch (error) {
    throw late.signal.aborted && !stop?.aborted
      ? new Error(`it did not answer within ${Math.round(ms / 1000)} s`, { cause: error })
      : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Where the service is, for people: its endpoint without credentials, or its region. */
export async function placeOf({ endpoint }: AwsAddress, region: () => Promise<string>): Promise<string> {
  if (endpoint !== null) return new URL(endpoint).origin;
  return await region().catch(() => 'no region');
}

/** ` --endpoint-url …`, for commands in messages. */
export const endpointOption = ({ endpoint }: AwsAddress): string =>
  endpoint === null ? '' : ` --endpoint-url ${new URL(endpoint).origin}`;

/** The fields of an error of the SDK; other errors have none of them. */
interface SdkError extends Error {
  code?: string;
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
}

export const statusOf = (error: unknown): number | undefined => (error as SdkError).$metadata?.httpStatusCode;
export const headerOf = (error: unknown, name: string): string | undefined =>
  (error as SdkError).$response?.headers?.[name];
export const isNamed = (error: unknown, ...names: string[]): boolean => names.includes((error as Error).name);

const WRONG_KEY = 'the access key is not known there: check AWS_ACCESS_KEY_ID, or the profile or role in use';
const WRONG_SECRET = 'the secret key does not belong to the access key: check AWS_SECRET_ACCESS_KEY';
const EXPIRED = 'the credentials have expired: renew them and start the service again';
const SKEWED = 'the clock of this machine is too far off: set it';

/** Refusals that last until the operator acts, by the names that AWS gives them. */
const REFUSALS = new Map([
  [
    'CredentialsProviderError',
    'no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role',
  ],
  ['InvalidAccessKeyId', WRONG_KEY],
  ['InvalidClientTokenId', WRONG_KEY],
  ['UnrecognizedClientException', WRONG_KEY],
  ['InvalidSecurity', WRONG_KEY],
  ['InvalidToken', 'the session token is not valid: check AWS_SESSION_TOKEN'],
  ['SignatureDoesNotMatch', WRONG_SECRET],
  ['InvalidSignatureException', WRONG_SECRET],
  ['IncompleteSignature', WRONG_SECRET],
  ['ExpiredToken', EXPIRED],
  ['ExpiredTokenException', EXPIRED],
  ['RequestExpired', SKEWED],
  ['InvalidBucketName', 'no bucket can have this name'],
  ['RequestTimeTooSkewed', SKEWED],
]);

/** Why AWS refuses the request, in our words; null for other errors. */
export function refusalOf(error: unknown): string | null {
  const { name, message } = error as SdkError;
  if (name === 'Error' && message === 'Region is missing')
    return 'no region is configured: name it in the URL, or set AWS_REGION';
  return REFUSALS.get(name) ?? null;
}

/** A right is missing. SQS reports it with status 400, S3 with 403 and, for HEAD, without a name. */
export const isForbidden = (error: unknown): boolean =>
  isNamed(error, 'AccessDenied', 'AccessDeniedException') || (refusalOf(error) === null && statusOf(error) === 403);

/** The message of the SDK. A refused connection has only a code, an answer to HEAD only a status. */
export function wordsOf(error: unknown): string {
  const { name, message, code } = error as SdkError;
  const status = statusOf(error);
  if (message && message !== 'UnknownError') return name === 'Error' || !name ? message : `${name}: ${message}`;
  return code ?? (status === undefined ? name : `HTTP status ${status}`);
}

/**
 * The error of a request that failed. A refusal is retryable for work under way (`waits`): the work then waits until the operator renews
 * the credentials, and does not fail because of them (INV-7).
 */
export function engineError(
  code: 'object_store_unavailable' | 'job_queue_unavailable',
  error: unknown,
  { what, waits }: { what: string; waits: boolean },
): OmsError {
  const refusal = refusalOf(error);
  return new OmsError(
    code,
    refusal === null ? `${what} cannot be used now: ${wordsOf(error)}` : `${what} cannot be used: ${refusal}`,
    { retryable: waits || refusal === null, cause: error },
  );
}
