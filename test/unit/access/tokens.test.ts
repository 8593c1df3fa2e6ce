/** Access tokens, the keys that sign them, and the refresh tokens that they are renewed with. */
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SigningKeys } from '../../../src/access/signing-keys.ts';
import { limits } from '../../../src/limits.ts';
import { ANYBODY } from '../../../src/model/access.ts';
import type { SmallRecords } from '../../../src/ports/small-records.ts';
import { attempt, bearer, EMAIL, openUsers, type TestUsers } from '../../support/users.ts';

let opened: TestUsers;
let elsewhere: TestUsers;

beforeAll(async () => {
  [opened, elsewhere] = await Promise.all([openUsers(), openUsers()]);
  await Promise.all([opened.create(), elsewhere.create()]);
});
afterAll(() => Promise.all([opened.close(), elsewhere.close()]));

const who = async (token: string, access = opened.there) => {
  const identity = await access.tokens.identify(bearer(token));
  return identity.principal ?? (identity as { refused: string | null }).refused;
};
const ADA = { name: `user:${EMAIL}`, role: 'operator', scopes: null, hubs: null, email: null };
const INVALID = 'the token is not valid here: sign in again';
const EXPIRED = 'the token has expired: ask for another one with the refresh token';
const SIGNED_OUT = 'you are signed out: sign in again';

