/**
 * The cookie of a browser's session. Its name begins with `__Host-`, so a browser takes it only over TLS, sends it to this host alone, and
 * lets no other host of the domain set it. To browsers this machine is as safe as TLS.
 * Source: RFC 6265bis, section 4.1.3.2; W3C, Secure Contexts, section 3.1 (potentially trustworthy origins).
 */
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { isLoopback } from '../model/loopback.ts';
import { isSecure } from './client-address.ts';
import type { HttpEnv } from './env.ts';

const NAME = 'oms';
export const SESSION_COOKIE = `__Host-${NAME}`;
const ATTRIBUTES = { prefix: 'host', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const;

/** Null without one. */
export const readSession = (c: Context): string | null =>
  c.req.header('cookie') === undefined ? null : (getCookie(c, NAME, 'host') ?? null);

export const setSession = (c: Context, value: string): void =>
  setCookie(c, NAME, value, { ...ATTRIBUTES, maxAge: limits.sessionMs / 1000 });

export const clearSession = (c: Context): void => {
  deleteCookie(c, NAME, ATTRIBUTES);
};

/** What a browser keeps while it signs in at an issuer: see `oidc-sign-in.ts`. Only a request of our own page brings it. */
const SIGN_IN = `${NAME}-sign-in`;
const OF_SIGN_IN = { ...ATTRIBUTES, sameSite: 'Strict' } as const;

/** Null without one. */
export const readSignIn = (c: Context): string | null => getCookie(c, SIGN_IN, 'host') ?? null;

export const setSignIn = (c: Context, value: string): void =>
  setCookie(c, SIGN_IN, value, { ...OF_SIGN_IN, maxAge: limits.oidcSignInMs / 1000 });

export const clearSignIn = (c: Context): void => {
  deleteCookie(c, SIGN_IN, OF_SIGN_IN);
};

/** Throws `insecure_connection` where a browser would drop the cookie without a word. */
export function mustKeepCookies(c: Context<HttpEnv>): void {
  // A page that came over TLS shows that a proxy ends it, trusted or not. That the page is our own was checked before.
  if (isSecure(c) || c.req.header('origin')?.startsWith('https://')) return;
  if (isLoopback(new URL(c.req.url).hostname)) return;
  throw new OmsError(
    'insecure_connection',
    'this connection is not encrypted, so browsers would not keep the session: use https, by a proxy that ends TLS; programs need no session, they use keys or POST /auth/token',
  );
}
