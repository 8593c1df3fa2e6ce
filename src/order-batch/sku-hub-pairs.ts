/**
 * The distinct pairs of SKU and hub of some rows, numbered as they come. Rows name the same few thousand pairs again and again: with
 * a number for each, their texts are hashed and compared once.
 */

/** Trimmed values, by the number of the pair. They are only ever added to. */
export interface Pairs {
  skus: string[];
  hubIds: string[];
}

export class SkuHubPairs implements Pairs {
  readonly skus: string[] = [];
  readonly hubIds: string[] = [];
  /** Of all of them together. */
  chars = 0;
  readonly #numbers = new Map<string, Map<string, number>>();

  get count(): number {
    return this.skus.length;
  }

  numberOf(sku: string, hubId: string): number {
    const known = this.#numbers.get(sku)?.get(hubId);
    return known ?? this.#add(copyOf(sku), copyOf(hubId));
  }

  #add(sku: string, hubId: string): number {
    const number = this.count;
    const ofSku = this.#numbers.get(sku);
    if (ofSku === undefined) this.#numbers.set(sku, new Map([[hubId, number]]));
    else ofSku.set(hubId, number);
    this.skus.push(sku);
    this.hubIds.push(hubId);
    this.chars += sku.length + hubId.length;
    return number;
  }
}

/** A text that is cut out of a block of a file keeps the whole block in memory. */
const copyOf = (text: string): string => Buffer.from(text).toString();