describe('an access token', () => {
  test('is taken by every process, and names no person', async () => {
    const { access } = await opened.here.signIn(attempt());
    expect(opened.here.tokens.takes(bearer(access))).toBe(true);
    expect(await who(access)).toEqual(ADA);
    // Known by now.
    expect(opened.there.tokens.identify(bearer(access))).toEqual({ principal: ADA });
    const [header, payload] = access.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header!)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: expect.stringMatching(/^sk_/) });
    expect(Object.keys(JSON.parse(payload!)).toSorted()).toEqual(['aud', 'exp', 'gen', 'iat', 'iss', 'sub']);
    expect(payload).not.toContain(EMAIL);
  });

  test('ends after ten minutes', async () => {
    const { access } = await opened.here.signIn(attempt());
    opened.clock.pass(limits.accessTokenMs - 2_000);
    expect(await who(access)).toEqual(ADA);
    opened.clock.pass(3_000);
    expect(await who(access)).toBe(EXPIRED);
    expect(await who(access, opened.here)).toBe(EXPIRED);
  });

  test('is good only where it was made', async () => {
    const { access } = await elsewhere.here.signIn(attempt());
    expect(await who(access, elsewhere.there)).toEqual(ADA);
    expect(await who(access)).toBe(INVALID);
  });

  describe('that was made up', () => {
    let key: { id: string; privateKey: KeyObject; publicKey: KeyObject };
    let claims: Record<string, unknown>;

    beforeAll(async () => {
      const { access } = await opened.here.signIn(attempt());
      key = await new SigningKeys(opened.store.smallRecords, opened.clock).forSigning();
      claims = JSON.parse(Buffer.from(access.split('.')[1]!, 'base64url').toString());
    });

    const signed = (
      { alg = 'EdDSA', typ = 'at+jwt', kid = key.id, ...header }: Record<string, unknown> = {},
      change: Record<string, unknown> = {},
      by: KeyObject | Uint8Array = key.privateKey,
    ) => {
      const now = Math.floor(opened.clock.now() / 1000);
      const payload = { ...claims, iat: now, exp: now + 60, ...change };
      return new SignJWT(payload).setProtectedHeader({ alg, typ, kid, ...header } as never).sign(by);
    };
    const raw = (header: object, payload: object, signature: string) =>
      [...[header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')), signature].join(
        '.',
      );

    test('is taken when it is made exactly as ours, so that the tests below mean something', async () => {
      expect(await who(await signed())).toEqual(ADA);
    });

    test('is refused with "none" for an algorithm', async () => {
      const unsigned = new UnsecuredJWT(claims).encode();
      expect(opened.there.tokens.takes(bearer(unsigned))).toBe(false);
      for (const alg of ['none', 'None', 'NONE'])
        for (const signature of ['x', 'eA'])
          expect(await who(raw({ alg, typ: 'at+jwt', kid: key.id }, claims, signature))).toBe(INVALID);
    });

    test('is refused with the public key as the secret of HS256', async () => {
      const pem = await exportSPKI(key.publicKey);
      const jwk = key.publicKey.export({ format: 'jwk' });
      for (const secret of [pem, pem.trim(), jwk.x!, Buffer.from(jwk.x!, 'base64url'), JSON.stringify(jwk)])
        expect(await who(await signed({ alg: 'HS256' }, {}, Buffer.from(secret)))).toBe(INVALID);
      const signing = raw({ alg: 'HS256', typ: 'at+jwt', kid: key.id }, claims, '').slice(0, -1);
      const mac = createHmac('sha256', pem).update(signing).digest('base64url');
      expect(await who(`${signing}.${mac}`)).toBe(INVALID);
    });

    test('is refused with another key, under the id of ours, or in its header', async () => {
      const other = generateKeyPairSync('ed25519');
      const jwk = other.publicKey.export({ format: 'jwk' });
      expect(await who(await signed({}, {}, other.privateKey))).toBe(INVALID);
      expect(await who(await signed({ jwk }, {}, other.privateKey))).toBe(INVALID);
      expect(await who(await signed({ jku: 'http://127.0.0.1:1/keys' }, {}, other.privateKey))).toBe(INVALID);
      const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      expect(await who(await signed({ alg: 'ES256' }, {}, ec.privateKey))).toBe(INVALID);
    });

    test.each([
      ['of a key of nobody', { kid: 'sk_000000000000000000000' }, {}],
      ['of a key with another name', { kid: '../key/x' }, {}],
      ['of another type', { typ: 'JWT' }, {}],
      ['of another issuer', {}, { iss: 'https://evil.example' }],
      ['without an issuer', {}, { iss: undefined }],
      ['for somebody else', {}, { aud: 'another service' }],
      ['for nobody', {}, { aud: undefined }],
      ['about nobody', {}, { sub: undefined }],
      ['without an end', {}, { exp: undefined }],
      ['of no generation', {}, { gen: undefined }],
      ['for later', {}, { nbf: 4_000_000_000 }],
      ['with extensions that must be understood', { crit: ['x'], x: 1 }, {}],
    ])('is refused %s', async (_, header, change) => {
      const token = await signed(header, change).catch(() =>
        // The library signs no such token.
        raw({ alg: 'EdDSA', typ: 'at+jwt', kid: key.id, ...header }, { ...claims, ...change }, 'AAAA'),
      );
      expect(await who(token)).toBe(INVALID);
    });

    test('gives nothing beyond the record of its user', async () => {
      expect(await who(await signed({}, { role: 'admin', scopes: null, email: 'root@example.com' }))).toEqual(ADA);
      expect(await who(await signed({}, { gen: 'another' }))).toBe(SIGNED_OUT);
      expect(await who(await signed({}, { sub: 'u_000000000000000000000' }))).toBe(SIGNED_OUT);
      expect(await who(await signed({}, { sub: EMAIL }))).toBe(SIGNED_OUT);
    });

    test.each(['a.b.c', '..', 'x', `${'a'.repeat(3_000)}.b.c`, 'é.é.é', '{}.{}.{}'])(
      'is refused as %j',
      async (token) => {
        if (opened.there.tokens.takes(bearer(token))) expect(await who(token)).toBe(INVALID);
      },
    );
  });
});

