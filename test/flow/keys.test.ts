/** A service that needs keys: who gets in, who does not and why, and what keys may do. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newKeyId, newKeyText } from '../../src/access/key-text.ts';
import { problemOf, send } from '../support/http.ts';
import { ADMIN_KEY, bearer, newKey, startClosedService } from '../support/keys.ts';
import { runOms, type Service, temporaryDirectory } from '../support/service.ts';
import { openWebSocket } from '../support/web-socket.ts';

let service: Service;
beforeAll(async () => {
  service = await startClosedService();
});
afterAll(() => service.stop());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  send(service, method, path, undefined, headers);
/** Of a path that is sent as it is, with headers that other servers heed. */
function statusOf(method: string, path: string): Promise<number> {
  const { hostname, port } = new URL(service.url);
  const headers = { 'x-http-method-override': 'GET', 'x-original-url': '/healthz', 'x-rewrite-url': '/healthz' };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.on('error', reject).end();
  });
}
const me = async (key: string) => (await get('/auth/me', bearer(key))).json();
const detailOf = async (response: Response) => (await problemOf(response, 401, 'unauthenticated')).detail;

describe('a request is refused', () => {
  test('without a key, with a challenge', async () => {
    const response = await get('/orders');
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="oms"');
    expect(await detailOf(response)).toContain('Authorization: Bearer oms_');
  });

  test('with a key that is malformed, mistyped, unknown or of another installation, and told so', async () => {
    const { key } = await newKey(service, {});
    const elsewhere = await runOms(['keys', 'create', '--name', 'x', '--role', 'admin'], {
      OMS_DATA_DIR: await temporaryDirectory(),
    });
    const wrong: [string, string][] = [
      ['Basic YTpi', 'not of the form'],
      ['Bearer', 'not of the form'],
      [`Bearer ${key} ${key}`, 'not of the form'],
      [`Bearer "${key}"`, 'not of the form'],
      [key, 'not of the form'],
      ['Bearer x', 'neither a key'],
      ['Bearer oms_', 'cut or changed'],
      [`Bearer ${key.slice(0, -1)}`, 'cut or changed'],
      [`Bearer ${key.slice(0, -2)}${key.at(-1)}${key.at(-2)}`, key.at(-1) === key.at(-2) ? '' : 'typo'],
      [`Bearer ${newKeyText(newKeyId())}`, 'another installation'],
      [`Bearer ${elsewhere.stdout.trim()}`, 'another installation'],
      [`Bearer ${ADMIN_KEY.slice(1)}`, 'neither a key'],
    ];
    for (const [authorization, why] of wrong) {
      if (why === '') continue;
      const response = await get('/files', { authorization });
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="oms", error="invalid_token"');
      expect(await detailOf(response), authorization).toContain(why);
    }
    expect((await get('/files', { authorization: `bearer  ${key} ` })).status).toBe(200);
  });

  test('with a key that has expired', async () => {
    const { key } = await newKey(service, { expires_at: new Date(Date.now() + 1_500).toISOString() });
    await expect.poll(async () => (await get('/files', bearer(key))).status).toBe(401);
    expect(await detailOf(await get('/files', bearer(key)))).toContain('expired');
  });

  test('with a key that was revoked, in 5 s at most, and again with no effect', async () => {
    const { key, id } = await newKey(service, {});
    expect((await get('/files', bearer(key))).status).toBe(200);
    for (let i = 0; i < 2; i++) expect((await get(`/keys/${id}`, bearer(ADMIN_KEY), 'DELETE')).status).toBe(204);
    await expect.poll(async () => (await get('/files', bearer(key))).status, { timeout: 5_000 }).toBe(401);
    expect(await detailOf(await get('/files', bearer(key)))).toContain('revoked');
  });

  test('by whatever way it asks', async () => {
    const paths = ['/keys', '/api/v1/keys', '/%6Beys', '/keys/', '//keys', '/keys;x', '/KEYS', '/keys%2f', '/./keys'];
    for (const path of [...paths, '/x/../keys', '/api/v1/api/v1/keys', '/keys?role=admin', '/keys?access_token=x'])
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH']) {
        const status = await statusOf(method, path);
        expect([401, 404, 405], `${method} ${path}`).toContain(status);
      }
  });

  test('for a WebSocket, and for streams', async () => {
    expect(await openWebSocket(service, '/ws')).toMatchObject({ status: 401 });
    for (const path of ['/events', '/progress', '/files/x/progress']) expect((await get(path)).status).toBe(401);
  });
});

