/** Sign-in by key on a real store, with a clock of its own: what each process knows of a key, and for how long. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Credentials, Identity } from '../../../src/access/access.ts';
import { KeyAuthenticator } from '../../../src/access/by-key.ts';
import { newKeyId, newKeyText } from '../../../src/access/key-text.ts';
import { type KeyGrant, Keys } from '../../../src/access/keys.ts';
import { OmsError } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import { ANYBODY, type Principal } from '../../../src/model/access.ts';
import { type Clock, systemClock } from '../../../src/ports/clock.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import type { SmallRecords } from '../../../src/ports/small-records.ts';
import { sqliteOrderStore } from '../../support/adapters/sqlite.ts';
import type { Opened } from '../../support/adapters.ts';

let opened: Opened<OrderStore>;
let nowMs = Date.parse('2026-11-20T14:03:00Z');
/** Waiting makes it later. */
const clock: Clock = {
  ...systemClock,
  now: () => nowMs,
  sleep: async (ms) => {
    nowMs += ms;
  },
};
let keys: Keys;
beforeAll(async () => {
  opened = await sqliteOrderStore.open();
  keys = new Keys({ store: opened.first, clock });
});
afterAll(() => opened.close());

/** A process of its own, which counts how often it asks the store. */
function newProcess() {
  const asked = { reads: 0, down: false };
  const records = opened.second.smallRecords;
  const counting: SmallRecords = {
    ...records,
    get(kind, id) {
      asked.reads++;
      if (asked.down) return Promise.reject(new OmsError('store_unavailable', 'down', { retryable: true }));
      return records.get(kind, id);
    },
  };
  const authenticator = new KeyAuthenticator({ store: { smallRecords: counting }, clock });
  const identify = async (bearer: string) => authenticator.identify({ bearer, session: null, local: false });
  return { asked, authenticator, identify };
}

const grant = (values: Partial<KeyGrant> = {}): KeyGrant => ({
  ...{ name: 'CI', role: 'operator', scopes: null, hubs: null, expiresMs: null },
  ...values,
});
const refused = (why: string) => ({ principal: null, refused: expect.stringContaining(why) });

test('a key is its principal, with its role, scopes and hubs', async () => {
  const { identify } = newProcess();
  const key = await keys.create(grant({ scopes: ['orders:read'], hubs: ['HUB-1'] }), ANYBODY);
  expect(await identify(key.text)).toEqual({
    principal: { name: `key:${key.id}`, role: 'operator', scopes: ['orders:read'], hubs: ['HUB-1'], email: null },
  });
});

test('the store has no key, only hashes', async () => {
  const key = await keys.create(grant(), ANYBODY);
  const stored = JSON.stringify(await opened.first.smallRecords.get('key', key.id));
  expect(stored).not.toContain(key.text.slice(-49));
  expect(JSON.stringify(await keys.list({ limit: 1000, after: null }))).not.toContain('hash');
});

test('unknown, wrong and mistyped secrets are refused, and unknown and wrong ones alike', async () => {
  const { identify, asked } = newProcess();
  const key = await keys.create(grant(), ANYBODY);
  const wrong = await identify(newKeyText(key.id));
  expect(wrong).toEqual(refused('unknown'));
  expect(await identify(newKeyText(newKeyId()))).toEqual(wrong);
  const reads = asked.reads;
  expect(await identify(`${key.text.slice(0, -1)}${key.text.endsWith('0') ? '1' : '0'}`)).toEqual(refused('typo'));
  expect(asked.reads).toBe(reads);
});

test('the store is asked once for many requests, of keys that exist and that do not', async () => {
  const { identify, asked } = newProcess();
  for (const text of [(await keys.create(grant(), ANYBODY)).text, newKeyText(newKeyId())]) {
    asked.reads = 0;
    await Promise.all(Array.from({ length: 50 }, () => identify(text)));
    for (let i = 0; i < 50; i++) await identify(text);
    expect(asked.reads).toBe(1);
  }
});

test('a known and an unknown id cost the store the same, however often they are tried', async () => {
  const { identify, asked } = newProcess();
  const readsOf = async (id: string) => {
    const before = asked.reads;
    for (let i = 0; i < 20; i++) {
      await identify(newKeyText(id));
      nowMs += 100;
    }
    return asked.reads - before;
  };
  const known = await readsOf((await keys.create(grant(), ANYBODY)).id);
  expect(known).toBeLessThan(10);
  expect(await readsOf(newKeyId())).toBe(known);
});

test('a revoked key ends within 5 s on every process', async () => {
  const processes = [newProcess(), newProcess()];
  const key = await keys.create(grant(), ANYBODY);
  for (const { identify } of processes) expect((await identify(key.text)).principal).not.toBeNull();
  expect(await keys.revoke(key.id)).toBe(true);
  expect(await keys.revoke(key.id)).toBe(false);
  nowMs += 5_000;
  for (const { identify } of processes) expect(await identify(key.text)).toEqual(refused('revoked'));
});

test('an expired key ends at once, and its client is told', async () => {
  const { identify } = newProcess();
  const key = await keys.create(grant({ expiresMs: nowMs + 1_000 }), ANYBODY);
  expect((await identify(key.text)).principal).not.toBeNull();
  nowMs += 1_000;
  expect(await identify(key.text)).toEqual(refused('expired'));
  await expect(keys.rotate(key.id, 0, ANYBODY)).rejects.toMatchObject({ code: 'key_expired' });
});

