import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { localOnly } from '../../../src/http/local-only.ts';
import { isLoopback } from '../../../src/model/loopback.ts';

describe('a server for this machine only', () => {
  const app = new Hono().use(localOnly(['Oms.Internal'])).all('*', (c) => c.text('here'));
  const ask = (headers: Record<string, string>) => app.request('/', { headers });

  it.each(['localhost', 'LOCALHOST:8080', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:8080', 'oms.internal:8080'])(
    'accepts the host %s',
    async (host) => {
      expect((await ask({ host })).status).toBe(200);
      expect((await ask({ host, origin: `http://${host}` })).status).toBe(200);
      expect((await ask({ host, origin: `https://${host}` })).status).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:8080',
    'a@localhost',
    'localhost:x',
    'localhost/',
    '',
    '::1',
  ])('refuses the host %j', async (host) => {
    const response = await ask({ host });
    expect(response.status).toBe(403);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({
      type: 'urn:oms:problem:foreign_host',
      title: 'Forbidden',
      status: 403,
      code: 'foreign_host',
      detail: expect.any(String),
    });
  });

  it.each(['http://evil.example', 'https://localhost.evil.example', 'null', 'http://evil.example:8080', 'file://', ''])(
    'refuses requests from a page of %j',
    async (origin) => {
      expect((await ask({ host: 'localhost', origin })).status).toBe(403);
    },
  );

  it('isLoopback recognizes the addresses that only this machine reaches', () => {
    expect(['127.0.0.1', '127.1.2.3', 'localhost', '::1'].map(isLoopback)).toEqual([true, true, true, true]);
    expect(['0.0.0.0', '::', '192.168.1.7', 'oms.internal'].map(isLoopback)).toEqual([false, false, false, false]);
  });
});
