/**
 * Signing in the page at an issuer. The page is sent to the issuer, which sends the browser back to an address of the page, and the page
 * brings the answer here: so what begins a session is a request of our own page, as any other sign-in is. Where the person was before is a
 * matter of the page: no address to go to is ever read from a request.
 */
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { type BegunSignIn, CALLBACK, type OidcSignIn, readBegun } from '../access/oidc-sign-in.ts';
import type { Oidc } from '../access/open-oidc.ts';
import type { UserAccess } from '../access/user-access.ts';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { BODY_PROBLEMS, readBody } from './access-bodies.ts';
import { auditTarget } from './audit-trail.ts';
import { isSecure } from './client-address.ts';
import { JsonBodies } from './json-body.ts';
import { jsonBody } from './order-routing.ts';
import { type BegunSignInResponse, begunSignInResponse, type WaysResponse, waysResponse } from './responses.ts';
import { type HttpEnv, json, route } from './route.ts';
import { clearSignIn, mustKeepCookies, readSession, readSignIn, setSession, setSignIn } from './session-cookie.ts';

interface OidcRouting {
  oidc: Oidc | null;
  users: UserAccess;
  bodies: JsonBodies;
}

export function oidcRoutes(oidc: Oidc | null, users: UserAccess) {
  const routing: OidcRouting = { oidc, users, bodies: new JsonBodies() };
  const app = new Hono<HttpEnv>();
  app.get('/auth/ways', listWays(routing));
  app.post('/auth/oidc', beginOidcSignIn(routing));
  app.post('/auth/oidc/session', finishOidcSignIn(routing));
  return app;
}

const listWays = ({ oidc }: OidcRouting) =>
  route(
    {
      id: 'getWaysToSignIn',
      tag: 'Access',
      summary: 'Get how people sign in',
      responses: { 200: json(waysResponse, 'The ways.') },
    },
    (c) => c.json({ password: true, oidc: hasClient(oidc) } satisfies WaysResponse),
  );

const beginOidcSignIn = ({ oidc }: OidcRouting) =>
  route(
    {
      id: 'beginOidcSignIn',
      tag: 'Access',
      summary: 'Begin to sign in a browser at the issuer',
      description: `Sets a cookie that the browser needs to finish it, within ${limits.oidcSignInMs / 60_000} minutes. Go to \`url\`: the
issuer sends the browser back to \`${CALLBACK}\`.`,
      responses: { 200: json(begunSignInResponse, 'Where to go.', ['set-cookie']) },
      problems: ['not_found', 'insecure_connection', 'issuer_unavailable'],
    },
    async (c) => {
      const signIn = signInOf(oidc);
      mustKeepCookies(c);
      const { url, begun } = await signIn.begin(originOf(c));
      setSignIn(c, JSON.stringify(begun));
      return c.json({ url } satisfies BegunSignInResponse);
    },
  );

const finishBody = z.strictObject({ answer: z.string().max(limits.maxOidcAnswerChars) });

const finishOidcSignIn = ({ oidc, users, bodies }: OidcRouting) =>
  route(
    {
      id: 'finishOidcSignIn',
      tag: 'Access',
      summary: 'Sign in a browser with the answer of the issuer',
      description: `Sets the cookie of the session, which ends after ${limits.oidcSessionMs / 3_600_000} hours. A session that the browser had
before ends. An answer is good once, and only in the browser that began the sign-in.`,
      body: jsonBody(finishBody, `The query with which the issuer sent the browser back to \`${CALLBACK}\`.`),
      responses: { 204: { description: 'Signed in.', headers: ['set-cookie'] } },
      problems: [...BODY_PROBLEMS, 'not_found', 'sign_in_refused', 'insecure_connection', 'issuer_unavailable'],
      engines: ['store'],
    },
    (c) =>
      readBody({ c, bodies }, finishBody, async ({ answer }) => {
        const signIn = signInOf(oidc);
        mustKeepCookies(c);
        const begun = begunOf(c);
        // Whatever comes of it.
        clearSignIn(c);
        const person = await signIn.finish(begun, answer);
        const { principal } = oidc!.people.identityOf(person);
        auditTarget(c, `${principal!.name}${person.email === null ? '' : ` ${person.email}`}`);
        setSession(c, await users.beginSessionOf(principal!.name!, person, readSession(c)));
        return c.body(null, 204);
      }),
  );

const hasClient = (oidc: Oidc | null): boolean => oidc !== null && oidc.signIn !== null;

/** Throws `not_found`. */
function signInOf(oidc: Oidc | null): OidcSignIn {
  if (oidc?.signIn) return oidc.signIn;
  throw new OmsError('not_found', 'there is no issuer to sign in at: OMS_OIDC_ISSUER and OMS_OIDC_CLIENT_ID name one');
}

function begunOf(c: Context): BegunSignIn | null {
  const text = readSignIn(c);
  return text === null ? null : readBegun(text);
}

/** As the browser sees it, which names it with each such request; it was checked to be our own. */
const originOf = (c: Context<HttpEnv>): string =>
  c.req.header('origin') ?? `${isSecure(c) ? 'https' : 'http'}://${new URL(c.req.url).host}`;
