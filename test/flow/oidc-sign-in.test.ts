/** Browsers that sign in at an OpenID Connect issuer, and those who try to get into the sign-in of another. */
import { request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { BrowserCookies } from '../support/browser-cookies.ts';
import { problemOf } from '../support/http.ts';
import { ADMIN_KEY, bearer, startClosedService } from '../support/keys.ts';
import { type Issuer, PAGE_CLIENT, startIssuer } from '../support/oidc-issuer.ts';
import type { Service } from '../support/service.ts';

const SESSION = '__Host-oms';
const SIGN_IN = '__Host-oms-sign-in';

let issuer: Issuer;
let service: Service;
let callback: string;

beforeAll(async () => {
  issuer = await startIssuer();
  issuer.accounts = {
    'ada|1': { roles: ['staff'], email: 'Ada@Example.com', email_verified: true },
    'bob|2': { roles: ['shoppers'], email: 'bob@example.com', email_verified: true },
    'eve|3': { roles: ['shoppers'], email: 'bob@example.com', email_verified: false },
    'mallory|4': { roles: ['of another application'] },
  };
  service = await startClosedService({
    env: {
      ...{ OMS_OIDC_ISSUER: issuer.url, OMS_OIDC_CLIENT_ID: PAGE_CLIENT },
      OMS_OIDC_ROLES: 'staff=operator,shoppers=customer',
    },
  });
  callback = `${service.url}/auth/oidc/callback`;
  issuer.register(callback);
});

const own = () => ({ origin: service.url, 'sec-fetch-site': 'same-origin' });
const post = (browser: BrowserCookies, path: string, body?: object, headers: Record<string, string> = own()) =>
  browser.fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });

async function begin(browser: BrowserCookies): Promise<URL> {
  const response = await post(browser, '/auth/oidc');
  expect(response.status).toBe(200);
  return new URL(((await response.json()) as { url: string }).url);
}
/** The query with which the issuer sends the browser back. */
async function answerFor(browser: BrowserCookies, subject: string | null): Promise<string> {
  const { href } = await begin(browser);
  issuer.next = subject;
  return new URL(await browser.followTo(callback, href)).search;
}
const finish = (browser: BrowserCookies, answer: string) => post(browser, '/auth/oidc/session', { answer });
const me = (browser: BrowserCookies) => browser.fetch(`${service.url}/auth/me`);

async function signedIn(subject: string): Promise<BrowserCookies> {
  const browser = new BrowserCookies();
  expect((await finish(browser, await answerFor(browser, subject))).status).toBe(204);
  return browser;
}

describe('a browser', () => {
  test('goes to the issuer with a challenge, comes back with a code, and gets a session', async () => {
    expect(await (await fetch(`${service.url}/auth/ways`)).json()).toEqual({ password: true, oidc: true });
    const browser = new BrowserCookies();
    const url = await begin(browser);
    expect(url.origin).toBe(issuer.url);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...{ client_id: PAGE_CLIENT, response_type: 'code', scope: 'openid email', redirect_uri: callback },
      ...{ code_challenge: expect.stringMatching(/^[\w-]{43}$/), code_challenge_method: 'S256' },
      ...{ state: expect.stringMatching(/^[\w-]{43}$/), nonce: expect.stringMatching(/^[\w-]{43}$/) },
    });
    const page = await fetch(`${callback}?code=x`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');

    const answer = await answerFor(browser, 'ada|1');
    const response = await finish(browser, answer);
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie().map((one) => one.replace(/=[^;]*/, ''))).toEqual([
      `${SIGN_IN}; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict`,
      `${SESSION}; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Lax`,
    ]);
    expect(await (await me(browser)).json()).toEqual({
      ...{ principal: 'oidc:ada|1', role: 'operator', scopes: null, hubs: null, email: 'ada@example.com' },
    });
    const { items } = (await (
      await fetch(`${service.url}/audit?action=finishOidcSignIn`, { headers: bearer(ADMIN_KEY) })
    ).json()) as { items: object[] };
    expect(items[0]).toMatchObject({ target: 'oidc:ada|1 ada@example.com', status: 204 });
    expect(JSON.stringify(service.log)).not.toContain(new URLSearchParams(answer).get('code'));
  });

  test('of a customer sees the orders of the address, if the issuer has verified it', async () => {
    const browser = await signedIn('bob|2');
    expect(await (await me(browser)).json()).toMatchObject({ role: 'customer', email: 'bob@example.com' });
    expect((await browser.fetch(`${service.url}/orders`)).status).toBe(200);
    await problemOf(await browser.fetch(`${service.url}/files`), 403, 'forbidden');
  });

  test('signs out here, and everywhere', async () => {
    const [here, there, other] = [await signedIn('ada|1'), await signedIn('ada|1'), await signedIn('bob|2')];
    const out = (browser: BrowserCookies, path: string) =>
      browser.fetch(`${service.url}${path}`, { method: 'DELETE', headers: own() });
    const cookie = here.of(service.url).get(SESSION)!;
    expect((await out(here, '/auth/session')).status).toBe(204);
    here.of(service.url).set(SESSION, cookie);
    expect([(await me(here)).status, (await me(there)).status]).toEqual([401, 200]);
    const kept = there.of(service.url).get(SESSION)!;
    expect((await out(there, '/auth/sessions')).status).toBe(204);
    there.of(service.url).set(SESSION, kept);
    expect([(await me(there)).status, (await me(other)).status]).toEqual([401, 200]);
    const password = { old_password: 'x', new_password: 'correct horse battery' };
    const response = await other.fetch(`${service.url}/auth/password`, {
      ...{ method: 'PUT', body: JSON.stringify(password), headers: { ...own(), 'content-type': 'application/json' } },
    });
    await problemOf(response, 409, 'not_a_user');
  });

  test('has another session after each sign-in, whatever cookie it came with', async () => {
    const browser = new BrowserCookies();
    const planted = `se_${'0'.repeat(21)}.${'A'.repeat(43)}`;
    browser.of(service.url).set(SESSION, planted);
    expect((await finish(browser, await answerFor(browser, 'ada|1'))).status).toBe(204);
    const first = browser.of(service.url).get(SESSION)!;
    expect(first).not.toBe(planted);
    expect((await finish(browser, await answerFor(browser, 'ada|1'))).status).toBe(204);
    const second = browser.of(service.url).get(SESSION)!;
    browser.of(service.url).set(SESSION, first);
    expect([second === first, (await me(browser)).status]).toEqual([false, 401]);
  });
});

