/**
 * Sign-in by API key. A key is looked up by its id and compared by its hash, in the same time whether the id is known or not. Answers are
 * kept for some seconds, also that there is no such key, and a key that is read by many requests at the same time is read once: so the
 * store is asked little, and a revoked key ends soon on every process.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { LRUCache } from 'lru-cache';
import { limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { SmallRecord, SmallRecords } from '../ports/small-records.ts';
import { type AccessPorts, type Authenticator, type Credentials, type Identity, refused } from './access.ts';
import { anyRecord } from './any-record.ts';
import { keptForSeconds } from './kept-for-seconds.ts';
import { hashOfKey, KEY_PREFIX, readKeyText } from './key-text.ts';
import { isAdminKey, type KeyData, recordOf } from './keys.ts';

/** What is known of an id. */
interface Known {
  /** Null: there is no such key. */
  record: SmallRecord<KeyData> | null;
  hash: Buffer;
  hashBefore: Buffer;
  identity: Identity;
  /** When it was asked for. */
  readMs: number;
  /** Its use was noted since then. */
  noted: boolean;
}

/** What is worked out of the text of a key. */
interface Shown {
  text: string;
  id: string;
  hash: Buffer;
}

/** No key has this hash. It is compared with all the same, so that nobody learns by the time which ids exist. */
const NO_HASH = randomBytes(32);

const UNKNOWN = refused('the key is unknown here: it was revoked, or it is of another installation');
const REPLACED = refused('the key was replaced by a rotation: use the new one');
const EXPIRED = refused('the key has expired: ask for another one');

export class KeyAuthenticator implements Authenticator {
  readonly #records: SmallRecords;
  readonly #clock: Clock;
  readonly #known: LRUCache<string, Known>;
  /** By text, those that were right: hash and check sum cost as much as all the rest, and a client sends the same key each time. */
  readonly #right = new Map<string, Shown>();

  constructor({ store, clock }: AccessPorts) {
    this.#records = store.smallRecords;
    this.#clock = clock;
    const bounds = { max: limits.keysCached, ttl: limits.keyCachedMs };
    this.#known = keptForSeconds(bounds, clock, (id) => this.#read(id));
  }

  takes({ bearer }: Credentials): boolean {
    return bearer?.startsWith(KEY_PREFIX) ?? false;
  }

  identify({ bearer }: Credentials): Identity | Promise<Identity> {
    const shown = this.#right.get(bearer!) ?? read(bearer!);
    if ('fault' in shown) return refused(shown.fault);
    const known = this.#known.get(shown.id);
    if (known) {
      const identity = this.#judge(known, shown);
      // It may have been rotated since.
      if (identity !== UNKNOWN || this.#clock.now() - known.readMs < limits.keyReadAgainMs) return identity;
    }
    return this.#known
      .fetch(shown.id, { forceRefresh: known !== undefined })
      .then((found) => this.#judge(found!, shown));
  }

  knowsAdmin(): Promise<boolean> {
    const now = this.#clock.now();
    return anyRecord<KeyData>(this.#records, 'key', ({ data }) => isAdminKey(data, now));
  }

  #remember(shown: Shown): void {
    if (this.#right.has(shown.text)) return;
    if (this.#right.size >= limits.keysCached) this.#right.clear();
    this.#right.set(shown.text, shown);
  }

  async #read(id: string): Promise<Known> {
    const readMs = this.#clock.now();
    const record = await this.#records.get<KeyData>('key', id);
    const hash = record ? Buffer.from(record.data.hash, 'hex') : NO_HASH;
    const hashBefore = record?.data.before ? Buffer.from(record.data.before.hash, 'hex') : NO_HASH;
    return { record, hash, hashBefore, identity: identityOf(record), readMs, noted: false };
  }

  #judge(known: Known, shown: Shown): Identity {
    const isIt = timingSafeEqual(shown.hash, known.hash);
    const wasIt = timingSafeEqual(shown.hash, known.hashBefore);
    const { record } = known;
    if (!record || !(isIt || wasIt)) return UNKNOWN;
    const now = this.#clock.now();
    if (!isIt && record.data.before!.untilMs <= now) return REPLACED;
    if (record.data.expiresMs !== null && record.data.expiresMs <= now) return EXPIRED;
    this.#remember(shown);
    if (!known.noted && now - (record.data.lastUsedMs ?? 0) >= limits.keyUseNotedMs) {
      known.noted = true;
      // Whoever changed the key meanwhile wins, and the request does not wait: the next use is noted as well.
      const data = { ...record.data, lastUsedMs: now };
      this.#records.put(recordOf(record.id, record.version + 1, data)).catch(() => {});
    }
    return known.identity;
  }
}

function read(text: string): Shown | { fault: string } {
  const found = readKeyText(text);
  return 'fault' in found ? found : { text, id: found.id, hash: hashOfKey(text) };
}

function identityOf(record: SmallRecord<KeyData> | null): Identity {
  if (!record) return UNKNOWN;
  const { role, scopes, hubs } = record.data;
  return { principal: { name: `key:${record.id}`, role, scopes, hubs, email: null } };
}
