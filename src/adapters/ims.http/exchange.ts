/**
 * One request and its response, checked: an incomplete answer is a failure like any other. All failures are a retryable
 * `ims_unavailable` (INV-7), but a refusal of the request itself: its items may be to blame.
 */
import { z } from 'zod';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { ImsAnswer, ImsPair } from '../../ports/ims.ts';
import type { Endpoint } from '../http-service/endpoint.ts';
import { parseJson, readBody, wordsOf } from '../http-service/response-body.ts';
import { keyOf } from './pair-key.ts';
import type { Bounds } from './policies.ts';

/** By the key of the pair. */
export type Answers = Map<string, ImsAnswer>;

/** The answers, or why the IMS refused the request. */
export type Reply = Answers | { words: string };

const answerSchema = z.object({
  results: z.array(z.object({ sku: z.string(), hub_id: z.string(), sku_valid: z.boolean(), hub_valid: z.boolean() })),
});

/** The four answers without words, shared by all pairs, so that a cached answer costs only its key. */
const ANSWERS = [
  { skuValid: false, hubValid: false },
  { skuValid: false, hubValid: true },
  { skuValid: true, hubValid: false },
  { skuValid: true, hubValid: true },
] as const satisfies ImsAnswer[];

const REFUSES_THE_REQUEST = new Set([400, 413, 422]);

export class Exchange {
  readonly #endpoint: Endpoint;
  readonly #bounds: Bounds;
  readonly #closing: AbortSignal;

  constructor(endpoint: Endpoint, bounds: Bounds, closing: AbortSignal) {
    this.#endpoint = endpoint;
    this.#bounds = bounds;
    this.#closing = closing;
  }

  async send(pairs: ImsPair[], signal: AbortSignal): Promise<Reply> {
    const { response, text, complete } = await this.#post(pairs, signal);
    const { status } = response;
    if (response.ok) {
      if (!complete) throw this.unavailable(`answered with more than ${this.#bounds.imsResponseBytes} bytes`);
      return this.#read(text, pairs);
    }
    const words = wordsOf(text, limits.maxServiceWordsChars);
    const answered = `answered ${status} ${response.statusText}`.trimEnd();
    if (REFUSES_THE_REQUEST.has(status)) return { words: words || `The IMS ${answered}.` };
    const advice =
      status < 500 && status !== 408 && status !== 429 ? '. Check the address and credentials of the IMS' : '';
    throw this.unavailable(`${answered}${words && `: "${words}"`}${advice}`, undefined, { status });
  }

  unavailable(happened: string, cause?: unknown, details: Record<string, unknown> = {}): OmsError {
    return new OmsError('ims_unavailable', `The IMS at ${this.#endpoint.shown} ${happened}.`, {
      retryable: true,
      details,
      cause,
    });
  }

  async #post(pairs: ImsPair[], signal: AbortSignal): Promise<{ response: Response; text: string; complete: boolean }> {
    const { url, headers } = this.#endpoint;
    const items = pairs.map(({ sku, hubId }) => ({ sku, hub_id: hubId }));
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify({ items }),
        // SKUs of orders are sent to the configured address and to no other.
        redirect: 'manual',
        signal,
      });
      return { response, ...(await readBody(response, this.#bounds.imsResponseBytes)) };
    } catch (error) {
      if (this.#closing.aborted) throw this.unavailable('was no longer asked: OMS is stopping', error);
      if (signal.aborted) throw this.unavailable(`did not answer within ${this.#bounds.imsTimeoutMs} ms`, error);
      throw this.unavailable(`could not be reached or broke off: ${reasonOf(error)}`, error);
    }
  }

  #read(body: string, pairs: ImsPair[]): Answers {
    const parsed = answerSchema.safeParse(parseJson(body));
    if (!parsed.success) {
      const words = wordsOf(body, limits.maxServiceWordsChars);
      throw this.unavailable(`answered with something else than results: "${words}"`);
    }
    const received: Answers = new Map();
    for (const { sku, hub_id: hubId, sku_valid, hub_valid } of parsed.data.results) {
      const key = keyOf({ sku, hubId });
      const answer = ANSWERS[(sku_valid ? 2 : 0) + (hub_valid ? 1 : 0)]!;
      if ((received.get(key) ?? answer) !== answer) throw this.unavailable(`contradicted itself about ${key}`);
      received.set(key, answer);
    }

    const answers: Answers = new Map();
    for (const pair of pairs) {
      const key = keyOf(pair);
      const answer = received.get(key);
      if (answer === undefined) throw this.unavailable(`left out items it was asked about, such as ${key}`);
      answers.set(key, answer);
    }
    return answers;
  }
}

/** fetch says "fetch failed" and keeps what happened in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
}
