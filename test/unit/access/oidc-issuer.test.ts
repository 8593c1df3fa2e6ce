/** What an issuer may do to the service: hang, answer nonsense or without end, withdraw keys, name others in its place. */
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { OidcIssuer } from '../../../src/access/oidc-issuer.ts';
import { limits } from '../../../src/limits.ts';
import { AUDIENCE, type Handler, startIssuer } from '../../support/oidc-issuer.ts';
import { testClock } from '../../support/users.ts';

const DISCOVERY = '/.well-known/openid-configuration';
const UNAVAILABLE = expect.objectContaining({ code: 'issuer_unavailable', retryable: true });

async function start() {
  const issuer = await startIssuer();
  const clock = { ...testClock(), nowMs: Date.now() };
  clock.now = () => clock.nowMs;
  const settings = { issuer: issuer.url, audience: AUDIENCE, client: null, roleClaim: 'roles', roles: new Map() };
  return { issuer, clock, oidc: new OidcIssuer(settings, null, clock, pino({ level: 'silent' })) };
}

/** Without end, as far as somebody reads. */
const sent = { bytes: 0 };
const endless: Handler = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1024 ** 3 });
  const more = () => {
    do sent.bytes += 64 * 1024;
    while (response.write(Buffer.alloc(64 * 1024, ' ')));
  };
  response.on('drain', more);
  more();
};
const answers =
  (text: string | ((url: string) => object), status = 200): Handler =>
  ({ headers: { host } }, response) => {
    const url = `http://${host}`;
    response.writeHead(status, { 'content-type': 'application/json', location: `${url}/elsewhere` });
    response.end(typeof text === 'string' ? text : JSON.stringify(text(url)));
  };
const metadata = (url: string, values: object = {}) => ({
  ...{ issuer: url, jwks_uri: `${url}/jwks`, authorization_endpoint: `${url}/auth`, token_endpoint: `${url}/token` },
  ...values,
});

// At the same time, as some wait for seconds.
describe.concurrent('what an issuer answers', () => {
  test.each<[string, string, Handler]>([
    ['nothing, for ever', '/jwks', () => {}],
    ['the beginning, and then nothing', '/jwks', (_, response) => void response.writeHead(200).write('{')],
    ['1 GB', '/jwks', endless],
    ['1 GB of metadata', DISCOVERY, endless],
    ['another status', '/jwks', answers('{"keys":[]}', 404)],
    ['a redirect', '/jwks', answers('', 302)],
    ['no JSON', '/jwks', answers('<html>')],
    ['another shape', '/jwks', answers('{"keys":7}')],
    ['the name of another issuer', DISCOVERY, answers((url) => metadata(url, { issuer: 'https://other.example.com' }))],
    ['no address of its keys', DISCOVERY, answers((url) => metadata(url, { jwks_uri: undefined }))],
    [
      'an address of its keys that is not encrypted',
      DISCOVERY,
      answers((url) => metadata(url, { jwks_uri: 'http://keys.example.com/jwks' })),
    ],
  ])('%s: it is unavailable, and is asked again a while later', async (_, path, handler) => {
    const { issuer, oidc, clock } = await start();
    const token = await issuer.sign();
    issuer.instead.set(path, handler);
    await expect(oidc.verify(token, AUDIENCE)).rejects.toEqual(UNAVAILABLE);
    const asked = issuer.asked.length;
    await expect(oidc.verify(token, AUDIENCE)).rejects.toEqual(UNAVAILABLE);
    expect([issuer.asked.length, await oidc.isUp()]).toEqual([asked, false]);
    issuer.instead.clear();
    clock.nowMs += limits.oidcAskAgainMs;
    expect(await oidc.verify(token, AUDIENCE)).toMatchObject({ claims: { sub: 'ada' } });
    expect(await oidc.isUp()).toBe(true);
    expect(sent.bytes).toBeLessThan(100 * 1024 ** 2);
  });
});

test.concurrent('keys that the issuer has withdrawn end when it is asked again, and go on while it does not answer', async () => {
  const { issuer, oidc, clock } = await start();
  const token = await issuer.sign({ exp: Math.floor(Date.now() / 1000) + 7_200 });
  await oidc.verify(token, AUDIENCE);
  issuer.rotate();
  issuer.instead.set(DISCOVERY, () => {});
  clock.nowMs += limits.oidcKnownMs;
  // Nobody waits for the issuer.
  await oidc.verify(token, AUDIENCE);
  await expect.poll(() => oidc.isUp()).toBe(false);
  await oidc.verify(token, AUDIENCE);
  issuer.instead.clear();
  clock.nowMs += limits.oidcAskAgainMs;
  expect(await oidc.isUp()).toBe(true);
  await expect(oidc.verify(token, AUDIENCE)).rejects.toThrow('a key that the issuer does not have');
});

test('a thousand tokens with keys that nobody knows have the issuer asked once', async () => {
  const { issuer, oidc } = await start();
  await oidc.verify(await issuer.sign(), AUDIENCE);
  issuer.asked.length = 0;
  const token = await issuer.sign({}, { kid: 'made-up' });
  const tries = Array.from({ length: 1_000 }, () => oidc.verify(token, AUDIENCE).catch(({ message }) => message));
  expect(new Set(await Promise.all(tries))).toEqual(
    new Set(['the token is signed with a key that the issuer does not have']),
  );
  expect(issuer.asked.length).toBeLessThanOrEqual(1);
});
