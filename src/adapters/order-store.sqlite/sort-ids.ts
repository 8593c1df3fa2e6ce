/** Sorts the orders of a chunk by id, so that they are found and inserted in the order of the index. */
export interface SortedIds {
  /** The indices of the ids, sorted by id; those of equal ids in their own order. */
  byId: Uint32Array;
  /** By index: 1 where the id occurs more than once. */
  repeated: Uint8Array;
}

/** The number of characters in a key, and of values of each. Together with an index a key is one exact number. */
const KEY_CHARS = 5;
const KEY_CHAR_VALUES = 2 ** 7;
const INDICES = 2 ** 18;

/** Up to this many strays per hundred ids the built-in sort is faster, as it exploits existing order. */
const STRAYS_OF_100 = 5;

/** Sorts at most 262,144 ids by their UTF-16 code units. */
export function sortIds(ids: readonly string[]): SortedIds {
  const strays = countStrays(ids);
  if (strays === 0) return { byId: Uint32Array.from(ids, (_, i) => i), repeated: new Uint8Array(ids.length) };
  return strays < (ids.length / 100) * STRAYS_OF_100 ? sortNearlySorted(ids) : sortByKeys(ids);
}

/** How many of the ids are at most this one. */
export function countUpTo(ids: readonly string[], byId: Uint32Array, id: string): number {
  let count = 0;
  for (let above = byId.length; count < above; ) {
    const middle = (count + above) >>> 1;
    if (ids[byId[middle]!]! <= id) count = middle + 1;
    else above = middle;
  }
  return count;
}

/** How many ids do not come after the one before them. */
function countStrays(ids: readonly string[]): number {
  let strays = 0;
  for (let i = 1; i < ids.length; i++) if (ids[i - 1]! >= ids[i]!) strays++;
  return strays;
}

function sortNearlySorted(ids: readonly string[]): SortedIds {
  const byId = Uint32Array.from(Array.from(ids, (_, i) => i).sort((a, b) => compare(ids[a]!, ids[b]!)));
  const repeated = new Uint8Array(ids.length);
  markEqual(ids, byId, repeated);
  return { byId, repeated };
}

/** Sorts by numeric keys, and by text only where keys are equal. In loops, as `from` with a function takes three times as long. */
function sortByKeys(ids: readonly string[]): SortedIds {
  const prefix = commonPrefix(ids).length;
  const keys = new Float64Array(ids.length);
  for (let i = 0; i < ids.length; i++) keys[i] = keyOf(ids[i]!, prefix) * INDICES + i;
  keys.sort();
  const byId = new Uint32Array(ids.length);
  const repeated = new Uint8Array(ids.length);
  let from = 0;
  let keyHere = -1;
  const sortEqualKeys = (to: number) => {
    if (to - from < 2) return;
    const equal = byId.subarray(from, to).sort((a, b) => compare(ids[a]!, ids[b]!) || a - b);
    markEqual(ids, equal, repeated);
  };
  for (let n = 0; n < keys.length; n++) {
    const key = Math.floor(keys[n]! / INDICES);
    byId[n] = keys[n]! - key * INDICES;
    if (key === keyHere) continue;
    sortEqualKeys(n);
    from = n;
    keyHere = key;
  }
  sortEqualKeys(keys.length);
  return { byId, repeated };
}

/** Marks those of these sorted indices whose ids are equal. */
function markEqual(ids: readonly string[], byId: Uint32Array, repeated: Uint8Array): void {
  for (let n = 1; n < byId.length; n++)
    if (ids[byId[n]!] === ids[byId[n - 1]!]) repeated[byId[n]!] = repeated[byId[n - 1]!] = 1;
}

function commonPrefix(ids: readonly string[]): string {
  let prefix = ids[0]!;
  for (const id of ids) while (!id.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix;
}

/** A number that never decreases with the id: made of the characters after the prefix, up to one that is not ASCII. */
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
