/** The body of a service's response, in bounded memory, and its message for people. */
import { z } from 'zod';

/** At most `maxBytes` of the body; `complete` says whether that is all. */
export async function readBody(response: Response, maxBytes: number): Promise<{ text: string; complete: boolean }> {
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
  // Unlike Buffer, TextDecoder removes a byte order mark, which JSON.parse would not accept.
  return { text: new TextDecoder().decode(Buffer.concat(chunks)), complete };
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
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
export function wordsOf(body: string, maxChars: number): string {
  const parsed = errorBodySchema.safeParse(parseJson(body));
  const { detail, error, message, title } = parsed.data ?? {};
  const words = (detail ?? error ?? message ?? title ?? body).replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  // A slice would keep the whole body in memory for as long as the words are kept.
  return Buffer.from(words.slice(0, maxChars)).toString();
}