describe('what a user may do', () => {
  test('counts within seconds on every process, whatever the token was made for', async () => {
    const { access } = await opened.here.signIn(attempt());
    const change = (rights: Parameters<typeof opened.here.change>[1]) => opened.here.change(EMAIL, rights, ANYBODY);
    expect([await who(access), await who(access, opened.here)]).toEqual([ADA, ADA]);
    await change({ role: 'viewer', hubs: ['HUB-1'] });
    const lessened = { ...ADA, role: 'viewer', hubs: ['HUB-1'] };
    expect(await who(access, opened.here)).toEqual(lessened);
    opened.clock.pass(4_000);
    expect(await who(access)).toEqual(lessened);
    await change({ role: 'operator', hubs: null, emailVerified: true });
    opened.clock.pass(4_000);
    expect(await who(access)).toEqual({ ...ADA, email: EMAIL });
    await change({ emailVerified: false });
  });

  test('ends when the user is disabled, and does not come back with what was signed in before', async () => {
    const { access, refresh } = await opened.here.signIn(attempt());
    await opened.here.change(EMAIL, { disabled: true }, ANYBODY);
    expect(await who(access, opened.here)).toBe(SIGNED_OUT);
    opened.clock.pass(4_000);
    expect(await who(access)).toBe(SIGNED_OUT);
    await opened.here.change(EMAIL, { disabled: false }, ANYBODY);
    opened.clock.pass(4_000);
    expect(await who(access)).toBe(SIGNED_OUT);
    await expect(opened.there.refresh(refresh)).rejects.toMatchObject({ code: 'sign_in_failed' });
  });
});

describe('signing keys', () => {
  test('are replaced after a week; tokens of the one before are taken to their end', async () => {
    const own = await openUsers();
    await own.create();
    const { here, there, clock } = own;
    const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid;
    const { access: first } = await here.signIn(attempt());
    clock.pass(limits.signingKeyMs - 1_000);
    const { access: last } = await here.signIn(attempt());
    expect([kidOf(first), await who(first, there)]).toEqual([kidOf(last), EXPIRED]);
    clock.pass(limits.signingKeyMs);
    const { access: old } = await here.signIn(attempt());
    clock.pass(limits.signingKeyMs - 60_000);
    const { access: before } = await here.signIn(attempt());
    expect(kidOf(before)).toBe(kidOf(old));
    clock.pass(120_000);
    const { access: after } = await here.signIn(attempt());
    expect(kidOf(after)).not.toBe(kidOf(before));
    expect([await who(before, there), await who(after, there)]).toEqual([ADA, ADA]);
    await own.close();
  });

  test('that nobody knows have the store asked once a second at most, and one of another process is found all the same', async () => {
    let reads = 0;
    const { smallRecords } = opened.store;
    const counting = new Proxy(smallRecords, {
      get: (records, name: keyof SmallRecords) =>
        name === 'list'
          ? (...args: Parameters<SmallRecords['list']>) => {
              reads++;
              return records.list(...args);
            }
          : records[name].bind(records),
    });
    const here = new SigningKeys(counting, opened.clock);
    await here.forSigning();
    reads = 0;
    const begunMs = opened.clock.now();
    const made = await new SigningKeys(smallRecords, {
      ...opened.clock,
      now: () => begunMs + limits.signingKeyMs,
    }).forSigning();
    const asked = Array.from({ length: 500 }, (_, i) => here.find(`sk_${String(i).padStart(21, '0')}`));
    const [found, ...unknown] = await Promise.all([here.find(made.id), ...asked]);
    expect(found!.id).toBe(made.id);
    expect(new Set(unknown)).toEqual(new Set([null]));
    expect(reads).toBe(1);
    for (let i = 0; i < 10; i++) await here.find('sk_999999999999999999999');
    expect(reads).toBeLessThanOrEqual(1 + (opened.clock.now() - begunMs) / 1_000);
    for (let i = 0; i < 10; i++) await here.find('none of ours');
    expect(reads).toBe(11);
  });
});

