/** How the IMS is called: a few requests at once, each with a timeout, retries, and a circuit breaker over all. */
import {
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type { Logger } from 'pino';
import { isOmsError } from '../../errors.ts';
import type { limits } from '../../limits.ts';

export type Bounds = Record<Extract<keyof typeof limits, `ims${string}`>, number>;

export type Policies = ReturnType<typeof createPolicies>;

/** `ims`: its address, for the log. */
export function createPolicies(bounds: Bounds, ims: string, logger?: Logger) {
  const outages = handleWhen((error) => isOmsError(error, 'ims_unavailable'));
  const circuit = circuitBreaker(outages, {
    breaker: new ConsecutiveBreaker(bounds.imsBreakerFailures),
    halfOpenAfter: bounds.imsBreakerOpenMs,
  });
  circuit.onStateChange((state) => {
    if (state === CircuitState.Open) logger?.warn({ ims }, 'IMS fails, not asking for a while');
    if (state === CircuitState.Closed) logger?.info({ ims }, 'IMS answers again');
  });
  const retries = retry(outages, {
    maxAttempts: bounds.imsRetries,
    backoff: new ExponentialBackoff({ initialDelay: bounds.imsRetryDelayMs, maxDelay: bounds.imsMaxRetryDelayMs }),
  });
  const timed = timeout(bounds.imsTimeoutMs, TimeoutStrategy.Cooperative);
  return {
    places: bulkhead(bounds.imsConcurrentRequests, bounds.imsQueuedBatches),
    circuit,
    timed,
    resilient: wrap(retries, circuit, timed),
  };
}
