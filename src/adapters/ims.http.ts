/**
 * The IMS over HTTP. Pairs that are not in the cache are sent in batches, a few at once; callers that need the same pair at the same time
 * share one request. Each request has a timeout and is retried with growing, random delays; while all fail, a circuit breaker stops them.
 *
 * What counts as an answer about a pair: a complete 2xx; or a 400, 413 or 422 to that pair alone, while the IMS accepts a request that
 * must be right (see `#proveThatItAnswers`). Everything else, from a refused connection to a wrong password, is an outage: a retryable
 * `ims_unavailable` (INV-7).
 */
import { type IPolicy, isBrokenCircuitError, isBulkheadRejectedError } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Ims, ImsAnswer, ImsPair } from '../ports/ims.ts';
import { type Inspection, withoutCredentials } from '../ports/inspection.ts';
import { endpointOf } from './http-service/endpoint.ts';
import { type Answers, Exchange, type Reply } from './ims.http/exchange.ts';
import { keyOf, pairOf } from './ims.http/pair-key.ts';
import { type Bounds, createPolicies, type Policies } from './ims.http/policies.ts';

export interface HttpImsOptions {
  /** Where the IMS is; `/api/v1/validate` is added. May carry user and password, which are sent as Basic credentials. */
  baseUrl: string;
  logger?: Logger;
  /** Other bounds than those of the system: tests must not wait for seconds. */
  bounds?: Partial<Bounds>;
}

export function createHttpIms(options: HttpImsOptions): Ims {
  return new HttpIms(options);
}

/** For an IMS that does not accept a request without items: a pair of the plainest form. */
const PLAIN_PAIR: ImsPair = { sku: 'SKU-1', hubId: 'HUB-1' };

const isAnswered = (reply: Reply): reply is Answers => reply instanceof Map;

class HttpIms implements Ims {
  readonly #address: string;
  readonly #bounds: Bounds;
  readonly #exchange: Exchange;
  readonly #policies: Policies;
  readonly #cache: LRUCache<string, ImsAnswer>;
  /** The requests under way, by each pair in them. */
  readonly #asked = new Map<string, Promise<Answers>>();
  readonly #closing = new AbortController();
  /** The newest pair that was valid or, before there is one, any that was answered. */
  #good: { key: string; answeredMs: number } | null = null;

