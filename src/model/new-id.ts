const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** An id that sorts by time: a prefix, 9 characters of milliseconds, 12 random ones (62 bits), from [a-z0-9_]. */
export function newId(prefix: string, nowMs: number): string {
  const random = crypto.getRandomValues(new Uint8Array(12));
  let tail = '';
  for (const byte of random) tail += ALPHABET[byte % 36];
  return `${prefix}_${nowMs.toString(36).padStart(9, '0')}${tail}`;
}
