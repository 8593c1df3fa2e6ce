/** Issuers that demand a secret of the client with which the page signs in. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BrowserCookies } from '../support/browser-cookies.ts';
import { startClosedService } from '../support/keys.ts';
import { PAGE_CLIENT, PAGE_SECRET, startIssuer } from '../support/oidc-issuer.ts';
import { temporaryDirectory } from '../support/service.ts';

test.each([
  ['client_secret_basic', PAGE_SECRET, 204],
  ['client_secret_post', PAGE_SECRET, 204],
  ['client_secret_basic', 'another', 503],
] as const)('an issuer that wants it by %s, and gets %s', async (proof, secret, status) => {
  const issuer = await startIssuer(proof);
  issuer.accounts = { 'ada|1': { roles: ['staff'] } };
  const file = join(await temporaryDirectory(), 'secret');
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  const service = await startClosedService({
    env: {
      ...{ OMS_OIDC_ISSUER: issuer.url, OMS_OIDC_CLIENT_ID: PAGE_CLIENT, OMS_OIDC_ROLES: 'staff=operator' },
      OMS_OIDC_CLIENT_SECRET_FILE: file,
    },
  });
  const callback = `${service.url}/auth/oidc/callback`;
  issuer.register(callback);
  issuer.next = 'ada|1';
  const browser = new BrowserCookies();
  const post = (path: string, body: object) =>
    browser.fetch(`${service.url}${path}`, {
      method: 'POST',
      headers: { origin: service.url, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const { url } = (await (await post('/auth/oidc', {})).json()) as { url: string };
  const answer = new URL(await browser.followTo(callback, url)).search;
  const finished = await post('/auth/oidc/session', { answer });
  expect([finished.status, await finished.text()]).toEqual([status, expect.not.stringContaining(secret)]);
  expect(JSON.stringify(service.log)).not.toContain(secret);
});