describe('nobody is signed in', () => {
  test.each([
    [null, 'did not let you in, or you cancelled'],
    ['mallory|4', 'none of the roles'],
    ['eve|3', 'an e-mail address that the issuer has verified'],
  ])('when %s comes back: who it is told why', async (subject, words) => {
    const browser = new BrowserCookies();
    const { detail } = await problemOf(
      await finish(browser, await answerFor(browser, subject)),
      403,
      'sign_in_refused',
    );
    expect(detail).toContain(words);
    expect(detail).not.toContain('script');
    expect([...browser.of(service.url).keys()]).toEqual([]);
  });

  test('by the answer for another browser, one of before, or a made-up one', async () => {
    const [victim, thief] = [new BrowserCookies(), new BrowserCookies()];
    const refused = async (browser: BrowserCookies, answer: string) => {
      const { detail } = await problemOf(await finish(browser, answer), 403, 'sign_in_refused');
      expect(detail).toContain('was not begun in this browser');
      expect(browser.of(service.url).has(SESSION)).toBe(false);
    };
    // A browser that began nothing, and one that began another sign-in, are given the answer for the thief.
    const answer = await answerFor(thief, 'ada|1');
    await refused(victim, answer);
    await begin(victim);
    await refused(victim, answer);
    // The thief kept the cookie: the code is good once.
    const kept = thief.of(service.url).get(SIGN_IN)!;
    expect((await finish(thief, answer)).status).toBe(204);
    thief.of(service.url).delete(SESSION);
    await refused(thief, answer);
    thief.of(service.url).set(SIGN_IN, kept);
    await refused(thief, answer);
    // A code of somebody else, with a state of one's own.
    const stolen = new URLSearchParams(await answerFor(victim, 'bob|2'));
    const mine = new URLSearchParams(await answerFor(thief, 'ada|1'));
    mine.set('code', stolen.get('code')!);
    await refused(thief, `?${mine}`);
    for (const made of [
      '',
      '?',
      '?code=x',
      '?code=x&state=',
      '?code=x&state=y&state=z',
      `?state=${'x'.repeat(7_000)}`,
      '#code=x',
      '?response=e30.e30.',
      '?code=x&iss=https%3A%2F%2Fevil.example',
    ]) {
      await begin(thief);
      await refused(thief, made);
    }
  });

  test.each([
    ['nonsense', 'nonsense'],
    ['another shape', '{"state":7}'],
    ['no verifier', '{"state":"s","nonce":"n","verifier":"","redirectUri":"http://127.0.0.1/"}'],
    ['no address', '{"state":"s","nonce":"n","verifier":"v","redirectUri":"javascript:"}'],
  ])('with %s in the cookie', async (_, value) => {
    const browser = new BrowserCookies();
    browser.of(service.url).set(SIGN_IN, encodeURIComponent(value));
    const response = await finish(browser, '?code=x&state=s');
    expect([response.status, browser.of(service.url).has(SESSION)]).toEqual([403, false]);
  });

  test.each([
    ['a body that is none', {}],
    ['an address to go to', { answer: '?code=x', return_to: 'https://evil.example' }],
    ['10,000 characters', { answer: 'x'.repeat(10_000) }],
  ])('by %s', async (_, body) => {
    await problemOf(await post(new BrowserCookies(), '/auth/oidc/session', body), 400, 'invalid_body');
  });

  test('for a page of another origin, which cannot begin, or finish, the sign-in of its visitor', async () => {
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const browser = new BrowserCookies();
    await problemOf(await post(browser, '/auth/oidc', undefined, foreign), 403, 'foreign_origin');
    const answer = await answerFor(browser, 'ada|1');
    await problemOf(await post(browser, '/auth/oidc/session', { answer }, foreign), 403, 'foreign_origin');
  });

  test('over a connection that is not encrypted, and nobody is sent to another host', async () => {
    const at = (host: string) =>
      new Promise<{ status: number; body: string }>((resolve, reject) => {
        const asked = request(`${service.url}/auth/oidc`, { method: 'POST', headers: { host } }, async (response) => {
          let body = '';
          for await (const block of response) body += String(block);
          resolve({ status: response.statusCode!, body });
        });
        asked.on('error', reject).end();
      });
    // The service listens on this machine: other names are foreign.
    expect(JSON.parse((await at('evil.example')).body)).toMatchObject({ code: 'foreign_host' });
    const { body } = await at('localhost:7');
    expect(new URL(JSON.parse(body).url).searchParams.get('redirect_uri')).toBe(
      'http://localhost:7/auth/oidc/callback',
    );
  });
});
