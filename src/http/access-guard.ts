/**
 * Stands before each route: finds out who sends a request, and refuses what its principal may not do. A route asks for it by its permission
 * (`permissions.ts`), so no route can be declared without.
 * Source: RFC 9110, sections 11.4 and 15.5.2; RFC 6750, section 2.1 (bearer tokens).
 */
import type { Context } from 'hono';
import type { Access, Credentials, Identity } from '../access/access.ts';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import {
  ANYBODY,
  isAtLeast,
  leastRoleOf,
  may,
  type Principal,
  type Scope,
  type View,
  viewOf,
} from '../model/access.ts';
import { shownValue } from '../model/reasons.ts';
import type { Guard, HttpEnv } from './env.ts';
import { type Need, PERMISSIONS, type Permission } from './permissions.ts';
import { readSession } from './session-cookie.ts';

const IDENTIFIED: Identity = { principal: ANYBODY };

export class AccessGuard implements Guard {
  readonly #access: Access | null;

  /** `access`: null where access is off, and everybody may do everything. */
  constructor(access: Access | null) {
    this.#access = access;
  }

  get isLimiting(): boolean {
    return this.#access !== null;
  }

  /** Asked once for each request. Rejects with retryable `store_unavailable`. */
  identify(c: Context<HttpEnv>): Identity | Promise<Identity> {
    if (!this.#access) return IDENTIFIED;
    const known = c.get('identity');
    if (known) return known;
    const identity = this.identifyAgain(c);
    c.set('identity', identity);
    if (!(identity instanceof Promise)) return identity;
    return identity.then((found) => {
      c.set('identity', found);
      return found;
    });
  }

  identifyAgain(c: Context<HttpEnv>): Identity | Promise<Identity> {
    return this.#access ? this.#access.identify(credentialsOf(c)) : IDENTIFIED;
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

/** What it sees. */
export const viewFor = (c: Context<HttpEnv>): View => viewOf(principalOf(c));

/** For a route of everyone that shows some more. Who cannot be looked up now does not see it. */
export async function maySee(c: Context<HttpEnv>, needs: readonly Need[]): Promise<boolean> {
  try {
    const { principal } = await c.get('guard').identify(c);
    return principal !== null && needs.every((need) => has(principal, need));
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
  for (const need of needsOf(permission)) refuseWithout(principal, need);
  c.set('principal', principal);
}

function needsOf(permission: Permission): readonly Need[] {
  if (permission === 'everyone' || permission === 'signed-in') return [];
  return typeof permission === 'string' ? [permission] : permission;
}

/** Throws `forbidden`. */
export function refuseWithout(principal: Principal, need: Need): void {
  if (has(principal, need)) return;
  throw need === 'hub:*' ? outsideHubs('*') : forbidden(principal, need);
}

const has = (principal: Principal, need: Need): boolean =>
  need === 'hub:*' ? principal.hubs === null : may(principal, need);

/** `hub`: one that it is not limited to, or `*` for all. */
export function outsideHubs(hub: string): OmsError {
  const what = hub === '*' ? 'all hubs' : `hub ${shownValue(hub)}`;
  return new OmsError('forbidden', `this is about ${what}: you are limited to others`, {
    details: { needs: `hub:${hub.slice(0, limits.maxReasonValueChars)}` },
  });
}

function forbidden({ role }: Principal, scope: Scope): OmsError {
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
