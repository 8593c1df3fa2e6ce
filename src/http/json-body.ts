/**
 * Reads the JSON body of a request that creates or changes orders, and gives it to the work. What bodies take is bounded: a large one
 * needs a place while it is in memory, and few batches are carried out at the same time, so that other clients are served in between.
 */
import type { IncomingMessage } from 'node:http';
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import type { Context } from 'hono';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { BodyRate } from './body-rate.ts';
import { notJson, parseJson, parseSmallJson } from './json-text.ts';
import { ownerOf, PrincipalShare, shareTaken } from './owner.ts';
import { Places } from './places.ts';
import type { HttpEnv } from './route.ts';

export class JsonBodies {
  readonly #places = new Places(limits.maxLargeBodies);
  readonly #batchShares = new PrincipalShare(limits.batchesOfPrincipal, 'batches and large bodies');
  readonly #batches = bulkhead(limits.batchesAtOnce, limits.batchesQueued);

  /**
   * `isBatch`: the work is much, however small the body. Throws `too_large`, `invalid_body`, `unfinished_upload`, `too_many_bodies`, and
   * what the work throws.
   */
  async read(
    c: Context<HttpEnv>,
    { maxBytes, isBatch }: { maxBytes: number; isBatch: boolean },
    work: (body: unknown) => Promise<Response>,
  ): Promise<Response> {
    const { incoming } = c.env;
    const length = Number(incoming.headers['content-length'] ?? Number.NaN);
    if (length > maxBytes) throw tooLarge(maxBytes);
    // NaN: the length is not known.
    const isLarge = !(length <= limits.jsonAtOnceBytes);
    if (!isLarge && !isBatch) return work(parseSmallJson(decode(await receive(incoming, maxBytes))));
    const release = isLarge ? this.#takePlace(c) : null;
    try {
      const bytes = await receive(incoming, maxBytes);
      const carryOut = async () => work(await parseJson(decode(bytes)));
      return await this.#batchShares.run(c, () => this.#inTurn(carryOut));
    } finally {
      release?.();
    }
  }

  #takePlace(c: Context<HttpEnv>): () => void {
    const rate = BodyRate.of(c.env.incoming);
    const owner = ownerOf(c, limits.largeBodyShares);
    const holder = {
      ...owner,
      isReplaceable: () => rate.isSlow(),
      end: () => rate.end(),
    };
    if (!this.#places.take(holder))
      throw owner.isPrincipal && this.#places.isTaken(owner) ? shareTaken(owner, 'large bodies') : tooMany();
    return () => this.#places.release(holder);
  }

  async #inTurn(work: () => Promise<Response>): Promise<Response> {
    try {
      return await this.#batches.execute(work);
    } catch (error) {
      throw error instanceof BulkheadRejectedError ? tooMany() : error;
    }
  }
}

const tooLarge = (maxBytes: number) =>
  new OmsError('too_large', `the body is larger than ${maxBytes} bytes: send it in parts`);

const tooMany = () =>
  new OmsError('too_many_bodies', 'too many batches and large bodies are being read: try again in a moment', {
    retryable: true,
  });

/** The whole body. A request that is refused is still read to its end by the server, so that its client gets the response. */
function receive(incoming: IncomingMessage, maxBytes: number): Buffer | Promise<Buffer> {
  // A small body has nearly always arrived with its request.
  if (incoming.complete && !incoming.destroyed && incoming.readableLength <= maxBytes)
    return (incoming.read() as Buffer | null) ?? Buffer.alloc(0);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else reject(tooLarge(maxBytes));
  };
  const end = () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
  const fail = (cause: unknown) =>
    reject(
      new OmsError('unfinished_upload', 'the body ended before all its bytes had arrived: send it again', { cause }),
    );
  incoming
    .on('data', take)
    .once('end', end)
    .once('error', fail)
    // Each request is closed in the end: an error that nobody needs would cost as much as parsing an order.
    .once('close', () => incoming.readableEnded || fail(undefined));
  return promise.finally(() => {
    incoming.off('data', take);
    chunks.length = 0;
  });
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    throw notJson(error);
  }
}
