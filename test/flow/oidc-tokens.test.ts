/** Programs that send access tokens of an OpenID Connect issuer, and those who try what such a token must not do. */
import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { problemOf } from '../support/http.ts';
import { ADMIN_KEY, bearer, startClosedService } from '../support/keys.ts';
import { AUDIENCE, type Issuer, PROGRAM, startIssuer } from '../support/oidc-issuer.ts';
import type { Service } from '../support/service.ts';

let issuer: Issuer;
let foreign: Issuer;
let service: Service;

const settings = (url: string) => ({
  ...{ OMS_OIDC_ISSUER: url, OMS_OIDC_AUDIENCE: AUDIENCE },
  OMS_OIDC_ROLES: 'oms-admins=admin,staff=operator,readers=viewer,shoppers=customer',
});

beforeAll(async () => {
  [issuer, foreign] = await Promise.all([startIssuer(), startIssuer()]);
  issuer.accounts[PROGRAM] = { roles: ['staff', 'readers', 'of another application'] };
  foreign.accounts[PROGRAM] = { roles: ['oms-admins'] };
  service = await startClosedService({ env: settings(issuer.url) });
});

const me = (token: string, at = service) => fetch(`${at.url}/auth/me`, { headers: bearer(token) });
const refusedWith = async (token: string, words: string) => {
  const response = await me(token);
  expect(response.headers.get('www-authenticate')).toBe('Bearer realm="oms", error="invalid_token"');
  expect((await problemOf(response, 401, 'unauthenticated')).detail).toContain(words);
};
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

describe('a token of the issuer', () => {
  test('shows who sends a request, with the highest of the roles that are mapped', async () => {
    const token = await issuer.token();
    const known = { principal: `oidc:${PROGRAM}`, role: 'operator', scopes: null, hubs: null, email: null };
    for (let i = 0; i < 2; i++) expect(await (await me(token)).json()).toEqual(known);
    expect((await fetch(`${service.url}/orders`, { headers: bearer(token) })).status).toBe(200);
    await problemOf(await fetch(`${service.url}/keys`, { headers: bearer(token) }), 403, 'forbidden');
  });

  test.each([
    ['roles in a claim of one text', { roles: 'readers' }, { role: 'viewer', email: null }],
    ['a verified address', { email: 'Ada@Example.com', email_verified: true }, { email: 'ada@example.com' }],
    ['an address that nobody verified', { email: 'ada@example.com' }, { email: null }],
    ['an address that is verified in words', { email: 'ada@example.com', email_verified: 'true' }, { email: null }],
    [
      'a letter that becomes another in lower case',
      { email: '\u212ada@example.com', email_verified: true },
      { email: null },
    ],
    ['a customer', { roles: ['shoppers'], email: 'ada@example.com', email_verified: true }, { role: 'customer' }],
    ['another audience beside ours', { aud: ['account', AUDIENCE] }, { role: 'operator' }],
    ['clocks that differ a little', { iat: inSeconds(20), nbf: inSeconds(20) }, { role: 'operator' }],
  ])('is taken with %s', async (_, claims, expected) => {
    expect(await (await me(await issuer.sign(claims))).json()).toMatchObject(expected);
  });

  test.each([
    ['that has expired', { exp: inSeconds(-60) }, {}, 'has expired'],
    ['that never expires', { exp: undefined }, {}, 'when it expires'],
    ['that is not valid yet', { nbf: inSeconds(120) }, {}, 'not valid yet'],
    ['that was issued in the future', { iat: inSeconds(120) }, {}, 'in the future'],
    ['for another audience', { aud: 'https://other.example.com' }, {}, 'audience'],
    ['for nobody', { aud: undefined }, {}, 'audience'],
    ['of no one', { sub: undefined }, {}, 'whose it is'],
    ['of someone with a line break', { sub: 'ada\nroot' }, {}, 'whose it is'],
    ['without a role', { roles: undefined }, {}, 'none of the roles'],
    ['with roles of other applications', { roles: ['admin', 'operator', '__proto__'] }, {}, 'none of the roles'],
    ['with roles that are no texts', { roles: [{ staff: true }, 1] }, {}, 'none of the roles'],
    ['of a customer without a verified address', { roles: ['shoppers'], email: 'ada@example.com' }, {}, 'verified'],
    ['that is bound to a key', { cnf: { jkt: 'x' } }, {}, 'bound to a key'],
    ['of another kind', {}, { typ: 'logout+jwt' }, 'kind'],
    ['with a key that the issuer does not have', {}, { kid: 'k99' }, 'key that the issuer does not have'],
  ])('%s is refused', async (_, claims, header, words) => {
    await refusedWith(await issuer.sign(claims, header), words);
  });
});

