/** Requests to an issuer. Its answer is read whole, up to a bound, before anybody sees a byte of it; redirects are not followed. */
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** As `fetch`. Whoever calls it names in `signal` how long it may take. Rejects with retryable `issuer_unavailable`. */
export const boundedFetch: Fetch = async (url, init) => {
  let response: Response;
  try {
    response = await fetch(url, { ...init, redirect: 'manual' });
  } catch (error) {
    throw issuerUnavailable(error);
  }
  const bytes = await readAll(response);
  if (response.status >= 500) throw issuerUnavailable(new Error(`it answered ${response.status}`));
  const hasBody = bytes.length > 0;
  return new Response(hasBody ? new Blob(bytes) : null, { status: response.status, headers: response.headers });
};

async function readAll({ body }: Response): Promise<Uint8Array<ArrayBuffer>[]> {
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  let read = 0;
  try {
    // Leaving the loop ends the connection.
    for await (const block of body ?? []) {
      read += block.length;
      if (read > limits.oidcAnswerBytes) throw new Error(`its answer has more than ${limits.oidcAnswerBytes} bytes`);
      blocks.push(block);
    }
  } catch (error) {
    throw issuerUnavailable(error);
  }
  return blocks;
}

export const issuerUnavailable = (cause: unknown): OmsError =>
  new OmsError('issuer_unavailable', 'the issuer that says who you are does not answer as it should: try again', {
    retryable: true,
    cause,
  });

/** The `issuer_unavailable` in what a library made of it; null for any other error. */
export function asUnavailable(error: unknown): OmsError | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof OmsError && cause.code === 'issuer_unavailable') return cause;
  return null;
}
