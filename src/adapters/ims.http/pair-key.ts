/** A pair as the key of a map. */
import type { ImsPair } from '../../ports/ims.ts';

/** JSON.stringify makes a new string, so a key never keeps the block in memory that a SKU is a slice of. */
export const keyOf = ({ sku, hubId }: ImsPair): string => JSON.stringify([sku, hubId]);

export function pairOf(key: string): ImsPair {
  const [sku, hubId] = JSON.parse(key) as [string, string];
  return { sku, hubId };
}