describe('a key', () => {
  test('is who it is, with its role, scopes and hubs', async () => {
    const { key, id } = await newKey(service, { role: 'operator', scopes: ['files:read'], hubs: [' HUB-1 ', 'HUB-2'] });
    expect(await me(key)).toEqual({
      ...{ principal: `key:${id}`, role: 'operator', scopes: ['files:read'], hubs: ['HUB-1', 'HUB-2'], email: null },
    });
    expect(await me(ADMIN_KEY)).toEqual({
      principal: 'key:admin-file',
      role: 'admin',
      scopes: null,
      hubs: null,
      email: null,
    });
  });

  test('does what its role and scopes allow, by GET, HEAD and under /api/v1', async () => {
    const { key } = await newKey(service, { scopes: ['ops:read'] });
    for (const prefix of ['', '/api/v1']) {
      expect((await get(`${prefix}/metrics`, bearer(key))).status).toBe(200);
      expect((await get(`${prefix}/orders`, bearer(key), 'HEAD')).status).toBe(403);
      const refused = await problemOf(await get(`${prefix}/orders`, bearer(key)), 403, 'forbidden');
      expect(refused).toMatchObject({ needs: 'orders:read', detail: expect.stringContaining('scopes') });
    }
    expect(await problemOf(await get('/keys', bearer(key)), 403, 'forbidden')).toMatchObject({
      ...{ needs: 'access:write', detail: expect.stringContaining('role admin') },
    });
    for (const override of ['x-http-method-override', 'x-method-override', 'x-http-method'])
      expect((await get('/keys/x', { ...bearer(key), [override]: 'DELETE' }, 'POST')).status).toBe(405);
  });

  test('that is rotated has a new secret, and the old one for as long as said', async () => {
    const { key, id } = await newKey(service, {});
    const rotate = (body?: unknown) => send(service, 'POST', `/keys/${id}/rotate`, body, bearer(ADMIN_KEY));
    const rotated = (await (await rotate()).json()) as { key: string; old_secret_until: string };
    expect(Date.parse(rotated.old_secret_until)).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    for (const secret of [key, rotated.key]) expect(await me(secret)).toMatchObject({ principal: `key:${id}` });
    const last = (await (await rotate({ valid_for_seconds: 0 })).json()) as { key: string };
    expect(await me(last.key)).toMatchObject({ principal: `key:${id}` });
    for (const secret of [key, rotated.key]) expect((await get('/files', bearer(secret))).status).toBe(401);
    await problemOf(await rotate({ valid_for_seconds: -1 }), 400, 'invalid_body');
    await problemOf(await rotate({ role: 'admin' }), 400, 'invalid_body');
    await problemOf(await get('/keys/x/rotate', bearer(ADMIN_KEY), 'POST'), 404, 'not_found');
  });

  test('may rotate itself when it may make keys, and be used at once', async () => {
    const { key, id } = await newKey(service, { role: 'admin' });
    await me(key);
    const response = await send(service, 'POST', `/keys/${id}/rotate`, { valid_for_seconds: 0 }, bearer(key));
    const rotated = (await response.json()) as { key: string };
    expect(await me(rotated.key)).toMatchObject({ principal: `key:${id}` });
  });

  test('gives no more than it has', async () => {
    const { key } = await newKey(service, { role: 'admin', scopes: ['access:write', 'files:read'] });
    const more: [object, string][] = [
      [{ role: 'admin' }, 'orders:read'],
      [{ role: 'viewer' }, 'orders:read'],
    ];
    for (const [body, needs] of more) {
      const response = await send(service, 'POST', '/keys', { name: 'more', ...body }, bearer(key));
      expect(await problemOf(response, 403, 'forbidden')).toMatchObject({ needs });
    }
    const same = await newKey(service, { scopes: ['files:read'] }, key);
    const stronger = await newKey(service, { role: 'admin' });
    const rotate = (id: string) => send(service, 'POST', `/keys/${id}/rotate`, undefined, bearer(key));
    await problemOf(await rotate(stronger.id), 403, 'forbidden');
    expect((await rotate(same.id)).status).toBe(200);
  });

  test('is listed page by page, without a secret, and with its last use', async () => {
    const { key, id } = await newKey(service, { name: 'listed' });
    await me(key);
    const listed = async () => {
      const found: Record<string, unknown>[] = [];
      for (let cursor = ''; ; ) {
        const page = await (await get(`/keys?limit=2${cursor}`, bearer(ADMIN_KEY))).json();
        const { items, next_cursor } = page as { items: Record<string, unknown>[]; next_cursor: string | null };
        expect(JSON.stringify(page)).not.toMatch(/hash|secret_hash|"key"/);
        found.push(...items);
        if (next_cursor === null) return found.find((one) => one.id === id);
        cursor = `&cursor=${next_cursor}`;
      }
    };
    await expect.poll(listed).toMatchObject({
      ...{ name: 'listed', created_by: 'key:admin-file', last_used_at: expect.stringMatching(/Z$/) },
    });
  });

  test.each([
    ['a name that changes lines', { name: 'a\r\nx-evil: 1' }, '/name'],
    ['a name that hides', { name: 'a\u202eb' }, '/name'],
    ['a name for a terminal', { name: '\u001b[2J' }, '/name'],
    ['no name', { name: ' ' }, '/name'],
    ['an endless name', { name: 'x'.repeat(10_000) }, '/name'],
    ['a customer', { role: 'customer' }, '/role'],
    ['an unknown role', { role: 'root' }, '/role'],
    ['a scope beyond the role', { scopes: ['orders:write'] }, '/scopes/0'],
    ['an unknown scope', { scopes: ['*'] }, '/scopes/0'],
    ['no scope', { scopes: [] }, '/scopes'],
    ['no hub', { hubs: [] }, '/hubs'],
    ['a hub that is no text', { hubs: [{ $ne: null }] }, '/hubs/0'],
    ['a time that is over', { expires_at: '2020-01-01' }, '/expires_at'],
    ['a time that is none', { expires_at: 'soon' }, '/expires_at'],
    ['fields of the store', { hash: 'x', created_by: 'root', id: 'x' }, ''],
  ])('is not made with %s', async (_, body, pointer) => {
    const response = await send(service, 'POST', '/keys', { name: 'x', role: 'viewer', ...body }, bearer(ADMIN_KEY));
    const problem = await problemOf(response, 400, 'invalid_body');
    expect(problem.errors).toContainEqual(expect.objectContaining({ pointer }));
  });

  test.each([
    ['nothing', '', 400],
    ['no JSON', '{', 400],
    ['a list', '[]', 400],
    ['null', 'null', 400],
    ['depth', '['.repeat(60_000), 400],
    ['a prototype', '{"__proto__":{"role":"admin"},"name":"x"}', 400],
    ['too much', ' '.repeat(70_000), 413],
  ])('is not made of %s', async (_, body, status) => {
    const response = await fetch(`${service.url}/keys`, { method: 'POST', headers: bearer(ADMIN_KEY), body });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });
});

test('without a key everybody learns what is up, and nothing more', async () => {
  expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
  const up = { status: 'up' };
  expect(await (await get('/readyz')).json()).toEqual({
    ...{ status: 'ready', dependencies: { objects: up, queue: up, store: up, ims: up, events: up } },
  });
  const { key } = await newKey(service, { scopes: ['ops:read'] });
  const { dependencies } = (await (await get('/readyz', bearer(key))).json()) as {
    dependencies: Record<string, object>;
  };
  expect(dependencies.store).toMatchObject({ engine: expect.stringContaining('SQLite') });
});

test('no key is in the log or the output', async () => {
  const { key } = await newKey(service, {});
  await get('/nothing', bearer(key));
  await get(`/files?x=1`, bearer(`${key}x`));
  const all = JSON.stringify([service.log, service.output]);
  expect(all).not.toMatch(/oms_[0-9A-Za-z]{13}_/);
  expect(all).not.toContain(ADMIN_KEY);
});
