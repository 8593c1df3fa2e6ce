/**
 * `/auth`: signing in and out with an e-mail address and a password. Programs get tokens, browsers a session.
 * Source: RFC 6749, section 5.1 (the members of a token response); RFC 6750.
 */
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { PasswordAttempt } from '../access/sign-in.ts';
import { ownEmail, type UserAccess } from '../access/user-access.ts';
import { emailKey, isEmail } from '../access/users.ts';
import { limits } from '../limits.ts';
import { BODY_PROBLEMS, readBody } from './access-bodies.ts';
import { principalOf } from './access-guard.ts';
import { auditTarget } from './audit-trail.ts';
import { clientAddress, networkOf } from './client-address.ts';
import { JsonBodies } from './json-body.ts';
import { jsonBody } from './order-routing.ts';
import type { ProblemCode } from './problem-codes.ts';
import { type TokenResponse, tokenResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';
import { clearSession, mustKeepCookies, readSession, setSession } from './session-cookie.ts';

interface AuthRouting {
  access: UserAccess;
  bodies: JsonBodies;
}

export function authRoutes(access: UserAccess) {
  const routing: AuthRouting = { access, bodies: new JsonBodies() };
  const app = new Hono<HttpEnv>();
  app.post('/auth/token', createToken(routing));
  app.post('/auth/session', beginSession(routing));
  app.delete('/auth/session', endSession(routing));
  app.delete('/auth/sessions', endSessions(routing));
  app.put('/auth/password', changePassword(routing));
  return app;
}

/** The network of the client, by which failed sign-ins are counted. */
export const addressOf = (c: Context<HttpEnv>): string => networkOf(clientAddress(c));

const text = z.string().max(limits.maxTokenChars);
const passwordBody = z.strictObject({ email: text, password: text });
const tokenBody = z.union([passwordBody, z.strictObject({ refresh_token: text })]);
const newPasswordBody = z.strictObject({ old_password: text, new_password: text });

const SIGN_IN_PROBLEMS: readonly ProblemCode[] = [
  ...BODY_PROBLEMS,
  'sign_in_failed',
  'rate_limited',
  'too_many_sign_ins',
];

const createToken = ({ access, bodies }: AuthRouting) =>
  route(
    {
      id: 'createToken',
      tag: 'Access',
      summary: 'Sign in a program, or renew its token',
      description: `The access token is sent as \`Authorization: Bearer\` and ends after ${limits.accessTokenMs / 60_000} minutes. A refresh
token is used once, within ${limits.tokenFamilyMs / 86_400_000} days of the sign-in: the response has the next one. One that is used again
after more than ${limits.refreshAgainMs / 1000} seconds ends all that came of its sign-in.`,
      body: jsonBody(tokenBody, 'An e-mail address with its password, or a refresh token.'),
      responses: { 200: json(tokenResponse, 'The tokens.') },
      problems: SIGN_IN_PROBLEMS,
      engines: ['store'],
    },
    (c) =>
      readBody({ c, bodies }, tokenBody, async (body) => {
        const tokens =
          'refresh_token' in body ? await access.refresh(body.refresh_token) : await access.signIn(attemptOf(c, body));
        return c.json({
          ...{ access_token: tokens.access, token_type: 'Bearer', expires_in: tokens.accessMs / 1000 },
          refresh_token: tokens.refresh,
        } satisfies TokenResponse);
      }),
  );

const beginSession = ({ access, bodies }: AuthRouting) =>
  route(
    {
      id: 'beginSession',
      tag: 'Access',
      summary: 'Sign in a browser',
      description: `Sets a cookie. The session ends after ${limits.sessionIdleMs / 3_600_000} hours without use, and after
${limits.sessionMs / 86_400_000} days. A session that the browser had before ends.`,
      body: jsonBody(passwordBody, 'An e-mail address with its password.'),
      responses: { 204: { description: 'Signed in.', headers: ['set-cookie'] } },
      problems: [...SIGN_IN_PROBLEMS, 'insecure_connection'],
      engines: ['store'],
    },
    (c) =>
      readBody({ c, bodies }, passwordBody, async (body) => {
        mustKeepCookies(c);
        setSession(c, await access.beginSession(attemptOf(c, body), readSession(c)));
        return c.body(null, 204);
      }),
  );

const endSession = ({ access }: AuthRouting) =>
  route(
    {
      id: 'endSession',
      tag: 'Access',
      summary: 'Sign out this browser',
      responses: { 204: { description: 'There is no session any more.', headers: ['set-cookie'] } },
      engines: ['store'],
    },
    async (c) => {
      const session = readSession(c);
      if (session !== null) await access.sessions.end(session);
      clearSession(c);
      return c.body(null, 204);
    },
  );

const endSessions = ({ access }: AuthRouting) =>
  route(
    {
      id: 'endSessions',
      tag: 'Access',
      summary: 'Sign out everywhere',
      description: 'Ends all sessions and tokens of the user, within 5 seconds on every process.',
      responses: { 204: { description: 'Signed out.', headers: ['set-cookie'] } },
      problems: ['not_a_user', 'not_found'],
      engines: ['store'],
    },
    async (c) => {
      await access.signOutEverywhere(principalOf(c));
      clearSession(c);
      return c.body(null, 204);
    },
  );

const changePassword = ({ access, bodies }: AuthRouting) =>
  route(
    {
      id: 'changePassword',
      tag: 'Access',
      summary: 'Change your own password',
      description: 'Ends all sessions and tokens of the user; a browser gets a new session.',
      body: jsonBody(newPasswordBody, 'The password that you have, and the one to have.'),
      responses: { 204: { description: 'The password is changed.' } },
      problems: [
        ...BODY_PROBLEMS,
        'not_a_user',
        'password_refused',
        'wrong_password',
        'rate_limited',
        'too_many_sign_ins',
        'not_found',
      ],
      engines: ['store'],
    },
    (c) =>
      readBody({ c, bodies }, newPasswordBody, async ({ old_password, new_password }) => {
        const attempt = { email: ownEmail(principalOf(c)), password: old_password, address: addressOf(c) };
        const inSession = c.req.header('authorization') === undefined && readSession(c) !== null;
        const session = await access.changePassword(attempt, new_password, inSession);
        if (session !== null) setSession(c, session);
        return c.body(null, 204);
      }),
  );

function attemptOf(c: Context<HttpEnv>, { email, password }: z.output<typeof passwordBody>): PasswordAttempt {
  auditUser(c, email);
  return { email, password, address: addressOf(c) };
}

/** Whom the audit log shall name: no address that is none, which may be a password in the wrong field. */
export function auditUser(c: Context<HttpEnv>, email: string): void {
  const key = emailKey(email);
  if (isEmail(key)) auditTarget(c, `user ${key}`);
}
