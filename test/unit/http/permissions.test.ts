/** Who may use which route: the table against the routes that the router has, each tried by every role. */
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { Access, Identity } from '../../../src/access/access.ts';
import type { UserAccess } from '../../../src/access/user-access.ts';
import { readConfig } from '../../../src/config.ts';
import { type Need, PERMISSIONS, type Permission } from '../../../src/http/permissions.ts';
import { descriptionOf, route } from '../../../src/http/route.ts';
import { createHttpApp } from '../../../src/http/router.ts';
import { ACCESS_ROLES, may, type Principal, rightsOf, SCOPES, viewOf } from '../../../src/model/access.ts';
import type { Ports } from '../../../src/ports/ports.ts';

const principal = (values: Partial<Principal>): Principal => ({
  ...{ name: 'key:test', role: 'viewer', scopes: null, hubs: null, email: null },
  ...values,
});

function appFor(identity: Identity) {
  const access: Access = { identify: () => identity };
  const options = {
    ports: {} as Ports,
    config: readConfig({ OMS_RATE_LIMIT: 'off' }, '/nowhere'),
    roles: ['api'] as const,
    access,
    audit: null,
    users: {} as UserAccess,
    oidc: null,
  };
  return createHttpApp({ ...options, logger: pino({ level: 'silent' }) }, new AbortController().signal, () => 0);
}

const routes = appFor({ principal: null, refused: null }).routes.flatMap(({ method, path, handler }) => {
  const description = descriptionOf(handler);
  return description ? [{ method, path: path.replace(/:\w+/g, 'x'), id: description.id }] : [];
});

/** The code of the problem that a guard answered; null when the request reached its route, whatever that made of it. */
async function refusal(identity: Identity, method: string, path: string) {
  const response = await appFor(identity).request(
    path,
    { method, headers: { host: 'localhost' } },
    {
      incoming: { socket: {}, headers: {}, complete: true },
      outgoing: { getHeader: () => undefined },
    },
  );
  if (response.status !== 401 && response.status !== 403) return null;
  const { code, needs } = (await response.json()) as { code: string; needs?: string };
  return { status: response.status, code, needs, challenge: response.headers.get('www-authenticate') };
}

/** The first need of a route that a principal does not meet; null when it may use it. */
function missing(one: Principal, permission: Permission): Need | null {
  if (permission === 'everyone' || permission === 'signed-in') return null;
  const needs = typeof permission === 'string' ? [permission] : permission;
  return needs.find((need) => (need === 'hub:*' ? one.hubs !== null : !may(one, need))) ?? null;
}

describe('the table of permissions', () => {
  test('has each route, and no other', () => {
    expect(routes.map(({ id }) => id).toSorted()).toEqual(Object.keys(PERMISSIONS).toSorted());
  });

  test('is needed by each route that is declared', () => {
    const description = { id: 'unknownRoute', tag: 'Orders' as const, summary: 'x', responses: {} };
    expect(() => route(description, (c) => c.body(null))).toThrow(
      'unknownRoute: who may use it is not in permissions.ts',
    );
  });

  test.each(routes)('$method $path lets in whom it says', async ({ method, path, id }) => {
    const permission = PERMISSIONS[id]!;
    for (const prefix of ['', '/api/v1']) {
      const nobody = await refusal({ principal: null, refused: null }, method, prefix + path);
      const wrong = await refusal({ principal: null, refused: 'the key has expired' }, method, prefix + path);
      if (permission === 'everyone') expect([nobody, wrong]).toEqual([null, null]);
      else {
        expect(nobody).toMatchObject({ status: 401, code: 'unauthenticated', challenge: 'Bearer realm="oms"' });
        expect(wrong).toMatchObject({ status: 401, challenge: 'Bearer realm="oms", error="invalid_token"' });
      }
      for (const role of ACCESS_ROLES) {
        const one = principal({ role, email: 'a@example.com' });
        const needs = missing(one, permission);
        const refused = await refusal({ principal: one }, method, prefix + path);
        expect([role, refused]).toEqual([role, needs && { status: 403, code: 'forbidden', needs, challenge: null }]);
      }
    }
  });
});

describe('roles and scopes', () => {
  test('a role may do what a lesser one may; personal data are of operators and above', () => {
    const rights = ACCESS_ROLES.map((role) => rightsOf({ role, scopes: null }));
    expect(rights).toEqual([
      ['orders:read', 'events:read'],
      ['orders:read', 'events:read', 'files:read', 'stock:read', 'stats:read', 'ops:read'],
      SCOPES.filter((scope) => !['orders:delete', 'ops:write', 'access:write', 'audit:read'].includes(scope)),
      SCOPES,
    ]);
  });

  test('scopes narrow a role, and give it nothing that it may not', () => {
    expect(rightsOf({ role: 'admin', scopes: ['orders:read', 'stock:write'] })).toEqual([
      'orders:read',
      'personal:read',
      'stock:write',
    ]);
    expect(rightsOf({ role: 'viewer', scopes: ['orders:write', 'files:read'] })).toEqual(['files:read']);
    expect(rightsOf({ role: 'customer', scopes: ['files:read'] })).toEqual([]);
  });

  test('a viewer sees personal data by a scope of its own, which narrows nothing', () => {
    expect(rightsOf({ role: 'viewer', scopes: ['personal:read'] })).toContain('files:read');
    const seen = (values: Partial<Principal>) => viewOf(principal(values));
    expect(seen({})).toEqual({ hubs: null, email: null, personal: false });
    expect(seen({ scopes: ['orders:read', 'personal:read'] }).personal).toBe(true);
    expect(seen({ role: 'operator', hubs: ['HUB-1'] })).toEqual({ hubs: ['HUB-1'], email: null, personal: true });
    expect(seen({ role: 'customer', email: 'a@example.com' })).toEqual({
      ...{ hubs: null, email: 'a@example.com', personal: true },
    });
  });
});
