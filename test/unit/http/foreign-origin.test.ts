import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { noForeignOrigin } from '../../../src/http/foreign-origin.ts';

const app = new Hono().use(noForeignOrigin(['Orders.Example.com', 'localhost'])).all('*', (c) => c.text('done'));
const strict = new Hono().use(noForeignOrigin([])).all('*', (c) => c.text('done'));
const post = (server: Hono, headers: Record<string, string>, method = 'POST') =>
  server.request('/', { method, headers });

describe('a request that changes something', () => {
  it('passes from programs, which send no origin', async () => {
    for (const host of ['localhost:8080', 'orders.example.com', '192.168.1.7:8080'])
      expect((await post(strict, { host })).status).toBe(200);
  });

  it.each([
    ['localhost:8080', 'http://localhost:8080'],
    ['LOCALHOST:8080', 'http://localhost:8080'],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['[::1]:8080', 'http://[::1]:8080'],
    ['192.168.1.7:8080', 'http://192.168.1.7:8080'],
    ['orders.example.com', 'http://orders.example.com'],
    ['orders.example.com:80', 'http://orders.example.com'],
    // A proxy that ends TLS.
    ['orders.example.com', 'https://orders.example.com'],
    ['orders.example.com:443', 'https://orders.example.com'],
    ['orders.example.com:8443', 'https://orders.example.com:8443'],
  ])('passes to %s from its own page %s', async (host, origin) => {
    expect((await post(strict, { host, origin })).status).toBe(200);
    expect((await post(strict, { host, origin, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it('passes over TLS of the service itself from a page that came by TLS only', async () => {
    const secure = new Hono().use(noForeignOrigin([], true)).all('*', (c) => c.text('done'));
    for (const host of ['127.0.0.1:8443', 'orders.example.com']) {
      expect((await post(secure, { host, origin: `https://${host}` })).status).toBe(200);
      expect((await post(secure, { host, origin: `http://${host}` })).status).toBe(403);
    }
    expect((await post(secure, { host: '127.0.0.1:8443', origin: 'https://127.0.0.1:9443' })).status).toBe(403);
  });

  it('passes from an HTTPS page of an allowed host, whatever Host the proxy sends', async () => {
    const origin = 'https://orders.example.com';
    expect((await post(app, { host: '127.0.0.1:8080', origin })).status).toBe(200);
    expect((await post(strict, { host: '127.0.0.1:8080', origin })).status).toBe(403);
    expect((await post(app, { host: 'localhost:8443', origin: 'https://localhost:8443' })).status).toBe(200);
  });

  it.each([
    ['localhost:8080', 'http://localhost:18499'],
    ['localhost:8080', 'http://localhost'],
    ['localhost', 'http://localhost:8080'],
    ['localhost', 'https://localhost'],
    ['localhost:8080', 'https://localhost:8080'],
    ['localhost:8080', 'http://127.0.0.1:8080'],
    ['127.0.0.1:8080', 'http://localhost:8080'],
    ['[::1]:8080', 'http://localhost:8080'],
    ['localhost:8080', 'null'],
    ['localhost:8080', ''],
    ['localhost:8080', 'file://'],
    ['localhost:8080', 'chrome-extension://localhost:8080'],
    ['localhost:8080', 'https://evil.example'],
    ['orders.example.com', 'https://evil.example'],
    ['orders.example.com', 'https://orders.example.com:8443'],
    ['orders.example.com', 'http://orders.example.com:8080'],
    ['orders.example.com', 'https://orders.example.com.evil.example'],
    ['192.168.1.7:8080', 'http://192.168.1.8:8080'],
  ])('is refused by %s from a page of %j', async (host, origin) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const response = await post(strict, { host, origin }, method);
      expect(response.status).toBe(403);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject({ status: 403, code: 'foreign_origin' });
    }
  });

  it('is refused from another port of this machine, even when localhost is an allowed host', async () => {
    for (const origin of ['http://localhost:18499', 'http://localhost', 'https://localhost'])
      expect((await post(app, { host: 'localhost:8080', origin })).status).toBe(403);
  });

  it.each(['cross-site', 'same-site'])('is refused when the browser marks it as %s', async (site) => {
    expect((await post(strict, { host: 'localhost:8080', 'sec-fetch-site': site })).status).toBe(403);
    const origin = 'http://localhost:8080';
    expect((await post(strict, { host: 'localhost:8080', origin, 'sec-fetch-site': site })).status).toBe(403);
  });

  it('passes when the user sends it from the browser itself, not from a page', async () => {
    expect((await post(strict, { host: 'localhost:8080', 'sec-fetch-site': 'none' })).status).toBe(200);
  });
});

it('lets a page of any origin read, as the browser does not show it the response', async () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS'])
    expect((await post(strict, { host: 'a.example', origin: 'https://b.example' }, method)).status).toBe(200);
});

describe('a WebSocket', () => {
  const open = (headers: Record<string, string>) => post(strict, { upgrade: 'WebSocket', ...headers }, 'GET');

  it('is opened by programs, and by the own page', async () => {
    expect((await open({ host: 'localhost:8080' })).status).toBe(200);
    // A browser may call the other scheme another site.
    const page = { host: 'localhost:8080', origin: 'http://localhost:8080', 'sec-fetch-site': 'cross-site' };
    expect((await open(page)).status).toBe(200);
    expect((await open({ host: 'orders.example.com', origin: 'https://orders.example.com' })).status).toBe(200);
  });

  it('is not opened by pages of other origins, as they would see what it sends', async () => {
    for (const origin of ['http://localhost:18499', 'https://evil.example', 'null', 'file://'])
      expect((await open({ host: 'localhost:8080', origin })).status).toBe(403);
  });
});