  constructor({ baseUrl, logger, bounds }: HttpImsOptions) {
    const endpoint = endpointOf(baseUrl, '/api/v1/validate');
    this.#address = withoutCredentials(baseUrl);
    this.#bounds = { ...limits, ...bounds };
    this.#exchange = new Exchange(endpoint, this.#bounds, this.#closing.signal);
    this.#policies = createPolicies(this.#bounds, endpoint.shown, logger);
    this.#cache = new LRUCache({
      max: this.#bounds.imsCacheEntries,
      maxSize: this.#bounds.imsCacheBytes,
      // At most two bytes a character, and the cache's own bookkeeping.
      sizeCalculation: (answer, key) => 2 * (key.length + (answer.words?.length ?? 0)) + 100,
    });
  }

  async validate(pairs: readonly ImsPair[], signal?: AbortSignal): Promise<ImsAnswer[]> {
    signal?.throwIfAborted();
    const keys = pairs.map(keyOf);
    const answers: Answers = new Map();
    const underWay = new Set<Promise<Answers>>();
    const unasked = new Map<string, ImsPair>();

    for (const [i, key] of keys.entries()) {
      const cached = this.#cache.get(key);
      const asked = this.#asked.get(key);
      if (cached !== undefined) answers.set(key, cached);
      else if (asked !== undefined) underWay.add(asked);
      else unasked.set(key, pairs[i]!);
    }

    const fresh = [...unasked];
    for (let i = 0; i < fresh.length; i += this.#bounds.imsBatchItems) {
      underWay.add(this.#askShared(new Map(fresh.slice(i, i + this.#bounds.imsBatchItems))));
    }
    for (const batch of await unlessAborted(Promise.all(underWay), signal)) {
      for (const [key, answer] of batch) answers.set(key, answer);
    }
    return keys.map((key) => answers.get(key)!);
  }

  isKnown(pair: ImsPair): boolean {
    const answer = this.#cache.get(keyOf(pair));
    return answer?.skuValid === true && answer.hubValid;
  }

  /** Without retries and circuit breaker: it shows the state at this moment, by an answer that is understood. */
  async inspect(): Promise<Inspection> {
    await this.#askWhatIsRight(this.#policies.timed);
    return { engine: 'IMS', address: this.#address, missing: [] };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#asked.values());
  }

  /** Sends one batch once there is a place. Other callers may join it, so no caller's signal aborts it. */
  #askShared(batch: Map<string, ImsPair>): Promise<Answers> {
    const sent = this.#policies.places.execute(() => this.#ask([...batch.values()]), this.#closing.signal);
    const settled = sent
      .catch((error: unknown) => {
        throw this.#asUnavailable(error);
      })
      .finally(() => {
        for (const key of batch.keys()) this.#asked.delete(key);
      });
    for (const key of batch.keys()) this.#asked.set(key, settled);
    return settled;
  }

  /**
   * One batch. One that the IMS refuses as a whole is halved until the refused pairs are found, which are blamed only if the IMS accepts
   * requests that are right. That is checked before the halving, as the IMS may refuse everything, and after it. What is answered is
   * kept even if the rest fails.
   */
  async #ask(pairs: ImsPair[]): Promise<Answers> {
    const reply = await this.#send(pairs);
    if (isAnswered(reply)) return reply;
    await this.#proveThatItAnswers(pairs);
    if (pairs.length === 1) return this.#blame(pairs[0]!, reply.words);
    const refused: { pair: ImsPair; words: string }[] = [];
    const answers = await this.#halve(pairs, refused);
    if (refused.length > 0) await this.#proveThatItAnswers([]);
    for (const { pair, words } of refused)
      for (const [key, answer] of this.#blame(pair, words)) answers.set(key, answer);
    return answers;
  }

  async #halve(pairs: ImsPair[], refused: { pair: ImsPair; words: string }[]): Promise<Answers> {
    const answers: Answers = new Map();
    const middle = Math.ceil(pairs.length / 2);
    for (const half of [pairs.slice(0, middle), pairs.slice(middle)]) {
      const reply = await this.#send(half);
      if (!isAnswered(reply) && half.length === 1) refused.push({ pair: half[0]!, words: reply.words });
      else
        for (const [key, answer] of isAnswered(reply) ? reply : await this.#halve(half, refused))
          answers.set(key, answer);
    }
    return answers;
  }

  async #send(pairs: ImsPair[]): Promise<Reply> {
    const reply = await this.#policies.resilient.execute(
      ({ signal }) => this.#exchange.send(pairs, signal),
      this.#closing.signal,
    );
    if (isAnswered(reply))
      for (const [key, answer] of reply) {
        const valid = answer.skuValid && answer.hubValid;
        if (valid || !this.#recentlyGood()) this.#good = { key, answeredMs: Date.now() };
        this.#remember(key, answer);
      }
    return reply;
  }

  #blame(pair: ImsPair, words: string): Answers {
    const key = keyOf(pair);
    const answer = { skuValid: false, hubValid: true, words };
    this.#remember(key, answer);
    return new Map([[key, answer]]);
  }

  /**
   * Throws `ims_unavailable` when the IMS refuses also what must be right. While no pair is known to be valid, some pairs of the batch are
   * sent alone, too: the IMS may refuse unknown items, and `PLAIN_PAIR` may be one.
   */
  async #proveThatItAnswers(batch: ImsPair[]): Promise<void> {
    try {
      await this.#askWhatIsRight(this.#policies.resilient);
    } catch (error) {
      if (this.#recentlyGood() || batch.length < 2) throw error;
      const step = Math.ceil(batch.length / this.#bounds.imsSamples);
      for (let i = 0; i < batch.length; i += step) if (isAnswered(await this.#send([batch[i]!]))) return;
      throw error;
    }
  }

  #recentlyGood(): string | null {
    const { key, answeredMs } = this.#good ?? { key: null, answeredMs: 0 };
    return Date.now() - answeredMs < this.#bounds.imsGoodPairMs ? key : null;
  }

  /** Sends a pair that was answered not long ago or, before there is one, no pair and then a plain one. Throws `ims_unavailable`. */
  #askWhatIsRight(policy: IPolicy): Promise<void> {
    return policy.execute(async ({ signal }) => {
      const good = this.#recentlyGood();
      const requests = good === null ? [[], [PLAIN_PAIR]] : [[pairOf(good)]];
      let failure: unknown;
      for (const pairs of requests)
        try {
          const reply = await this.#exchange.send(pairs, signal);
          if (isAnswered(reply)) return;
          failure = this.#exchange.unavailable(`refuses also what must be right: "${reply.words}"`);
        } catch (error) {
          failure = error;
        }
      throw failure;
    }, this.#closing.signal);
  }

  #remember(key: string, answer: ImsAnswer): void {
    const valid = answer.skuValid && answer.hubValid;
    this.#cache.set(key, answer, { ttl: valid ? this.#bounds.imsValidTtlMs : this.#bounds.imsInvalidTtlMs });
  }

  #asUnavailable(error: unknown): unknown {
    if (isBrokenCircuitError(error)) {
      const last = this.#policies.circuit.lastFailure;
      const reason = last && 'error' in last && last.error instanceof Error ? `${last.error.message} ` : '';
      return new OmsError('ims_unavailable', `${reason}It has failed too often: nobody asks it for some seconds.`, {
        retryable: true,
        cause: error,
      });
    }
    if (isBulkheadRejectedError(error)) return this.#exchange.unavailable('has too many questions waiting', error);
    if (this.#closing.signal.aborted) return this.#exchange.unavailable('was no longer asked: OMS is stopping', error);
    return error;
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
