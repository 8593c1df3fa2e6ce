/**
 * How the names of columns are compared where people write them: without case, accents, spaces, `_`, `-` and invisible characters, so that
 * `Order No`, `order_no` and `ORDER-NO` are one name.
 */
const IGNORED = /[\s_\-\p{Mark}\p{Default_Ignorable_Code_Point}]+/gu;
const PLAIN = /^[a-z0-9]*$/;

/** Equal for equal names; empty for a name of nothing else. */
export function nameKey(name: string): string {
  if (PLAIN.test(name)) return name;
  return name.normalize('NFKD').toLowerCase().normalize('NFKD').replace(IGNORED, '');
}
