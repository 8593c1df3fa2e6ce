/** Users sign in over HTTP: programs by tokens, browsers by a session, and those who try what they may not. */
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { problemOf, send } from '../support/http.ts';
import { type Service, startService, temporaryDirectory } from '../support/service.ts';
import { openWebSocket } from '../support/web-socket.ts';

const ADMIN_KEY = 'a-secret-of-the-tests-that-nobody-guesses';
const PASSWORD = 'correct horse battery';
const JSON_TYPE = { 'content-type': 'application/json' };

let service: Service;
let admin: Record<string, string>;

beforeAll(async () => {
  const file = join(await temporaryDirectory(), 'admin-key');
  await writeFile(file, ADMIN_KEY);
  const env = {
    OMS_AUTH: 'required',
    OMS_ADMIN_KEY_FILE: file,
    OMS_RATE_LIMIT: 'off',
    OMS_ALLOWED_HOSTS: 'orders.example.com',
  };
  service = await startService({ env });
  admin = { authorization: `Bearer ${ADMIN_KEY}` };
});

let users = 0;
/** A user of its own for each test, so that failures of one do not slow another. */
async function newUser(values: Record<string, unknown> = {}): Promise<string> {
  const email = `user${++users}@example.com`;
  const response = await send(
    service,
    'POST',
    '/users',
    { email, password: PASSWORD, role: 'operator', ...values },
    admin,
  );
  expect(response.status).toBe(201);
  return email;
}

interface Tokens {
  access_token: string;
  expires_in: number;
  refresh_token: string;
}