describe('a refresh token', () => {
  const refused = { code: 'sign_in_failed' };

  test('gives an access token and the next refresh token, on every process', async () => {
    const first = await opened.here.signIn(attempt());
    const second = await opened.there.refresh(first.refresh);
    const third = await opened.here.refresh(second.refresh);
    expect(new Set([first.refresh, second.refresh, third.refresh]).size).toBe(3);
    expect(await who(third.access)).toEqual(ADA);
  });

  test('that is used again later ends its family, whoever has the newest one', async () => {
    const { refresh: first } = await opened.here.signIn(attempt());
    const { refresh: other } = await opened.here.signIn(attempt());
    const { refresh: second } = await opened.here.refresh(first);
    const { refresh: third } = await opened.here.refresh(second);
    await expect(opened.here.refresh(first)).rejects.toMatchObject(refused);
    await expect(opened.here.refresh(third)).rejects.toMatchObject(refused);
    await opened.here.refresh(other);
  });

  test('ends its family also when it is only the last one and some time has passed', async () => {
    const { refresh: first } = await opened.here.signIn(attempt());
    const { refresh: second } = await opened.here.refresh(first);
    opened.clock.pass(limits.refreshAgainMs);
    await expect(opened.here.refresh(first)).rejects.toMatchObject(refused);
    await expect(opened.here.refresh(second)).rejects.toMatchObject(refused);
  });

  test('that is sent several times at the same moment has one next token, and nobody is signed out', async () => {
    const { refresh } = await opened.here.signIn(attempt());
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 ? opened.here : opened.there).refresh(refresh)),
    );
    expect(new Set(answers.map((answer) => answer.refresh)).size).toBe(1);
    opened.clock.pass(limits.refreshAgainMs - 1_000);
    const again = await opened.there.refresh(refresh);
    expect(again.refresh).toBe(answers[0]!.refresh);
    await opened.here.refresh(again.refresh);
  });

  test('that was guessed ends nothing', async () => {
    const { refresh } = await opened.here.signIn(attempt());
    const [, , id, number] = refresh.split('_');
    const guesses = [
      '',
      'omsr_',
      refresh.slice(0, -1),
      `omsr_tf_${id}_${number}_${'A'.repeat(43)}`,
      `omsr_tf_${id}_0_${'A'.repeat(43)}`,
      refresh.replace(`_${number}_`, '_0_'),
      refresh.replace(`_${number}_`, '_2_'),
      refresh.replace(`_${number}_`, '_999999999_'),
      refresh.replace(id!, '0'.repeat(21)),
      `${refresh}\n`,
    ];
    for (const guess of guesses) await expect(opened.here.refresh(guess)).rejects.toMatchObject(refused);
    await opened.here.refresh(refresh);
  });

  test('ends after 30 days, however often it was used', async () => {
    let { refresh } = await opened.here.signIn(attempt());
    for (let day = 0; day < 29; day++) {
      opened.clock.pass(24 * 60 * 60_000);
      ({ refresh } = await opened.here.refresh(refresh));
    }
    opened.clock.pass(24 * 60 * 60_000);
    await expect(opened.here.refresh(refresh)).rejects.toMatchObject(refused);
  });

  test('is not in the store, neither is one that could be derived from it', async () => {
    const { refresh: first } = await opened.here.signIn(attempt());
    const { refresh: second } = await opened.here.refresh(first);
    const { items } = await opened.store.smallRecords.list('token-family', null, { limit: 1_000, after: null });
    const text = JSON.stringify(items);
    for (const token of [first, second]) {
      const secret = Buffer.from(token.split('_').slice(4).join('_'), 'base64url');
      for (const form of ['base64', 'base64url', 'hex'] as const) expect(text).not.toContain(secret.toString(form));
    }
  });

  test('is one of 50 of a user: the oldest gives way', async () => {
    const user = { email: 'many@example.com' };
    await opened.create(user);
    const tokens = [];
    for (let i = 0; i <= limits.signInsOfUser; i++) {
      opened.clock.pass(1);
      tokens.push((await opened.here.signIn(attempt(user))).refresh);
    }
    await expect(opened.here.refresh(tokens[0]!)).rejects.toMatchObject(refused);
    await opened.here.refresh(tokens[1]!);
    await opened.here.refresh(tokens.at(-1)!);
  });
});
