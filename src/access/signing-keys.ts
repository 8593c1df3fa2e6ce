/**
 * The keys that sign access tokens: made by the service, in the store, replaced after some days. Every process finds the key of another by
 * its id. Who can read the store can sign: it has the secrets of nobody else, but must be kept like one.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { limits } from '../limits.ts';
import { newId } from '../model/new-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { SmallRecords } from '../ports/small-records.ts';

interface KeyData {
  /** A JWK of Ed25519, see RFC 8037. */
  privateKey: JsonWebKey;
  createdMs: number;
}

export interface SigningKey {
  id: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  createdMs: number;
}

const KEY_ID = /^sk_[0-9a-z]{21}$/;

export class SigningKeys {
  readonly #records: SmallRecords;
  readonly #clock: Clock;
  #keys: ReadonlyMap<string, SigningKey> = new Map();
  #readMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(records: SmallRecords, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  /** The newest, or one that it makes when that is too old. */
  async forSigning(): Promise<SigningKey> {
    if (this.#isOld()) await this.#readAgain();
    return this.#newest() ?? (await this.#make());
  }

  /** Null for the key of nobody, or one that is no more. Unknown ids have the store asked at most once a second, whoever names them. */
  async find(id: string): Promise<SigningKey | null> {
    if (!KEY_ID.test(id)) return null;
    if (!this.#keys.has(id) || this.#isOld()) await this.#readAgain();
    return this.#keys.get(id) ?? null;
  }

  #isOld = (): boolean => this.#clock.now() - this.#readMs >= limits.signingKeysCachedMs;

  #newest(): SigningKey | null {
    const last = [...this.#keys.values()].at(-1);
    return last && this.#clock.now() - last.createdMs < limits.signingKeyMs ? last : null;
  }

  /** Of several processes that make one at the same moment, each key is as good. */
  async #make(): Promise<SigningKey> {
    const createdMs = this.#clock.now();
    const { privateKey } = generateKeyPairSync('ed25519');
    const data: KeyData = { privateKey: privateKey.export({ format: 'jwk' }), createdMs };
    const id = newId('sk', createdMs);
    // Its last token ends some time after its last signature.
    const expiresMs = createdMs + limits.signingKeyMs + 2 * limits.accessTokenMs;
    await this.#records.put({ kind: 'signing-key', id, version: 1, owner: null, expiresMs, data });
    const key = signingKey(id, data);
    this.#keys = new Map([...this.#keys, [id, key]]);
    return key;
  }

  #readAgain(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const sinceMs = this.#clock.now() - this.#readMs;
    if (sinceMs < limits.signingKeysReadMs) await this.#clock.sleep(limits.signingKeysReadMs - sinceMs);
    const readMs = this.#clock.now();
    const { items } = await this.#records.list<KeyData>('signing-key', null, {
      limit: limits.maxSigningKeys,
      after: null,
    });
    const valid = items.filter(({ expiresMs }) => expiresMs !== null && expiresMs > readMs);
    this.#keys = new Map(valid.map(({ id, data }) => [id, this.#keys.get(id) ?? signingKey(id, data)]));
    this.#readMs = readMs;
  }
}

function signingKey(id: string, { privateKey: jwk, createdMs }: KeyData): SigningKey {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return { id, privateKey, publicKey: createPublicKey(privateKey), createdMs };
}
