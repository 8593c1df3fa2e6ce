/**
 * Parses JSON without holding up the event loop. `JSON.parse` takes up to a second for some megabytes that are all brackets, and it
 * cannot be interrupted. Large texts are therefore cut: each object and list of the third level, which is an order of a batch or an
 * item of an order, is parsed by itself, with turns in between, and the number of values in one part is bounded.
 * Source: RFC 8259.
 */
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { sliceTurn } from '../ports/event-loop.ts';

/** Throws `invalid_body` and `too_large`. */
export async function parseJson(text: string): Promise<unknown> {
  if (text.length <= limits.jsonAtOnceBytes) return parseSmallJson(text);
  const { outline, parts } = await cut(text);
  const values: unknown[] = [];
  let chars = 0;
  for (const part of parts) {
    chars += part.length;
    if (chars > limits.jsonAtOnceBytes) {
      await sliceTurn();
      chars = part.length;
    }
    values.push(parseSmallJson(part));
  }
  return putBack(parseSmallJson(outline), values);
}

/** At most `limits.jsonAtOnceBytes`. Throws `invalid_body`. */
export function parseSmallJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(error);
  }
}

export const notJson = (cause?: unknown): OmsError =>
  new OmsError('invalid_body', 'the body is not JSON in UTF-8: send one object {…}', { cause });

/** The level of the objects and lists that are parsed by themselves: 0 is the whole. */
const LEVEL = 2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const codes = (chars: string) => [...chars].map((char) => char.charCodeAt(0));
const [COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = codes(',:[]{}');

/**
 * Takes the objects and lists of one level out of the text, and leaves `[number]` in their places. A list that is really in the text at
 * that level was taken out itself, so the places cannot be mistaken. Broken JSON stays broken, in a part or in the outline.
 */
async function cut(text: string): Promise<{ outline: string; parts: string[] }> {
  const parts: string[] = [];
  const kept: string[] = [];
  let level = 0;
  let keptFrom = 0;
  let partFrom = 0;
  const tokens = { outline: 0, part: 0 };
  let nextTurn = limits.jsonSliceChars;
  for (let at = 0; at < text.length; at++) {
    if (at >= nextTurn) {
      await sliceTurn();
      nextTurn = at + limits.jsonSliceChars;
    }
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfText(text, at);
      continue;
    }
    const opens = code === OPEN_OBJECT || code === OPEN_LIST;
    const closes = code === CLOSE_OBJECT || code === CLOSE_LIST;
    if (!opens && !closes && code !== COMMA && code !== COLON) continue;
    if (++tokens[level > LEVEL ? 'part' : 'outline'] > limits.maxJsonTokens)
      throw new OmsError('too_large', 'the body has more values than any order or batch: send it in parts');
    if (opens && level++ === LEVEL) {
      kept.push(text.slice(keptFrom, at), `[${parts.length}]`);
      partFrom = at;
      tokens.part = 0;
    } else if (closes && --level === LEVEL) {
      parts.push(text.slice(partFrom, at + 1));
      keptFrom = at + 1;
    }
  }
  // Without the end of a part the outline has no end, too.
  if (level <= LEVEL) kept.push(text.slice(keptFrom));
  return { outline: kept.join(''), parts };
}

/** The index of the quote that ends the text that begins there; the end of all when none does. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}

function putBack(outline: unknown, values: readonly unknown[]): unknown {
  // A plain assignment of a member `__proto__` would be lost.
  for (const inner of objectsIn(outline))
    for (const [name, place] of Object.entries(inner as object))
      if (Array.isArray(place)) Object.defineProperty(inner, name, { value: values[place[0] as number] });
  return outline;
}

const objectsIn = (value: unknown): object[] =>
  typeof value === 'object' && value !== null
    ? Object.values(value).filter((inner) => typeof inner === 'object' && inner !== null)
    : [];
