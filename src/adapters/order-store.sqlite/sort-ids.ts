/**
 * The order in which the orders of a chunk are looked for and inserted: that of their ids, as neighbours in the index are then found
 * one after the other.
 */
export interface SortedIds {
  /** Indices of the ids, in the order of the ids; those of equal ids as they came. */
  byId: Uint32Array;
  /** Ids that are there more than once. */
  repeated: ReadonlySet<string>;
}

/** Characters that a sort looks at first, and how many it tells apart: together with an index they are one exact number. */
const KEY_CHARS = 5;
const KEY_CHAR_VALUES = 2 ** 7;
const INDICES = 2 ** 18;

/** By UTF-16 code units, at most 262,144 of them. */
export function sortIds(ids: readonly string[]): SortedIds {
  const byId = Uint32Array.from(ids, (_, i) => i);
  // Most files are ordered, and to find that out costs next to nothing.
  if (isAscending(ids)) return { byId, repeated: new Set() };
  const prefix = commonPrefix(ids).length;
  const keys = Float64Array.from(ids, (id, i) => keyOf(id, prefix) * INDICES + i).sort();
  const repeated = new Set<string>();
  for (let from = 0; from < keys.length; ) {
    const key = Math.floor(keys[from]! / INDICES);
    let to = from;
    while (to < keys.length && Math.floor(keys[to]! / INDICES) === key) byId[to] = keys[to++]! % INDICES;
    if (to - from > 1) {
      const alike = byId.subarray(from, to).sort((a, b) => compare(ids[a]!, ids[b]!) || a - b);
      for (let n = 1; n < alike.length; n++) if (ids[alike[n]!] === ids[alike[n - 1]!]) repeated.add(ids[alike[n]!]!);
    }
    from = to;
  }
  return { byId, repeated };
}

function isAscending(ids: readonly string[]): boolean {
  for (let i = 1; i < ids.length; i++) if (ids[i - 1]! >= ids[i]!) return false;
  return true;
}

function commonPrefix(ids: readonly string[]): string {
  let prefix = ids[0]!;
  for (const id of ids) while (!id.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix;
}

/** A number that is never larger than that of an id behind it: of the characters after the prefix, up to one that is not ASCII. */
function keyOf(id: string, prefix: number): number {
  let key = 0;
  let isAscii = true;
  for (let at = prefix; at < prefix + KEY_CHARS; at++) {
    const char: number = isAscii && at < id.length ? Math.min(id.charCodeAt(at), KEY_CHAR_VALUES - 1) : 0;
    isAscii &&= char < KEY_CHAR_VALUES - 1;
    key = key * KEY_CHAR_VALUES + char;
  }
  return key;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
