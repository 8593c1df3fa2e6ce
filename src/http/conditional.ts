/**
 * Conditional requests and ranges for what has a strong entity tag. Of several ranges none is honoured: the whole is sent, as a
 * server may.
 * Source: RFC 9110, 8.8.3 (ETag), 13 (conditional requests), 14 (ranges).
 */

/** Whether a list such as `If-None-Match` names the tag, which is `"…"`; weak ones as strong, as for caches. */
export function namesTag(list: string | undefined, etag: string): boolean {
  const tags = (list ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

export interface ByteRange {
  /** The first and the last byte. */
  first: number;
  last: number;
}

/** The bytes that `Range` asks for of so many; null for all of them. `If-Range` must name the very tag. */
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
