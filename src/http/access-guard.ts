/**
 * Stands before each route: finds out who sends a request, and refuses what its principal may not do. A route asks for it by its permission
 * (`permissions.ts`), so no route can be declared without.
 * Source: RFC 9110, sections 11.4 and 15.5.2; RFC 6750, section 2.1 (bearer tokens).
 */
import type { Context } from 'hono';
import type { Access, Credentials, Identity } from '../access/access.ts';
import { OmsError } from '../errors.ts';
import { ANYBODY, isAtLeast, leastRoleOf, may, type Principal, type Scope } from '../model/access.ts';
import type { Guard, HttpEnv } from './env.ts';
import { PERMISSIONS, type Permission } from './permissions.ts';
import { readSession } from './session-cookie.ts';

const IDENTIFIED: Identity = { principal: ANYBODY };

export class AccessGuard implements Guard {
  readonly #access: Access | null;

  /** `access`: null where access is off, and everybody may do everything. */
  constructor(access: Access | null) {
    this.#access = access;
  }

  /** Asked once for each request. Rejects with retryable `store_unavailable`. */
  identify(c: Context<HttpEnv>): Identity | Promise<Identity> {
    if (!this.#access) return IDENTIFIED;
    const known = c.get('identity');
    if (known) return known;
    const identity = this.#access.identify(credentialsOf(c));
    c.set('identity', identity);
    return identity;
  }

  /** Makes `principalOf` answer. Throws `unauthenticated`, `forbidden`. */
  admit(c: Context<HttpEnv>, permission: Permission): void | Promise<void> {
    if (permission === 'everyone') return;
    const identity = this.identify(c);
    if (identity instanceof Promise) return identity.then((known) => admitted(c, known, permission));
    admitted(c, identity, permission);
  }
}

/** Throws for a route that is not in the table. */
export function permissionOf(routeId: string): Permission {
  const permission = Object.hasOwn(PERMISSIONS, routeId) ? PERMISSIONS[routeId] : undefined;
  if (!permission) throw new Error(`route ${routeId}: who may use it is not in permissions.ts`);
  return permission;
}

/** Who sends the request. Only on routes that not everyone may use. */
export const principalOf = (c: Context<HttpEnv>): Principal => c.get('principal');

/** For a route of everyone that shows some more. Who cannot be looked up now does not see it. */
export async function maySee(c: Context<HttpEnv>, scope: Scope): Promise<boolean> {
  try {
    const { principal } = await c.get('guard').identify(c);
    return principal !== null && may(principal, scope);
  } catch {
    return false;
  }
}

function admitted(c: Context<HttpEnv>, identity: Identity, permission: Permission): void {
  const { principal } = identity;
  if (principal === null)
    throw new OmsError(
      'unauthenticated',
      identity.refused ?? 'this needs a key: send it as "Authorization: Bearer oms_…", or sign in',
      { details: { refused: identity.refused !== null } },
    );
  if (permission !== 'signed-in' && permission !== 'everyone' && !may(principal, permission))
    throw forbidden(principal, permission);
  c.set('principal', principal);
}

function forbidden({ role }: Principal, scope: Exclude<Permission, 'everyone' | 'signed-in'>): OmsError {
  const least = leastRoleOf(scope);
  const why = isAtLeast(role, least)
    ? 'which is not among your scopes'
    : `which is of the role ${least}: you have the role ${role}`;
  return new OmsError('forbidden', `this needs the right "${scope}", ${why}`, {
    details: { needs: scope },
  });
}

const BEARER = /^bearer +([\w.~+/-]+=*) *$/i;

/** The token in a header `Authorization`; '' when the header is of another scheme or malformed; null without a header. */
export const bearerOf = (authorization: string | undefined): string | null =>
  authorization === undefined ? null : (BEARER.exec(authorization)?.[1] ?? '');

function credentialsOf(c: Context<HttpEnv>): Credentials {
  return {
    bearer: bearerOf(c.req.header('authorization')),
    session: readSession(c),
    local: c.env.local === true,
  };
}
