/**
 * Finds the number of a pair of SKU and hub by their bytes: a hash table with open addressing and the FNV-1a hash
 * (http://www.isthe.com/chongo/tech/comp/fnv/). Texts are made for a pair once, not for each row that names it.
 */
const FIRST_CAPACITY = 1_024;
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

export class PairIndex {
  /** Entries by hash, each as its index + 1. */
  #table = new Int32Array(2 * FIRST_CAPACITY);
  #hashes = new Int32Array(FIRST_CAPACITY);
  #numbers = new Int32Array(FIRST_CAPACITY);
  /** Ends of the two values of each entry in `#bytes`. */
  #ends = new Uint32Array(2 * FIRST_CAPACITY);
  #bytes = new Uint8Array(64 * FIRST_CAPACITY);
  #count = 0;
  #hash = 0;

  clear(): void {
    this.#table.fill(0);
    this.#count = 0;
  }

  /** The number of the pair with these bytes, or -1. */
  get(bytes: Uint8Array, sku: number, skuEnd: number, hub: number, hubEnd: number): number {
    let hash = FNV_OFFSET;
    for (let i = sku; i < skuEnd; i++) hash = Math.imul(hash ^ bytes[i]!, FNV_PRIME);
    // So that what is of one value and what of the other counts.
    hash = Math.imul(hash ^ 0xff, FNV_PRIME);
    for (let i = hub; i < hubEnd; i++) hash = Math.imul(hash ^ bytes[i]!, FNV_PRIME);
    this.#hash = hash;
    const mask = this.#table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = this.#table[at]! - 1;
      if (entry === -1) return -1;
      if (this.#hashes[entry] === hash && this.#holds(entry, bytes, sku, skuEnd, hub, hubEnd))
        return this.#numbers[entry]!;
    }
  }

  /** Adds the pair that was not there when it was last asked for one. */
  add(bytes: Uint8Array, sku: number, skuEnd: number, hub: number, hubEnd: number, number: number): void {
    const entry = this.#count++;
    if (entry === this.#hashes.length) this.#grow();
    const start = entry === 0 ? 0 : this.#ends[2 * entry - 1]!;
    const between = start + skuEnd - sku;
    const end = between + hubEnd - hub;
    while (this.#bytes.length < end) this.#bytes = copyOf(this.#bytes);
    this.#bytes.set(bytes.subarray(sku, skuEnd), start);
    this.#bytes.set(bytes.subarray(hub, hubEnd), between);
    this.#ends[2 * entry] = between;
    this.#ends[2 * entry + 1] = end;
    this.#hashes[entry] = this.#hash;
    this.#numbers[entry] = number;
    this.#enter(entry);
  }

  #holds(entry: number, bytes: Uint8Array, sku: number, skuEnd: number, hub: number, hubEnd: number): boolean {
    const own = this.#bytes;
    const start = entry === 0 ? 0 : this.#ends[2 * entry - 1]!;
    const between = this.#ends[2 * entry]!;
    if (between - start !== skuEnd - sku || this.#ends[2 * entry + 1]! - between !== hubEnd - hub) return false;
    for (let i = sku, at = start; i < skuEnd; i++, at++) if (own[at] !== bytes[i]) return false;
    for (let i = hub, at = between; i < hubEnd; i++, at++) if (own[at] !== bytes[i]) return false;
    return true;
  }

  #enter(entry: number): void {
    const mask = this.#table.length - 1;
    let at = this.#hashes[entry]! & mask;
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = entry + 1;
  }

  #grow(): void {
    this.#hashes = copyOf(this.#hashes);
    this.#numbers = copyOf(this.#numbers);
    this.#ends = copyOf(this.#ends);
    this.#table = new Int32Array(2 * this.#table.length);
    for (let entry = 0; entry < this.#hashes.length / 2; entry++) this.#enter(entry);
  }
}

/** Of twice the length. */
function copyOf<Values extends Uint8Array | Int32Array | Uint32Array>(values: Values): Values {
  const copy = new (values.constructor as new (length: number) => Values)(2 * values.length);
  copy.set(values);
  return copy;
}
