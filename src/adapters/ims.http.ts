/**
 * The IMS over HTTP. Pairs not in the cache go out in batches, a few at once; a question that is under way is shared by
 * all who ask it. Each request has a timeout, is tried again with growing, random delays, and stops being sent while a
 * circuit breaker sees nothing but failures.
 *
 * What counts as an answer about a pair: a complete 2xx, or a 400, 413 or 422 to that pair alone while the IMS takes a request that
 * must be right: a pair that it answered not long ago; before there is one, no pair at all, a plain one, or another of the same
 * batch. Everything else, from a refused connection to a wrong password, is an outage: a retryable `ims_unavailable` (INV-7).
 */
import {
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  type IPolicy,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { z } from 'zod';
import { isOmsError, OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Ims, ImsAnswer, ImsPair } from '../ports/ims.ts';
import { type Inspection, withoutCredentials } from '../ports/inspection.ts';

type Bounds = Record<Extract<keyof typeof limits, `ims${string}`>, number>;

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

const answerSchema = z.object({
  results: z.array(z.object({ sku: z.string(), hub_id: z.string(), sku_valid: z.boolean(), hub_valid: z.boolean() })),
});

/** The four answers without words, shared by all pairs, so that a cached answer costs its key and nothing else. */
const ANSWERS = [
  { skuValid: false, hubValid: false },
  { skuValid: false, hubValid: true },
  { skuValid: true, hubValid: false },
  { skuValid: true, hubValid: true },
] as const satisfies ImsAnswer[];

type Answers = Map<string, ImsAnswer>;

/** For an IMS that takes no request without items: a pair of the plainest form. */
const PLAIN_PAIR: ImsPair = { sku: 'SKU-1', hubId: 'HUB-1' };

/** What the IMS sent back: either its answers, not yet looked at, or why it would not look at the request. */
type Reply = { accepted: true; body: string } | { accepted: false; words: string };

class HttpIms implements Ims {
  readonly #address: string;
  readonly #endpoint: Endpoint;
  readonly #bounds: Bounds;
  readonly #policies: ReturnType<typeof createPolicies>;
  readonly #cache: LRUCache<string, ImsAnswer>;
  /** The batch in which a pair is being asked right now. */
  readonly #asked = new Map<string, Promise<Answers>>();
  readonly #closing = new AbortController();
  /** The newest pair that was answered yes, or, before there is one, any that was answered. */
  #good: { key: string; answeredMs: number } | null = null;

  constructor({ baseUrl, logger, bounds }: HttpImsOptions) {
    this.#address = withoutCredentials(baseUrl);
    this.#endpoint = endpointOf(baseUrl);
    this.#bounds = { ...limits, ...bounds };
    this.#policies = createPolicies(this.#bounds, this.#endpoint, logger);
    this.#cache = new LRUCache({
      max: this.#bounds.imsCacheEntries,
      maxSize: this.#bounds.imsCacheBytes,
      // Two bytes for a character at worst, and the cache's own bookkeeping.
      sizeCalculation: (answer, key) => 2 * (key.length + (answer.words?.length ?? 0)) + 100,
    });
  }

  async validate(pairs: readonly ImsPair[], signal?: AbortSignal): Promise<ImsAnswer[]> {
    signal?.throwIfAborted();
    // JSON.stringify makes a string of its own, so a key never holds on to the block that a SKU is a slice of.
    const keys = pairs.map((pair) => keyOf(pair.sku, pair.hubId));
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

  /** Past the retries and the breaker: it tells how things are at this moment, by an answer that is understood. */
  async inspect(): Promise<Inspection> {
    await this.#askWhatIsRight(this.#policies.timed);
    return { engine: 'IMS', address: this.#address, missing: [] };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#asked.values());
  }

  /** Asks one batch in its turn and lets others join the question. No caller's signal reaches it: they may have company. */
  #askShared(batch: Map<string, ImsPair>): Promise<Answers> {
    const turn = this.#policies.turns.execute(() => this.#ask([...batch.values()]), this.#closing.signal);
    const settled = turn
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
   * One batch. One that the IMS refuses as a whole is halved down to the items that it is about, which are blamed only if it takes
   * requests that are right: looked at before the halving, as it may refuse everything, and after it. What is answered is kept, whatever
   * becomes of the rest.
   */
  async #ask(pairs: ImsPair[]): Promise<Answers> {
    const reply = await this.#send(pairs);
    if (reply instanceof Map) return reply;
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
      if (!(reply instanceof Map) && half.length === 1) refused.push({ pair: half[0]!, words: reply.words });
      else
        for (const [key, answer] of reply instanceof Map ? reply : await this.#halve(half, refused))
          answers.set(key, answer);
    }
    return answers;
  }

  async #send(pairs: ImsPair[]): Promise<Answers | { words: string }> {
    const reply = await this.#policies.resilient.execute(
      ({ signal }) => this.#exchange(pairs, signal),
      this.#closing.signal,
    );
    if (reply instanceof Map)
      for (const [key, answer] of reply) {
        const valid = answer.skuValid && answer.hubValid;
        if (valid || !this.#recentlyGood()) this.#good = { key, answeredMs: Date.now() };
        this.#remember(key, answer);
      }
    return reply;
  }

  #blame({ sku, hubId }: ImsPair, words: string): Answers {
    const key = keyOf(sku, hubId);
    const answer = { skuValid: false, hubValid: true, words };
    this.#remember(key, answer);
    return new Map([[key, answer]]);
  }

  /**
   * Throws `ims_unavailable` when the IMS takes no request that must be right, nor, while no pair is known to be, one of some of the
   * batch: it may refuse unknown items, and ours among them.
   */
  async #proveThatItAnswers(batch: ImsPair[]): Promise<void> {
    try {
      await this.#askWhatIsRight(this.#policies.resilient);
    } catch (error) {
      if (this.#recentlyGood() || batch.length < 2) throw error;
      const step = Math.ceil(batch.length / this.#bounds.imsSamples);
      for (let i = 0; i < batch.length; i += step) if ((await this.#send([batch[i]!])) instanceof Map) return;
      throw error;
    }
  }

  #recentlyGood(): string | null {
    const { key, answeredMs } = this.#good ?? { key: null, answeredMs: 0 };
    return Date.now() - answeredMs < this.#bounds.imsGoodPairMs ? key : null;
  }

  /** Throws `ims_unavailable` when the IMS understands no request that must be right. */
  #askWhatIsRight(policy: IPolicy): Promise<void> {
    return policy.execute(async ({ signal }) => {
      const good = this.#recentlyGood();
      const requests = good === null ? [[], [PLAIN_PAIR]] : [[pairOf(good)]];
      let failure: unknown;
      for (const pairs of requests)
        try {
          const reply = await this.#exchange(pairs, signal);
          if (reply instanceof Map) return;
          failure = this.#unavailable(`refuses also what must be right: "${reply.words}"`);
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

  /** One request and its answer, looked at inside the retries: half an answer is a failure like any other. */
  async #exchange(pairs: ImsPair[], signal: AbortSignal): Promise<Answers | { words: string }> {
    const reply = await this.#post(pairs, signal);
    return reply.accepted ? this.#read(reply.body, pairs) : reply;
  }

  async #post(pairs: ImsPair[], signal: AbortSignal): Promise<Reply> {
    const { url, headers } = this.#endpoint;
    const items = pairs.map((pair) => ({ sku: pair.sku, hub_id: pair.hubId }));
    let response: Response;
    let body: { text: string; complete: boolean };
    try {
      // Orders' SKUs go to the address that was configured and nowhere else, so a redirect is not followed.
      response = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify({ items }),
        redirect: 'manual',
        signal,
      });
      body = await readBody(response, this.#bounds.imsResponseBytes);
    } catch (error) {
      if (this.#closing.signal.aborted) throw this.#unavailable('was no longer asked: OMS is stopping', error);
      if (signal.aborted) throw this.#unavailable(`did not answer within ${this.#bounds.imsTimeoutMs} ms`, error);
      throw this.#unavailable(`could not be reached or broke off: ${reasonOf(error)}`, error);
    }

    const { status } = response;
    if (response.ok) {
      if (!body.complete) throw this.#unavailable(`answered with more than ${this.#bounds.imsResponseBytes} bytes`);
      return { accepted: true, body: body.text };
    }
    const words = wordsOf(body.text, limits.maxServiceWordsChars);
    const answered = `answered ${status} ${response.statusText}`.trimEnd();
    if (status === 400 || status === 413 || status === 422) {
      return { accepted: false, words: words || `The IMS ${answered}.` };
    }
    const advice =
      status < 500 && status !== 408 && status !== 429 ? '. Check the address and credentials of the IMS' : '';
    throw this.#unavailable(`${answered}${words && `: "${words}"`}${advice}`, undefined, { status });
  }

  #read(body: string, pairs: ImsPair[]): Answers {
    const parsed = answerSchema.safeParse(parseJson(body));
    if (!parsed.success) {
      const words = wordsOf(body, limits.maxServiceWordsChars);
      throw this.#unavailable(`answered with something else than results: "${words}"`);
    }
    const received: Answers = new Map();
    for (const result of parsed.data.results) {
      const key = keyOf(result.sku, result.hub_id);
      const answer = ANSWERS[(result.sku_valid ? 2 : 0) + (result.hub_valid ? 1 : 0)]!;
      if ((received.get(key) ?? answer) !== answer) throw this.#unavailable(`contradicted itself about ${key}`);
      received.set(key, answer);
    }

    const answers: Answers = new Map();
    for (const pair of pairs) {
      const key = keyOf(pair.sku, pair.hubId);
      const answer = received.get(key);
      if (answer === undefined) throw this.#unavailable(`left out items it was asked about, such as ${key}`);
      answers.set(key, answer);
    }
    return answers;
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
    if (isBulkheadRejectedError(error)) return this.#unavailable('has too many questions waiting', error);
    if (this.#closing.signal.aborted) return this.#unavailable('was no longer asked: OMS is stopping', error);
    return error;
  }

  #unavailable(happened: string, cause?: unknown, details: Record<string, unknown> = {}): OmsError {
    return new OmsError('ims_unavailable', `The IMS at ${this.#endpoint.shown} ${happened}.`, {
      retryable: true,
      details,
      cause,
    });
  }
}

interface Endpoint {
  url: URL;
  headers: Record<string, string>;
  /** The address as it may be told: without user, password and query. */
  shown: string;
}

function endpointOf(baseUrl: string): Endpoint {
  const url = new URL(baseUrl);
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' };
  if (url.username !== '' || url.password !== '') {
    // fetch refuses addresses with credentials in them.
    const credentials = `${unescaped(url.username)}:${unescaped(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/validate`;
  return { url, headers, shown: `${url.origin}${url.pathname}` };
}

/** Also of a password with a % that stands for itself. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function createPolicies(bounds: Bounds, endpoint: Endpoint, logger?: Logger) {
  const outages = handleWhen((error) => isOmsError(error, 'ims_unavailable'));
  const circuit = circuitBreaker(outages, {
    breaker: new ConsecutiveBreaker(bounds.imsBreakerFailures),
    halfOpenAfter: bounds.imsBreakerOpenMs,
  });
  circuit.onStateChange((state) => {
    if (state === CircuitState.Open) logger?.warn({ ims: endpoint.shown }, 'IMS fails, not asking for a while');
    if (state === CircuitState.Closed) logger?.info({ ims: endpoint.shown }, 'IMS answers again');
  });
  const retries = retry(outages, {
    maxAttempts: bounds.imsRetries,
    backoff: new ExponentialBackoff({ initialDelay: bounds.imsRetryDelayMs, maxDelay: bounds.imsMaxRetryDelayMs }),
  });
  const timed = timeout(bounds.imsTimeoutMs, TimeoutStrategy.Cooperative);
  return {
    turns: bulkhead(bounds.imsConcurrentRequests, bounds.imsQueuedBatches),
    circuit,
    timed,
    resilient: wrap(retries, circuit, timed),
  };
}

function keyOf(sku: string, hubId: string): string {
  return JSON.stringify([sku, hubId]);
}

function pairOf(key: string): ImsPair {
  const [sku, hubId] = JSON.parse(key) as [string, string];
  return { sku, hubId };
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

/** At most `maxBytes` of the body; `complete` says whether that was all. */
async function readBody(response: Response, maxBytes: number): Promise<{ text: string; complete: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let complete = true;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      complete = false;
      break;
    }
    chunks.push(chunk);
  }
  // Unlike Buffer, TextDecoder takes off a byte order mark, which JSON.parse would not.
  return { text: new TextDecoder().decode(Buffer.concat(chunks)), complete };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const errorBodySchema = z
  .object({
    detail: z.string(),
    error: z.union([z.string(), z.object({ message: z.string() }).transform((error) => error.message)]),
    message: z.string(),
    title: z.string(),
  })
  .partial();

/** What an error body says to people, on one line of at most `maxChars`; '' when it says nothing. */
function wordsOf(body: string, maxChars: number): string {
  const parsed = errorBodySchema.safeParse(parseJson(body));
  const { detail, error, message, title } = parsed.data ?? {};
  const words = (detail ?? error ?? message ?? title ?? body).replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  // A slice would hold on to the whole body for as long as the words are kept.
  return Buffer.from(words.slice(0, maxChars)).toString();
}

/** fetch says "fetch failed" and keeps what happened in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
}
