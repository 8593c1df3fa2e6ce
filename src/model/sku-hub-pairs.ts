/**
 * The distinct pairs of SKU and hub of a chunk, numbered as they come. Rows name the same few thousand again and again: a number
 * stands for a pair, so that nobody hashes or compares its texts a second time.
 */
export class SkuHubPairs {
  /** By number. */
  readonly skus: string[] = [];
  readonly hubIds: string[] = [];
  readonly #numbers = new Map<string, Map<string, number>>();

  get count(): number {
    return this.skus.length;
  }

  numberOf(sku: string, hubId: string): number {
    let ofSku = this.#numbers.get(sku);
    if (ofSku === undefined) {
      ofSku = new Map();
      this.#numbers.set(sku, ofSku);
    }
    let number = ofSku.get(hubId);
    if (number === undefined) {
      number = this.count;
      ofSku.set(hubId, number);
      this.skus.push(sku);
      this.hubIds.push(hubId);
    }
    return number;
  }
}
