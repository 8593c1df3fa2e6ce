/** The page and the API share addresses: which client gets which, and with which headers. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebPage } from '../../../src/http/web.ts';

const HTML = '<!doctype html><title>OMS</title>';
const SCRIPT = 'console.log(1)';
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'oms-web-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function build(): Promise<void> {
  await mkdir(join(directory, 'dist/assets'), { recursive: true });
  await writeFile(join(directory, 'secret.txt'), 'secret');
  await writeFile(join(directory, 'dist/secret.txt'), 'secret');
  for (const name of ['index.html', 'docs.html']) await writeFile(join(directory, 'dist', name), HTML);
  await writeFile(join(directory, 'dist/assets/main-1a2b.js'), SCRIPT);
  await writeFile(join(directory, 'dist/assets/main-1a2b.js.gz'), gzipSync(SCRIPT));
}

function service() {
  const web = new WebPage(pathToFileURL(`${directory}/dist/`));
  const app = new Hono();
  app.notFound((c) => web.notFound(c) ?? c.json({ problem: true }, 404));
  app.use(web.serve);
  for (const path of ['/orders', '/files/:id', '/stats', '/invalid-files/:name', '/metrics'])
    app.get(path, (c) => c.json({ api: path }));
  return app;
}

test.each(['/', '/files', '/files/f_1', '/orders', '/orders/A-1', '/inventory', '/stats', '/live', '/docs'])(
  'a browser that goes to %s gets the page',
  async (path) => {
    await build();
    const response = await service().request(path, { headers: BROWSER });
    expect([response.status, await response.text()]).toEqual([200, HTML]);
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(HTML.length),
      'cache-control': 'no-cache',
      'content-security-policy': CSP,
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
      vary: 'Accept',
    });
  },
);

/** What Java's `HttpURLConnection` sends. */
const JAVA = 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2';

test.each([
  undefined,
  '*/*',
  'application/json',
  'text/event-stream',
  'text/*',
  'text/html;q=0, */*',
  'text/htmlx',
  JAVA,
])('a client that accepts %s gets the API', async (accept) => {
  await build();
  const response = await service().request('/orders', accept === undefined ? {} : { headers: { accept } });
  expect(await response.json()).toEqual({ api: '/orders' });
  expect(response.headers.get('vary')).toBe('Accept');
});

test.each(['/', '/live', '/docs'])('%s is the page for every client', async (path) => {
  await build();
  for (const accept of ['*/*', JAVA])
    expect(await (await service().request(path, { headers: { accept } })).text()).toBe(HTML);
});

test.each(['/invalid-files/a.csv', '/metrics'])('%s is the API for every client', async (path) => {
  await build();
  const response = await service().request(path, { headers: BROWSER });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/json');
});

test('only GET and HEAD get a page', async () => {
  await build();
  const app = service();
  const head = await app.request('/', { method: 'HEAD', headers: BROWSER });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(HTML.length), '']);
  expect((await app.request('/', { method: 'POST', headers: BROWSER })).headers.get('content-type')).toContain('json');
});

test('an unknown address is 404: the page for browsers, a problem document for other clients', async () => {
  await build();
  const page = await service().request('/nowhere', { headers: BROWSER });
  expect([page.status, await page.text()]).toEqual([404, HTML]);
  const problem = await service().request('/nowhere');
  expect([problem.status, await problem.json()]).toEqual([404, { problem: true }]);
});

test('assets may be cached for ever, and are gzipped for clients that accept it', async () => {
  await build();
  const path = '/assets/main-1a2b.js';
  const plain = await service().request(path);
  expect(await plain.text()).toBe(SCRIPT);
  expect(Object.fromEntries(plain.headers)).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'Accept-Encoding',
  });
  const zipped = await service().request(path, { headers: { 'accept-encoding': 'br, gzip' } });
  expect(zipped.headers.get('content-encoding')).toBe('gzip');
  expect(gunzipSync(await zipped.arrayBuffer()).toString()).toBe(SCRIPT);
  expect(zipped.headers.get('etag')).not.toBe(plain.headers.get('etag'));
});

test('a browser that has the page gets 304', async () => {
  await build();
  const etag = (await service().request('/', { headers: BROWSER })).headers.get('etag')!;
  const again = await service().request('/', { headers: { ...BROWSER, 'if-none-match': `"other", W/${etag}` } });
  expect([again.status, await again.text()]).toEqual([304, '']);
});

test.each([
  '/assets/../secret.txt',
  '/assets/%2e%2e/secret.txt',
  '/assets/..%2f..%2fsecret.txt',
  '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
  '/assets//etc/passwd',
  '/assets/main-1a2b.js.gz',
  '/assets/',
  '/index.html',
  '/secret.txt',
])('%s reaches no file', async (path) => {
  await build();
  expect((await service().request(path)).status).toBe(404);
});

test('without a build a browser sees how to build the page, and a later build is found without a restart', async () => {
  const app = service();
  const before = await app.request('/orders', { headers: BROWSER });
  expect([before.status, await before.text()]).toEqual([404, expect.stringContaining('npm run build:web')]);
  expect(await (await app.request('/orders')).json()).toEqual({ api: '/orders' });
  await build();
  expect((await app.request('/orders', { headers: BROWSER })).status).toBe(200);
});
