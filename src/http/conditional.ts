/**
 * Conditional requests and ranges, for resources with a strong entity tag. A request for several ranges gets the whole resource, which
 * the standard allows.
 * Source: RFC 9110, 8.8.3 (ETag), 13 (conditional requests), 14 (ranges).
 */

import { OmsError } from '../errors.ts';

/** Whether a list such as `If-None-Match` names the tag, `"…"`. Weak tags count as strong ones, as in caches. */
export function namesTag(list: string | undefined, etag: string): boolean {
  const tags = (list ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

const TAG = /(?:W\/)?"([\x21\x23-\x7e\x80-\uffff]*)"/y;
const BETWEEN_TAGS = /[\s,]*/y;

/**
 * The versions that `If-Match` accepts, where the entity tag of a version is its number in quotes; null for any. Weak tags count as strong
 * ones, since a proxy that compresses responses makes them weak. Throws `invalid_parameter` for anything but `*` and a list of tags.
 */
export function readIfMatch(list: string | undefined): number[] | null {
  if (list === undefined || list.trim() === '*') return null;
  const versions: number[] = [];
  let at = skip(list, 0);
  let tags = 0;
  for (; at < list.length; tags++) {
    TAG.lastIndex = at;
    const found = TAG.exec(list);
    const end = found ? skip(list, TAG.lastIndex) : at;
    const isSeparated = end === list.length || list.slice(TAG.lastIndex, end).includes(',');
    if (!found || !isSeparated) throw notTags(list);
    if (/^[1-9]\d{0,8}$/.test(found[1]!)) versions.push(Number(found[1]));
    at = end;
  }
  if (tags === 0) throw notTags(list);
  return versions;
}

function skip(list: string, at: number): number {
  BETWEEN_TAGS.lastIndex = at;
  BETWEEN_TAGS.exec(list);
  return BETWEEN_TAGS.lastIndex;
}

const notTags = (list: string) =>
  new OmsError(
    'invalid_parameter',
    `If-Match is ${JSON.stringify(list.slice(0, 100))}, neither * nor entity tags in quotes such as "3": send the ETag of the order`,
  );

export interface ByteRange {
  first: number;
  /** The last byte of the range itself, not the one behind it. */
  last: number;
}

/** The range that `Range` requests; null for all bytes. `If-Range`, when present, must name the strong tag itself. */
export function readRange(
  range: string | undefined,
  ifRange: string | undefined,
  { etag, sizeBytes }: { etag: string; sizeBytes: number },
): ByteRange | 'unsatisfiable' | null {
  const [, from, to] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(range ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return null;
  if (ifRange !== undefined && ifRange.trim() !== etag) return null;
  if (from === '') {
    const count = Math.min(Number(to), sizeBytes);
    return count === 0 ? 'unsatisfiable' : { first: sizeBytes - count, last: sizeBytes - 1 };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return null;
  if (first >= sizeBytes) return 'unsatisfiable';
  return { first, last: to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
}
