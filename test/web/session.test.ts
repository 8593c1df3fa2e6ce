/** The session of a browser, in Chromium: it is kept without TLS on this machine, no script reads it, and no other page can use it. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { send } from '../support/http.ts';
import { type Service, startService, temporaryDirectory } from '../support/service.ts';
import { expectComplaints, openPage } from './support/browser.ts';

const PASSWORD = 'correct horse battery';
const EMAIL = 'ada@example.com';
const ADMIN = { authorization: 'Bearer a-secret-of-the-tests-that-nobody-guesses' };

let service: Service;
/** A site that somebody else runs on this machine. */
let attacker: Server;
beforeAll(async () => {
  const file = join(await temporaryDirectory(), 'admin-key');
  await writeFile(file, ADMIN.authorization.slice('Bearer '.length));
  service = await startService({ env: { OMS_AUTH: 'required', OMS_ADMIN_KEY_FILE: file } });
  const user = { email: EMAIL, password: PASSWORD, role: 'operator' };
  expect((await send(service, 'POST', '/users', user, ADMIN)).status).toBe(201);
  attacker = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>a kitten</p>'));
  attacker.listen(0);
  await once(attacker, 'listening');
});
afterAll(() => attacker.close());

/** The status of a request by the page's own script. */
const ask = (page: Page, method: string, path: string, body?: unknown) =>
  page.evaluate(
    async ([verb, url, text]) => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(url!, { method: verb!, ...(text && { headers, body: text }) })).status;
    },
    [method, path, body === undefined ? undefined : JSON.stringify(body)] as const,
  );

test.each(['127.0.0.1', 'localhost'])('is kept on %s, is read by no script, and ends', async (host) => {
  const page = await openPage(service.url.replace('127.0.0.1', host), '/healthz');
  expectComplaints(page, /401/);
  expect(await ask(page, 'GET', '/auth/me')).toBe(401);
  expect(await ask(page, 'POST', '/auth/session', { email: EMAIL, password: PASSWORD })).toBe(204);
  expect(await ask(page, 'GET', '/auth/me')).toBe(200);
  expect(await ask(page, 'PUT', '/inventory', { items: [{ sku: 'A', hub_id: host, available: 1 }] })).toBe(200);
  expect(await page.evaluate(() => document.cookie)).toBe('');
  expect(await page.context().cookies()).toMatchObject([
    { name: '__Host-oms', secure: true, httpOnly: true, sameSite: 'Lax' },
  ]);
  expect(await ask(page, 'DELETE', '/auth/session')).toBe(204);
  expect(await ask(page, 'GET', '/auth/me')).toBe(401);
  expect(await page.context().cookies()).toEqual([]);
});

// To a browser another port is the same site, whose requests have the cookie; another host is not.
test.each(['localhost', '127.0.0.1'])(
  'is of no use to a page of %s, neither by a form nor by a script',
  async (host) => {
    const url = service.url.replace('127.0.0.1', 'localhost');
    const page = await openPage(url, '/healthz');
    expect(await ask(page, 'POST', '/auth/session', { email: EMAIL, password: PASSWORD })).toBe(204);
    expect(await ask(page, 'PUT', '/inventory', { items: [{ sku: 'SAFE', hub_id: host, available: 5 }] })).toBe(200);

    const { port } = attacker.address() as AddressInfo;
    const evil = await page.context().newPage();
    await evil.goto(`http://${host}:${port}/`);
    const text = JSON.stringify({ items: [{ sku: 'SAFE', hub_id: host, delta: 7 }] });
    // The answer is opaque to the page, so it is read off the wire.
    const status = async (attack: () => Promise<unknown>) => {
      const answered = evil.waitForResponse((response) => response.url().startsWith(url));
      await attack();
      return (await answered).status();
    };
    const byScript = await status(() =>
      evil.evaluate(
        ([to, body]) =>
          fetch(to!, { method: 'POST', mode: 'no-cors', credentials: 'include', body: body! }).catch(() => {}),
        [`${url}/inventory/adjust`, text],
      ),
    );
    const byForm = await status(() =>
      evil.evaluate(
        ([to, body]) => {
          const form = Object.assign(document.createElement('form'), {
            method: 'POST',
            action: to,
            enctype: 'text/plain',
          });
          form.append(Object.assign(document.createElement('input'), { name: body, value: '' }));
          document.body.append(form);
          form.submit();
        },
        [`${url}/inventory/adjust`, text] as const,
      ),
    );
    expect([byScript, byForm]).toEqual([403, 403]);
    const stock = await fetch(`${service.url}/inventory?sku=SAFE&hub_id=${host}`, { headers: ADMIN });
    expect(await stock.json()).toMatchObject({ items: [{ available: 5 }] });
  },
);