const signIn = (email: string, password = PASSWORD) => send(service, 'POST', '/auth/token', { email, password });
const tokensOf = async (response: Response) => {
  expect(response.status).toBe(200);
  return (await response.json()) as Tokens;
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const me = (headers: Record<string, string>) => fetch(`${service.url}/auth/me`, { headers });

/** `name=value` of the session. */
async function beginSession(email: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await send(service, 'POST', '/auth/session', { email, password: PASSWORD }, headers);
  expect(response.status).toBe(204);
  return response.headers.getSetCookie()[0]!.split(';')[0]!;
}
/** As the service's own page sends it. */
const own = (cookie: string) => ({ cookie, origin: service.url, 'sec-fetch-site': 'same-origin' });

describe('a program', () => {
  test('signs in, works, and renews its token', async () => {
    const email = await newUser();
    const tokens = await tokensOf(await signIn(email));
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
    expect(await (await me(bearer(tokens.access_token))).json()).toEqual({
      ...{ principal: `user:${email}`, role: 'operator', scopes: null, hubs: null, email: null },
    });
    const upload = await fetch(`${service.url}/orders`, { headers: bearer(tokens.access_token) });
    expect(upload.status).toBe(200);
    const renewed = await tokensOf(await send(service, 'POST', '/auth/token', { refresh_token: tokens.refresh_token }));
    expect((await me(bearer(renewed.access_token))).status).toBe(200);
    const stolen = await send(service, 'POST', '/auth/token', { refresh_token: `${tokens.refresh_token}x` });
    await problemOf(stolen, 401, 'sign_in_failed');
  });

  test('learns nothing about who is a user', async () => {
    const email = await newUser();
    const disabled = await newUser();
    expect((await send(service, 'PATCH', `/users/${disabled}`, { disabled: true }, admin)).status).toBe(200);
    const answers = [];
    for (const [address, password] of [
      [email, 'not the password'],
      ['nobody@example.com', PASSWORD],
      [disabled, PASSWORD],
    ] as const)
      answers.push(await problemOf(await signIn(address, password), 401, 'sign_in_failed'));
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  test('that guesses is told to wait', async () => {
    const email = await newUser();
    for (let i = 0; i < 5; i++) await problemOf(await signIn(email, `guess ${i}`), 401, 'sign_in_failed');
    const response = await signIn(email);
    await problemOf(response, 429, 'rate_limited');
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    // Others are not.
    await tokensOf(await signIn(await newUser()));
  });

  test.each([
    ['an unknown member', { email: 'a@example.com', password: PASSWORD, role: 'admin' }],
    ['no password', { email: 'a@example.com' }],
    ['a list', []],
    ['another kind of value', { email: { $ne: null }, password: { $ne: null } }],
    ['both kinds at once', { email: 'a@example.com', password: PASSWORD, refresh_token: 'x' }],
  ])('is refused with %s', async (_, body) => {
    await problemOf(await send(service, 'POST', '/auth/token', body), 400, 'invalid_body');
  });

  test.each(['a.b.c', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1In0.', 'x', `${'a'.repeat(4_000)}.b.c`])(
    'is refused with the token %s',
    async (token) => {
      const response = await me(bearer(token));
      await problemOf(response, 401, 'unauthenticated');
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="oms", error="invalid_token"');
    },
  );
});

describe('a browser', () => {
  test('gets a cookie that no script reads, no other host gets, and nothing sends without TLS', async () => {
    const email = await newUser();
    const response = await send(service, 'POST', '/auth/session', { email, password: PASSWORD });
    const [cookie, ...others] = response.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toMatch(
      /^__Host-oms=se_[0-9a-z]{21}\.[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('reads, changes, and follows events by it', async () => {
    const cookie = await beginSession(await newUser());
    const order = await send(
      service,
      'PUT',
      '/inventory',
      { items: [{ sku: 'A', hub_id: 'H', available: 1 }] },
      own(cookie),
    );
    expect(order.status).toBe(200);
    const events = await fetch(`${service.url}/events`, { headers: { cookie } });
    expect(events.headers.get('content-type')).toBe('text/event-stream');
    await events.body!.cancel();
    const opened = await openWebSocket(service, '/ws', { headers: { cookie, origin: service.url } });
    expect(opened).toHaveProperty('webSocket');
    if ('webSocket' in opened) opened.webSocket.terminate();
    for (const origin of [undefined, 'http://evil.example'])
      await problemOf(
        (await openWebSocket(service, '/ws', { headers: { cookie, ...(origin && { origin }) } })) as Response,
        403,
        'foreign_origin',
      );
  });

  test.each([
    ['a form or a script of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a page of a subdomain', { origin: 'http://shop.localhost:8080', 'sec-fetch-site': 'same-site' }],
    ['a page of another port', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
    ['a page without an origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a page without an origin in an old browser', { origin: 'null' }],
    ['a browser that names only the site', { 'sec-fetch-site': 'cross-site' }],
    ['nothing that says where it comes from', {}],
  ])('does nothing for %s', async (_, headers) => {
    const email = await newUser();
    const cookie = await beginSession(email);
    const stock = { items: [{ sku: 'CSRF', hub_id: 'H', available: 1 }] };
    const form = { cookie, ...headers, 'content-type': 'text/plain' } as Record<string, string>;
    for (const response of [
      await send(service, 'PUT', '/inventory', stock, { cookie, ...headers } as Record<string, string>),
      await fetch(`${service.url}/inventory/adjust`, { method: 'POST', headers: form, body: JSON.stringify(stock) }),
      await fetch(`${service.url}/auth/sessions`, { method: 'DELETE', headers: form }),
      await fetch(`${service.url}/api/v1/auth/session`, { method: 'DELETE', headers: form }),
    ])
      await problemOf(response, 403, 'foreign_origin');
    expect((await me({ cookie })).status).toBe(200);
  });

  test('signs out here, and everywhere', async () => {
    const email = await newUser();
    const [here, there] = [await beginSession(email), await beginSession(email)];
    const { refresh_token } = await tokensOf(await signIn(email));
    const out = await send(service, 'DELETE', '/auth/session', undefined, own(here));
    expect(out.status).toBe(204);
    expect(out.headers.getSetCookie()[0]).toMatch(/^__Host-oms=; Max-Age=0; Path=\/; .*Secure/);
    expect([(await me({ cookie: here })).status, (await me({ cookie: there })).status]).toEqual([401, 200]);
    expect((await send(service, 'DELETE', '/auth/session', undefined, own(here))).status).toBe(204);
    expect((await send(service, 'DELETE', '/auth/sessions', undefined, own(there))).status).toBe(204);
    const ended = await me({ cookie: there });
    await problemOf(ended, 401, 'unauthenticated');
    await problemOf(await send(service, 'POST', '/auth/token', { refresh_token }), 401, 'sign_in_failed');
  });

  test('has another session after each sign-in, whatever cookie it came with', async () => {
    const email = await newUser();
    const planted = `__Host-oms=se_${'0'.repeat(21)}.${'A'.repeat(43)}`;
    const first = await beginSession(email, own(planted));
    expect(first).not.toBe(planted);
    expect((await me({ cookie: planted })).status).toBe(401);
    const second = await beginSession(email, own(first));
    expect([(await me({ cookie: first })).status, (await me({ cookie: second })).status]).toEqual([401, 200]);
  });

  test('changes its password, and stays signed in alone', async () => {
    const email = await newUser();
    const [here, there] = [await beginSession(email), await beginSession(email)];
    const change = (old_password: string, new_password: string) =>
      send(service, 'PUT', '/auth/password', { old_password, new_password }, own(here));
    await problemOf(await change('not the password', 'another horse battery'), 403, 'wrong_password');
    await problemOf(await change(PASSWORD, 'too short'), 422, 'password_refused');
    const changed = await change(PASSWORD, 'another horse battery');
    expect(changed.status).toBe(204);
    const cookie = changed.headers.getSetCookie()[0]!.split(';')[0]!;
    expect((await me({ cookie })).status).toBe(200);
    for (const old of [here, there]) expect((await me({ cookie: old })).status).toBe(401);
    await tokensOf(await signIn(email, 'another horse battery'));
  });

  test('is sent to no issuer where there is none', async () => {
    expect(await (await fetch(`${service.url}/auth/ways`)).json()).toEqual({ password: true, oidc: false });
    await problemOf(await send(service, 'POST', '/auth/oidc'), 404, 'not_found');
    await problemOf(await send(service, 'POST', '/auth/oidc/session', { answer: '?code=x' }), 404, 'not_found');
  });

  test('is told where it would drop the cookie, as the connection is not encrypted', async () => {
    const email = await newUser();
    /** `fetch` lets nobody choose the host. */
    const at = (host: string, headers: Record<string, string> = {}) =>
      new Promise<{ status: number; body: string; cookie: string[] }>((resolve, reject) => {
        const asked = request(
          `${service.url}/auth/session`,
          { method: 'POST', headers: { host, ...JSON_TYPE, ...headers } },
          async (response) => {
            let body = '';
            for await (const block of response) body += String(block);
            resolve({ status: response.statusCode!, body, cookie: response.headers['set-cookie'] ?? [] });
          },
        );
        asked.on('error', reject).end(JSON.stringify({ email, password: PASSWORD }));
      });
    const refused = await at('orders.example.com');
    expect(refused).toMatchObject({ status: 403, cookie: [] });
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'insecure_connection' });
    expect(await at('orders.example.com', { origin: 'http://orders.example.com' })).toMatchObject({ status: 403 });
    const behindTls = await at('orders.example.com', { origin: 'https://orders.example.com' });
    expect(behindTls).toMatchObject({ status: 204, cookie: [expect.stringContaining('Secure')] });
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080']) expect((await at(host)).status).toBe(204);
  });
});

describe('a user', () => {
  test('is made, listed, changed, reset and deleted by who administers access', async () => {
    const email = `user${++users}@example.com`;
    const made = await send(service, 'POST', '/users', { email, role: 'viewer', hubs: ['HUB-1'] }, admin);
    expect(made.status).toBe(201);
    const { password, ...user } = (await made.json()) as Record<string, string>;
    expect(user).toEqual({
      ...{ email, role: 'viewer', scopes: null, hubs: ['HUB-1'], disabled: false, email_verified: false },
      ...{ created_by: 'key:admin-file', created_at: expect.any(String) },
    });
    await tokensOf(await signIn(email, password));
    const listed = (await (await fetch(`${service.url}/users?limit=1000`, { headers: admin })).json()) as {
      items: { email: string }[];
    };
    expect(listed.items).toContainEqual(user);
    expect(JSON.stringify(listed)).not.toContain('argon2');
    const changed = await send(service, 'PATCH', `/users/${encodeURIComponent(email)}`, { role: 'operator' }, admin);
    expect(await changed.json()).toEqual({ ...user, role: 'operator' });
    const reset = (await (await send(service, 'POST', `/users/${email}/reset`, undefined, admin)).json()) as {
      password: string;
    };
    await problemOf(await signIn(email, password), 401, 'sign_in_failed');
    await tokensOf(await signIn(email, reset.password));
    expect((await send(service, 'DELETE', `/users/${email}`, undefined, admin)).status).toBe(204);
    await problemOf(await send(service, 'DELETE', `/users/${email}`, undefined, admin), 404, 'not_found');
  });

  test('gets no more by members that a request makes up', async () => {
    const email = `user${++users}@example.com`;
    for (const extra of [
      { password_hash: 'x' },
      { id: 'u_1' },
      { created_by: 'user:root@example.com' },
      { generation: 'x' },
      { emailVerified: true },
      { scopes: ['orders:delete'] },
      { constructor: {} },
    ])
      await problemOf(
        await send(service, 'POST', '/users', { email, password: PASSWORD, role: 'viewer', ...extra }, admin),
        400,
        'invalid_body',
      );
    const other = await newUser();
    for (const extra of [{ email }, { password: PASSWORD }, { generation: 'x' }, { role: 'root' }, { disabled: 'no' }])
      await problemOf(await send(service, 'PATCH', `/users/${other}`, extra, admin), 400, 'invalid_body');
  });

  test('who is no admin makes nobody an admin, not even themselves', async () => {
    const email = await newUser();
    const { access_token } = await tokensOf(await signIn(email));
    const by = bearer(access_token);
    for (const [method, path, body] of [
      ['PATCH', `/users/${email}`, { role: 'admin' }],
      ['PATCH', `/api/v1/users/${email}`, { role: 'admin' }],
      ['POST', '/users', { email: 'x@example.com', role: 'admin' }],
      ['POST', `/users/${email}/reset`, undefined],
      ['DELETE', `/users/${email}`, undefined],
      ['GET', '/users', undefined],
    ] as const)
      await problemOf(await send(service, method, path, body, by), 403, 'forbidden');
    const override = { ...by, 'x-http-method-override': 'PATCH', 'x-method-override': 'PATCH' };
    expect((await send(service, 'POST', `/users/${email}`, { role: 'admin' }, override)).status).toBe(405);
  });

  test('who is an admin with few rights gives no others', async () => {
    const email = await newUser({ role: 'admin', scopes: ['access:write', 'orders:read'] });
    const by = bearer((await tokensOf(await signIn(email))).access_token);
    for (const change of [{ scopes: null }, { scopes: ['access:write', 'audit:read'] }])
      await problemOf(await send(service, 'PATCH', `/users/${email}`, change, by), 403, 'forbidden');
    const boss = await newUser({ role: 'admin' });
    await problemOf(await send(service, 'POST', `/users/${boss}/reset`, undefined, by), 403, 'forbidden');
  });

  test('loses a right within seconds, with the token that was made before', async () => {
    const email = await newUser();
    const by = bearer((await tokensOf(await signIn(email))).access_token);
    await setStockAs(by);
    expect((await send(service, 'PATCH', `/users/${email}`, { role: 'viewer' }, admin)).status).toBe(200);
    await expect.poll(async () => (await send(service, 'PUT', '/inventory', { items: [] }, by)).status).toBe(403);
    expect((await send(service, 'PATCH', `/users/${email}`, { disabled: true }, admin)).status).toBe(200);
    await expect.poll(async () => (await me(by)).status).toBe(401);
  });

  test('who is a key has no password and no sessions', async () => {
    await problemOf(await send(service, 'DELETE', '/auth/sessions', undefined, admin), 409, 'not_a_user');
    const body = { old_password: PASSWORD, new_password: PASSWORD };
    await problemOf(await send(service, 'PUT', '/auth/password', body, admin), 409, 'not_a_user');
  });
});

const setStockAs = async (headers: Record<string, string>) =>
  expect((await send(service, 'PUT', '/inventory', { items: [] }, headers)).status).toBe(200);

test('the audit log names who signed in', async () => {
  const email = await newUser();
  await signIn(email);
  await problemOf(await signIn('my secret password', 'typed into the wrong field'), 401, 'sign_in_failed');
  const found = await fetch(`${service.url}/audit?action=createToken&limit=1000`, { headers: admin });
  const { items } = (await found.json()) as { items: { target: string | null; status: number }[] };
  expect(items).toContainEqual(expect.objectContaining({ target: `user ${email}`, status: 200 }));
  expect(JSON.stringify(items)).not.toContain('secret');
});

test('no password, token or cookie is in the log', async () => {
  const email = await newUser();
  const { access_token, refresh_token } = await tokensOf(await signIn(email));
  const cookie = await beginSession(email);
  await send(service, 'POST', '/auth/token', { refresh_token });
  const log = JSON.stringify(service.log);
  for (const secret of [PASSWORD, access_token, refresh_token, cookie.split('=')[1]!, ADMIN_KEY])
    expect(log).not.toContain(secret);
});