describe('a token that was made up', () => {
  test('is refused: unsigned, signed with what is public, changed, of another issuer, of a key that it brings along', async () => {
    const claims = { iss: issuer.url, aud: AUDIENCE, sub: 'eve', roles: ['oms-admins'], exp: inSeconds(600) };
    await refusedWith(new UnsecuredJWT(claims).encode(), 'not taken here');
    const publicKey = issuer.key.publicKey.export({ type: 'spki', format: 'pem' });
    for (const secret of [publicKey, (publicKey as string).trim()])
      await refusedWith(
        await new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', kid: issuer.key.id })
          .sign(new TextEncoder().encode(secret as string)),
        'not taken here',
      );
    const [header, , signature] = (await issuer.sign()).split('.');
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    await refusedWith(`${header}.${payload}.${signature}`, 'signature');
    await refusedWith(`${header}.${payload}.`, 'signature');
    await refusedWith(await foreign.token(), 'not valid here');
    await refusedWith(await foreign.sign({ iss: issuer.url }), 'signature');
    const jwk = foreign.key.publicKey.export({ format: 'jwk' });
    for (const own of [{ jwk }, { jku: `${foreign.url}/jwks` }, { x5u: foreign.url }])
      await refusedWith(
        await foreign.sign({ iss: issuer.url }, { ...own, kid: 'k7' }),
        'key that the issuer does not have',
      );
    expect(foreign.asked).not.toContain('/jwks');
  });

  test.each([
    ['nothing in it', '..'],
    ['no JSON', `a.${Buffer.from('nonsense').toString('base64url')}.b`],
    ['null for an object', `a.${Buffer.from('null').toString('base64url')}.b`],
    ['only the name of the issuer', 'ISSUER'],
    ['13,000 characters', 'LONG'],
  ])('is refused: with %s', async (_, text) => {
    const named = (more: object) => Buffer.from(JSON.stringify({ iss: issuer.url, ...more })).toString('base64url');
    const token = { ISSUER: `e30.${named({})}.x`, LONG: `e30.${named({ more: 'x'.repeat(9_500) })}.x` }[text] ?? text;
    await problemOf(await me(token), 401, 'unauthenticated');
  });
});

describe('an issuer', () => {
  test('that rotates its keys is followed', async () => {
    const before = await issuer.sign();
    expect((await me(before)).status).toBe(200);
    issuer.rotate();
    const after = await issuer.token();
    await vi.waitFor(async () => expect((await me(after)).status).toBe(200), { timeout: 30_000, interval: 100 });
  });

  test('that is down does not stop the service, and what is known of its keys goes on', async () => {
    const other = await startIssuer();
    other.instead.set('/.well-known/openid-configuration', (_, response) => void response.writeHead(500).end());
    const at = await startClosedService({ env: settings(other.url) });
    const readiness = async () => (await fetch(`${at.url}/readyz`)).json();
    const [first, second] = [await other.sign(), await other.sign({ sub: 'grace' })];
    const response = await me(first, at);
    await problemOf(response, 503, 'issuer_unavailable');
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await readiness()).toMatchObject({ status: 'ready', issuer: { status: 'down' } });
    expect((await me(ADMIN_KEY, at)).status).toBe(200);

    other.instead.clear();
    await vi.waitFor(async () => expect((await me(first, at)).status).toBe(200), { timeout: 30_000, interval: 100 });
    expect(await readiness()).toMatchObject({ issuer: { status: 'up' } });
    await other.close();
    for (const token of [first, second]) expect((await me(token, at)).status).toBe(200);
    await vi.waitFor(
      async () => problemOf(await me(await other.sign({}, { kid: 'new' }), at), 503, 'issuer_unavailable'),
      { timeout: 30_000, interval: 100 },
    );
    expect(at.log.map(({ msg }) => msg)).toContain('the issuer does not answer: what is known of its keys goes on');
    expect(JSON.stringify(at.log)).not.toContain(first);
    await at.kill('SIGKILL');
  });
});
