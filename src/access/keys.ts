/**
 * The API keys: made, listed, revoked, rotated. What is kept of one is a hash, see `key-text.ts`. Who makes a key gives nothing that it
 * does not have itself.
 */
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type AccessRole, mayAdminister, type Principal, type Scope } from '../model/access.ts';
import type { Page, PageRequest } from '../ports/page.ts';
import type { SmallRecord } from '../ports/small-records.ts';
import type { AccessPorts } from './access.ts';
import { areAtLeast } from './any-record.ts';
import { mayGrant } from './grants.ts';
import { hashOfKey, isKeyId, newKeyId, newKeyText } from './key-text.ts';

/** What a key allows, and until when. Customers are users with a verified e-mail, never keys. */
export interface KeyGrant {
  name: string;
  role: Exclude<AccessRole, 'customer'>;
  /** Null: all that the role may have. */
  scopes: readonly Scope[] | null;
  /** Null: all. */
  hubs: readonly string[] | null;
  expiresMs: number | null;
}

/** As stored. */
export interface KeyData extends KeyGrant {
  /** In hexadecimal digits. */
  hash: string;
  /** The hash before the last rotation, and until when it is taken. */
  before: { hash: string; untilMs: number } | null;
  createdMs: number;
  createdBy: string | null;
  lastUsedMs: number | null;
}

export type Key = Omit<KeyData, 'hash' | 'before'> & {
  id: string;
  /** Until when the secret before the last rotation is taken; null: there is none. */
  beforeUntilMs: number | null;
};

/** With the only copy of its text. */
export type NewKey = Key & { text: string };

export class Keys {
  readonly #ports: AccessPorts;
  readonly #most: number;

  constructor(ports: AccessPorts, most: number = limits.maxKeys) {
    this.#ports = ports;
    this.#most = most;
  }

  /** Throws `forbidden` for more than `by` has, and `too_many_keys`. */
  async create(grant: KeyGrant, by: Principal): Promise<NewKey> {
    mayGrant(by, grant);
    if (await areAtLeast(this.#ports.store.smallRecords, 'key', this.#most))
      throw new OmsError('too_many_keys', `there are ${this.#most} keys, and no more can be: revoke some`);
    const id = newKeyId();
    const text = newKeyText(id);
    const data: KeyData = {
      ...grant,
      hash: hashOfKey(text).toString('hex'),
      before: null,
      createdMs: this.#ports.clock.now(),
      createdBy: by.name,
      lastUsedMs: null,
    };
    await this.#ports.store.smallRecords.put(recordOf(id, 1, data));
    return { ...shown(id, data), text };
  }

  async list(page: PageRequest): Promise<Page<Key>> {
    const { items, next } = await this.#ports.store.smallRecords.list<KeyData>('key', null, page);
    return { items: items.map(({ id, data }) => shown(id, data)), next };
  }

  /** Returns whether there was one. Other processes may take it for some seconds more, see `limits.keyCachedMs`. */
  async revoke(id: string): Promise<boolean> {
    return isKeyId(id) && this.#ports.store.smallRecords.delete('key', id);
  }

  /**
   * Gives the key a new secret; the one it had is taken for `validMs` more. Throws `not_found`, `forbidden` for a key that may do more
   * than `by`, `key_expired`.
   */
  async rotate(id: string, validMs: number, by: Principal): Promise<NewKey> {
    for (let round = 0; round < limits.accessRounds; round++) {
      const record = isKeyId(id) ? await this.#ports.store.smallRecords.get<KeyData>('key', id) : null;
      if (!record) throw new OmsError('not_found', `there is no key "${id.slice(0, 100)}"`);
      const { data, version } = record;
      mayGrant(by, data);
      const now = this.#ports.clock.now();
      if (data.expiresMs !== null && data.expiresMs <= now)
        throw new OmsError('key_expired', 'the key has expired: create another one');
      const text = newKeyText(id);
      const before = validMs > 0 ? { hash: data.hash, untilMs: now + validMs } : null;
      const rotated = { ...data, hash: hashOfKey(text).toString('hex'), before };
      if (!(await this.#ports.store.smallRecords.put(recordOf(id, version + 1, rotated)))) continue;
      // After this each process reads the key again before it refuses the new secret.
      await this.#ports.clock.sleep(limits.keyReadAgainMs);
      return { ...shown(id, rotated), text };
    }
    throw new OmsError('store_contention', 'the key is being changed by others: try again', { retryable: true });
  }
}

/** Whether it could administer access at this time. */
export const isAdminKey = (key: KeyData, nowMs: number): boolean =>
  mayAdminister(key) && (key.expiresMs ?? Number.POSITIVE_INFINITY) > nowMs;

export const recordOf = (id: string, version: number, data: KeyData): SmallRecord<KeyData> => ({
  kind: 'key',
  id,
  version,
  owner: null,
  expiresMs: data.expiresMs === null ? null : data.expiresMs + limits.expiredKeyKeptMs,
  data,
});

function shown(id: string, { hash: _, before, ...data }: KeyData): Key {
  return { id, ...data, beforeUntilMs: before?.untilMs ?? null };
}
