/**
 * A real OpenID Connect provider on this machine, in the process of the test. Whoever comes to it is signed in at once, as the account that
 * the test names. Its answers can be replaced, and its keys rotated.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import Provider, { type Configuration, interactionPolicy } from 'oidc-provider';
import { afterAll } from 'vitest';

export const AUDIENCE = 'https://orders.example.com';
/** Of a program at the issuer. */
export const PROGRAM = 'warehouse';
const SECRET = 'of-the-tests';
/** Of the page at the issuer. */
export const PAGE_CLIENT = 'oms-page';
/** Each of its signs means something in a header or a form. */
export const PAGE_SECRET = 'a%20b+c:d&e=f"g';

/** How the page's client proves itself to the issuer: not at all, or by the secret in a header or in the form. */
export type PageProof = 'none' | 'client_secret_basic' | 'client_secret_post';

export interface Account {
  roles?: string[];
  email?: string;
  email_verified?: boolean;
}

interface SigningKey {
  id: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** Answers a request in place of the provider. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Issuer {
  url: string;
  /** By subject. */
  accounts: Record<string, Account>;
  /** The subject that signs in next; null: the person cancels. */
  next: string | null;
  key: SigningKey;
  proof: PageProof;
  /** By path: answers in place of the provider. */
  instead: Map<string, Handler>;
  /** Paths that were asked for. */
  asked: string[];
  /** New keys, as after a restart of the provider. */
  rotate(): void;
  /** A token of the program, from the provider. */
  token(): Promise<string>;
  /** A token as the provider signs it, with claims of the test's own. */
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Allows the page to come back to this address. */
  register(redirectUri: string): void;
  close(): Promise<void>;
}

const newKey = (id: string): SigningKey => ({ id, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) });

const running = new Set<Issuer>();
afterAll(() => Promise.all([...running].map((issuer) => issuer.close())));

export async function startIssuer(proof: PageProof = 'none'): Promise<Issuer> {
  let provider: Provider;
  let keys = 0;
  const redirectUris: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url!.split('?')[0]!;
    issuer.asked.push(path);
    const handler = issuer.instead.get(path);
    if (handler) handler(request, response);
    else if (path.startsWith('/interaction/')) void interact(provider, issuer, request, response);
    else void provider.callback()(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: Issuer = {
    ...{ url, accounts: {}, next: null, key: newKey('k1'), proof, instead: new Map(), asked: [] },
    rotate() {
      issuer.key = newKey(`k${++keys + 1}`);
      provider = new Provider(url, configurationOf(issuer, redirectUris));
    },
    async token() {
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${PROGRAM}:${SECRET}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: AUDIENCE }),
      });
      const { access_token } = (await response.json()) as { access_token?: string };
      if (!access_token) throw new Error(`the provider gave no token: ${response.status}`);
      return access_token;
    },
    sign(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      const all = { iss: url, aud: AUDIENCE, sub: 'ada', roles: ['staff'], iat: now, exp: now + 600, ...claims };
      return new SignJWT(all)
        .setProtectedHeader({ alg: 'RS256', kid: issuer.key.id, typ: 'at+jwt', ...header })
        .sign(issuer.key.privateKey);
    },
    register(redirectUri) {
      redirectUris.push(redirectUri);
      provider = new Provider(url, configurationOf(issuer, redirectUris));
    },
    async close() {
      running.delete(issuer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  running.add(issuer);
  provider = new Provider(url, configurationOf(issuer, redirectUris));
  return issuer;
}

function configurationOf(issuer: Issuer, redirectUris: readonly string[]): Configuration {
  const { id, privateKey } = issuer.key;
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: id, use: 'sig', alg: 'RS256' } as never] },
    clients: [
      {
        ...{ client_id: PROGRAM, client_secret: SECRET, grant_types: ['client_credentials'] },
        ...{ redirect_uris: [], response_types: [] },
        token_endpoint_auth_method: issuer.proof === 'client_secret_post' ? issuer.proof : 'client_secret_basic',
      },
      {
        ...{ client_id: PAGE_CLIENT, token_endpoint_auth_method: issuer.proof, application_type: 'native' },
        ...(issuer.proof !== 'none' && { client_secret: PAGE_SECRET }),
        redirect_uris: redirectUris.length > 0 ? [...redirectUris] : ['http://127.0.0.1/none'],
      },
    ],
    // What its discovery document offers.
    clientAuthMethods: issuer.proof === 'client_secret_post' ? [issuer.proof] : ['client_secret_basic', 'none'],
    scopes: ['openid', 'email'],
    claims: { openid: ['sub', 'roles'], email: ['email', 'email_verified'] },
    cookies: { keys: ['of the tests'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: '', audience: AUDIENCE, accessTokenFormat: 'jwt' }),
      },
    },
    extraTokenClaims: () => ({ roles: issuer.accounts[PROGRAM]?.roles ?? [] }),
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...issuer.accounts[sub] }) }),
    interactions: { policy, url: (_, { uid }) => `/interaction/${uid}` },
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
    ttl: { AccessToken: 600, IdToken: 600, Grant: 600, Interaction: 600, Session: 600, ClientCredentials: 600 },
  };
}

/** Stands for the person at the keyboard. */
async function interact(provider: Provider, issuer: Issuer, request: IncomingMessage, response: ServerResponse) {
  const result =
    issuer.next === null
      ? { error: 'access_denied', error_description: '<script>alert(1)</script>' }
      : { login: { accountId: issuer.next, remember: false } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}