test('a rotated key has a new secret at once on every process, and the old one for as long as said', async () => {
  const processes = [newProcess(), newProcess()];
  const key = await keys.create(grant(), ANYBODY);
  for (const { identify } of processes) await identify(key.text);
  const rotated = await keys.rotate(key.id, 60_000, ANYBODY);
  expect(rotated).toMatchObject({ id: key.id, name: 'CI' });
  const both = async (): Promise<Identity[][]> =>
    Promise.all(processes.map(({ identify }) => Promise.all([identify(rotated.text), identify(key.text)])));
  const principal = expect.objectContaining({ principal: expect.objectContaining({ name: `key:${key.id}` }) });
  expect(await both()).toEqual([
    [principal, principal],
    [principal, principal],
  ]);
  nowMs += 60_000;
  expect(await both()).toEqual([
    [principal, refused('rotation')],
    [principal, refused('rotation')],
  ]);
});

test('while the store is down keys in memory go on, and others get 503', async () => {
  const { identify, asked } = newProcess();
  const [known, other] = await Promise.all([keys.create(grant(), ANYBODY), keys.create(grant(), ANYBODY)]);
  await identify(known.text);
  asked.down = true;
  expect((await identify(known.text)).principal).not.toBeNull();
  await expect(identify(other.text)).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
  asked.down = false;
  expect((await identify(other.text)).principal).not.toBeNull();
});

test('the last use is noted at most once a minute, and a request does not wait for it', async () => {
  const { identify } = newProcess();
  const key = await keys.create(grant(), ANYBODY);
  const record = () => opened.first.smallRecords.get<{ lastUsedMs: number | null }>('key', key.id);
  const usedMs = nowMs;
  await identify(key.text);
  await expect.poll(async () => (await record())?.data.lastUsedMs).toBe(usedMs);
  for (let i = 0; i < 15; i++) {
    nowMs += limits.keyCachedMs;
    await identify(key.text);
  }
  expect(await record()).toMatchObject({ version: 2 });
  nowMs = usedMs + limits.keyUseNotedMs;
  await identify(key.text);
  await expect.poll(async () => (await record())?.data.lastUsedMs).toBe(nowMs);
});

test('a use that is noted late brings back neither a revoked key nor the secret before a rotation', async () => {
  const { identify } = newProcess();
  const [revoked, rotated] = await Promise.all([keys.create(grant(), ANYBODY), keys.create(grant(), ANYBODY)]);
  await Promise.all([identify(revoked.text), identify(rotated.text)]);
  await keys.revoke(revoked.id);
  const { text } = await keys.rotate(rotated.id, 0, ANYBODY);
  nowMs += limits.keyCachedMs;
  expect((await identify(text)).principal).not.toBeNull();
  expect(await identify(rotated.text)).toEqual(refused('unknown'));
  expect(await opened.first.smallRecords.get('key', revoked.id)).toBeNull();
});

test('who may sign in as an admin is told from the rest', async () => {
  const { authenticator } = newProcess();
  const all = await keys.list({ limit: 1000, after: null });
  for (const { id } of all.items) await keys.revoke(id);
  const knows = async (values: Partial<KeyGrant>) => {
    const { id } = await keys.create(grant(values), ANYBODY);
    const known = await authenticator.knowsAdmin();
    await keys.revoke(id);
    return known;
  };
  expect(await knows({ role: 'admin' })).toBe(true);
  expect(await knows({ role: 'operator' })).toBe(false);
  expect(await knows({ role: 'admin', scopes: ['files:read'] })).toBe(false);
  expect(await knows({ role: 'admin', hubs: ['HUB-1'] })).toBe(false);
  expect(await knows({ role: 'admin', expiresMs: nowMs })).toBe(false);
});

const admin = (values: Partial<Principal>): Principal => ({ ...ANYBODY, name: 'key:test', ...values });
test.each([
  ['a role', admin({ role: 'operator' }), { role: 'admin' }],
  ['scopes', admin({ scopes: ['access:write', 'files:read'] }), { role: 'viewer' }],
  ['a scope', admin({ scopes: ['access:write'] }), { role: 'admin', scopes: ['audit:read'] }],
  ['all hubs', admin({ hubs: ['HUB-1'] }), {}],
  ['a hub', admin({ hubs: ['HUB-1'] }), { hubs: ['HUB-1'] }],
] as const)('nobody gives a key %s beyond their own, or rotates such a key', async (_, by, values) => {
  await expect(keys.create(grant(values), by)).rejects.toMatchObject({ code: 'forbidden' });
  const { id } = await keys.create(grant(values), ANYBODY);
  await expect(keys.rotate(id, 0, by)).rejects.toMatchObject({ code: 'forbidden' });
});

test('only bearers that look like keys are taken', () => {
  const { authenticator } = newProcess();
  const takes = (credentials: Partial<Credentials>) =>
    authenticator.takes({ bearer: null, session: null, local: false, ...credentials });
  expect([
    takes({ bearer: 'oms_x' }),
    takes({ bearer: 'eyJ.x.y' }),
    takes({ bearer: '' }),
    takes({ local: true }),
  ]).toEqual([...[true, false, false, false]]);
});

test('there are at most so many keys, which the last one is told', async () => {
  const { items } = await opened.first.smallRecords.list('key', null, { limit: 1_000, after: null });
  const full = new Keys({ store: opened.first, clock }, items.length + 1);
  const { id } = await full.create(grant({}), ANYBODY);
  await expect(full.create(grant({}), ANYBODY)).rejects.toMatchObject({ code: 'too_many_keys' });
  await full.revoke(id);
  await full.create(grant({}), ANYBODY);
});
