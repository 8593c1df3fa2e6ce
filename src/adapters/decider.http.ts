/**
 * The decision service over HTTP: an order is posted, a decision comes back. A few calls at once, each with a timeout, retries under the
 * same key, and a circuit breaker over all.
 *
 * A 2xx and a 4xx are answers about the order; one that is no decision does not get better by asking again. Everything else is a failure:
 * a refused connection, a timeout, a 5xx, a 408, 425 or 429, and a 401, 403 or 407, which are about our credentials. While so many fail
 * that the breaker opens, the service is out for all orders.
 */
import {
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import * as z from 'zod';
import { isOmsError, OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type Order, orderJson } from '../model/order.ts';
import type { Decider, Decision } from '../ports/decider.ts';
import { type Endpoint, endpointOf } from './http-service/endpoint.ts';
import { parseJson, readBody, wordsOf } from './http-service/response-body.ts';

/** Those that tests lower, as they must not wait for seconds. */
type Bounds = Record<
  | 'finalizerTimeoutMs'
  | 'finalizerRetryDelayMs'
  | 'finalizerMaxRetryDelayMs'
  | 'finalizerBreakerOpenMs'
  | 'finalizerCalls',
  number
>;

export interface HttpDeciderOptions {
  /** May carry user and password, which are sent as Basic credentials. */
  url: string;
  bounds?: Partial<Bounds>;
}

const decisionSchema = z.object({
  decision: z.enum(['confirm', 'cancel', 'hold']),
  reason: z.string().nullish(),
  retry_after_seconds: z.number().nonnegative().nullish(),
});

/** Of 4xx those that are not about the order. */
const FAILURES = new Set([401, 403, 407, 408, 425, 429]);

export function createHttpDecider({ url, bounds }: HttpDeciderOptions): Decider {
  return new HttpDecider(endpointOf(url, ''), { ...limits, ...bounds });
}

class HttpDecider implements Decider {
  readonly #endpoint: Endpoint;
  readonly #bounds: Bounds;
  readonly #policies: ReturnType<typeof createPolicies>;

  constructor(endpoint: Endpoint, bounds: Bounds) {
    this.#endpoint = endpoint;
    this.#bounds = bounds;
    this.#policies = createPolicies(bounds);
  }

  async decide(order: Order, key: string, signal: AbortSignal): Promise<Decision> {
    const { resilient, circuit } = this.#policies;
    try {
      return await resilient.execute((context) => this.#call(order, key, context.signal), signal);
    } catch (error) {
      if (signal.aborted) throw this.#unavailable('was no longer asked: OMS is stopping', error);
      if (isBrokenCircuitError(error)) {
        const last = circuit.lastFailure;
        throw last && 'error' in last ? last.error : this.#unavailable('fails', error);
      }
      if (isBulkheadRejectedError(error)) throw this.#unavailable('has too many calls waiting', error);
      if (!isOmsError(error, 'decisions_unavailable') || circuit.state !== CircuitState.Closed) throw error;
      return { decision: 'failed', answer: error.message };
    }
  }

  async #call(order: Order, key: string, signal: AbortSignal): Promise<Decision> {
    const { response, text, complete } = await this.#post(JSON.stringify(orderJson(order)), key, signal);
    const { status } = response;
    const words = wordsOf(text, limits.finalizerWordsChars);
    const answered = `answered ${status} ${response.statusText}`.trimEnd() + (words && `: "${words}"`);
    if (FAILURES.has(status) || status >= 500 || (status >= 300 && status < 400)) throw this.#unavailable(answered);
    if (!response.ok) return { decision: 'none', answer: answered };
    if (!complete)
      return { decision: 'none', answer: `answered ${status} with more than ${limits.finalizerResponseBytes} bytes` };
    const parsed = decisionSchema.safeParse(parseJson(text));
    if (!parsed.success) return { decision: 'none', answer: answered };
    const { decision, retry_after_seconds: seconds } = parsed.data;
    const reason = oneLine(parsed.data.reason ?? '') || null;
    if (decision !== 'hold') return { decision, reason };
    return { decision, reason, retryAfterMs: typeof seconds === 'number' ? seconds * 1000 : null };
  }

  async #post(body: string, key: string, signal: AbortSignal) {
    const { url, headers } = this.#endpoint;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'idempotency-key': key },
        body,
        // Orders are sent to the configured address and to no other.
        redirect: 'manual',
        signal,
      });
      return { response, ...(await readBody(response, limits.finalizerResponseBytes)) };
    } catch (error) {
      if (signal.aborted) throw this.#unavailable(`did not answer within ${this.#bounds.finalizerTimeoutMs} ms`, error);
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error);
      const { message, name, code = name } = cause as NodeJS.ErrnoException;
      throw this.#unavailable(`could not be reached or broke off: ${message || code}`, error);
    }
  }

  #unavailable(happened: string, cause?: unknown): OmsError {
    return new OmsError('decisions_unavailable', `The decision service at ${this.#endpoint.shown} ${happened}.`, {
      retryable: true,
      cause,
    });
  }
}

const oneLine = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, limits.maxTextChars);

function createPolicies(bounds: Bounds) {
  const failures = handleWhen((error) => isOmsError(error, 'decisions_unavailable'));
  const circuit = circuitBreaker(failures, {
    breaker: new ConsecutiveBreaker(limits.finalizerBreakerFailures),
    halfOpenAfter: bounds.finalizerBreakerOpenMs,
  });
  const retries = retry(failures, {
    maxAttempts: limits.finalizerRetries,
    backoff: new ExponentialBackoff({
      initialDelay: bounds.finalizerRetryDelayMs,
      maxDelay: bounds.finalizerMaxRetryDelayMs,
    }),
  });
  const places = bulkhead(bounds.finalizerCalls, limits.finalizerQueuedCalls);
  const timed = timeout(bounds.finalizerTimeoutMs, TimeoutStrategy.Cooperative);
  return { circuit, resilient: wrap(places, retries, circuit, timed) };
}
