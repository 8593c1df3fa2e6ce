/**
 * Conditional requests and ranges, for resources with a strong entity tag. A request for several ranges gets the whole resource, which
 * the standard allows.
 * Source: RFC 9110, 8.8.3 (ETag), 13 (conditional requests), 14 (ranges).
 */

/** Whether a list such as `If-None-Match` names the tag, `"…"`. Weak tags count as strong ones, as in caches. */
export function namesTag(list: string | undefined, etag: string): boolean {
  const tags = (list ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

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
