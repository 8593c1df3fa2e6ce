/** Health, readiness and metrics; unknown paths and methods; requests that pages of other sites would send. */
import { request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { problemOf, setSwitches } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService, upload } from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { OMS_ALLOWED_HOSTS: 'oms.internal, other.internal', OMS_AUTH: 'off' } });
});

describe('health', () => {
  test('reports that the process is alive, and which dependency is down', async () => {
    expect(await getJson(service, '/healthz')).toEqual({ status: 'ok' });
    const up = { status: 'up', engine: expect.any(String), address: expect.any(String), missing: [] };
    expect(await getJson(service, '/readyz')).toEqual({
      status: 'ready',
      dependencies: { objects: up, queue: up, store: up, ims: up, events: up },
      access: 'off',
    });
    await setSwitches(service, { outage: true });
    const response = await fetch(`${service.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: 'not_ready',
      dependencies: {
        objects: up,
        queue: up,
        store: up,
        ims: { status: 'down', detail: expect.any(String) },
        events: up,
      },
      access: 'off',
    });
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    await setSwitches(service, { outage: false });
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  });

  test('has metrics for Prometheus that agree with the statistics', async () => {
    await setStock(service, [['SKU-1', 'HUB-1', 10]]);
    await ingest(service, csv(orderLine('M-1'), orderLine('M-2', { quantity: '0' })));
    const response = await fetch(`${service.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const metrics = (await response.text()).split('\n');
    for (const line of [
      'oms_files{status="completed"} 1',
      'oms_files{status="failed"} 0',
      'oms_rows_total{outcome="accepted"} 1',
      'oms_rows_total{outcome="invalid"} 1',
      'oms_rejected_rows_total{code="invalid_quantity"} 1',
      'oms_orders{status="on_hold"} 1',
      'oms_jobs{state="dead"} 0',
    ])
      expect(metrics).toContain(line);
    expect(metrics.some((line) => line.startsWith('process_resident_memory_bytes '))).toBe(true);
  });
});

test('no response of the API may be cached', async () => {
  const file = await ingest(service, csv(orderLine('C-1'), orderLine('C-2', { quantity: '0' })));
  for (const path of [
    ...['/healthz', '/readyz', '/metrics', '/stats', '/stats/history', '/nowhere', '/sample_orders.csv'],
    ...['/orders', '/orders/C-1', '/orders/C-1/events', '/orders/nope', '/orders?limit=x', '/inventory'],
    ...['/files', `/files/${file.file_id}`, `/files/${file.file_id}/rejections`, `/files/${file.file_id}/progress`],
    ...['/invalid-files', `/invalid-files/${file.invalid_file}`, '/events', '/progress'],
  ]) {
    const response = await fetch(`${service.url}${path}`);
    expect([path, response.headers.get('cache-control')]).toEqual([path, 'no-store']);
    const streams = /\/(events|progress)$/.test(path) && !path.startsWith('/orders');
    expect([path, response.headers.get('x-accel-buffering')]).toEqual([path, streams ? 'no' : null]);
    await response.body?.cancel();
  }
});

test('an unknown path is 404, whatever the method', async () => {
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['OPTIONS', '/nowhere'],
    ['DELETE', '/'.repeat(3)],
    ['GET', '/files/'],
    ['POST', '/files/x/explode'],
    ['POST', '/assets/nothing.js'],
  ] as const)
    await problemOf(await fetch(`${service.url}${path}`, { method }), 404, 'not_found');
});

describe('a path', () => {
  const READ = 'GET, HEAD, OPTIONS';
  const PATHS: [path: string, allow: string][] = [
    ['/', READ],
    ['/live', READ],
    ['/healthz', READ],
    ['/readyz', READ],
    ['/metrics', READ],
    ['/upload', 'OPTIONS, POST'],
    ['/files', READ],
    ['/files/x', READ],
    ['/files/x/rejections', READ],
    ['/files/x/progress', READ],
    ['/files/x/cancel', 'OPTIONS, POST'],
    ['/files/x/retry', 'OPTIONS, POST'],
    ['/progress', READ],
    ['/stats', READ],
    ['/stats/history', READ],
    ['/invalid-files', READ],
    ['/invalid-files/x', READ],
    ['/orders', 'GET, HEAD, OPTIONS, POST'],
    ['/orders/x', 'DELETE, GET, HEAD, OPTIONS, PATCH'],
    ['/orders/x/status', 'OPTIONS, PUT'],
    ['/orders/x/events', READ],
    ['/orders/x/history', READ],
    ['/api/v1/orders/x/events', READ],
    ['/inventory/adjust', 'OPTIONS, POST'],
    ['/events', READ],
    ['/sample_orders.csv', READ],
  ];

  test.each(PATHS)(
    '%s responds to other methods with 405 and to OPTIONS with 204, both with its methods',
    async (path, allow) => {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        if (allow.split(', ').includes(method)) continue;
        const response = await fetch(`${service.url}${path}`, { method });
        expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, allow]);
        if (method !== 'HEAD') await problemOf(response, 405, 'method_not_allowed');
      }
      const options = await fetch(`${service.url}${path}`, { method: 'OPTIONS' });
      expect([options.status, options.headers.get('allow'), await options.text()]).toEqual([204, allow, '']);
    },
  );

  test.each(['/orders/batch', '/orders/status', '/api/v1/orders/batch'])(
    '%s of a route has the methods of that route, not those of an order with such an id',
    async (path) => {
      const options = await fetch(`${service.url}${path}`, { method: 'OPTIONS' });
      expect([options.status, options.headers.get('allow')]).toEqual([204, 'OPTIONS, POST']);
      const put = await fetch(`${service.url}${path}`, { method: 'PUT' });
      expect([put.status, put.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
    },
  );

  test('with several methods lists all of them', async () => {
    const response = await fetch(`${service.url}/inventory`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS, PUT']);
    const ims = await fetch(`${service.imsUrl}/switches`, { method: 'DELETE' });
    expect([ims.status, ims.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS, PUT']);
  });

  test('with GET has HEAD, too', async () => {
    for (const path of ['/healthz', '/files', '/orders', '/inventory', '/stats', '/invalid-files']) {
      const [get, head] = [await fetch(service.url + path), await fetch(service.url + path, { method: 'HEAD' })];
      expect([head.status, head.headers.get('content-type')]).toEqual([200, get.headers.get('content-type')]);
      expect(await head.text()).toBe('');
    }
  });
});

describe('a request with a foreign Host or Origin', () => {
  /** Sends these headers; `fetch` would set Host by itself. */
  const requestAs = (headers: Record<string, string>, path = '/stats', method = 'GET') =>
    new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
      const sent = request(`${service.url}${path}`, { method, headers }, async (response) => {
        let text = '';
        for await (const block of response.setEncoding('utf8')) text += block;
        resolve({ status: response.statusCode!, body: JSON.parse(text) as Record<string, unknown> });
      });
      sent.on('error', reject).end();
    });

  test('is refused, for reading and writing', async () => {
    for (const headers of [
      { host: 'evil.example' },
      { host: `evil.example:${new URL(service.url).port}` },
      { host: '127.0.0.1.evil.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost.evil.example' },
    ] as Record<string, string>[])
      for (const [path, method] of [
        ['/stats', 'GET'],
        ['/healthz', 'GET'],
        ['/upload', 'POST'],
        ['/files/x/cancel', 'POST'],
      ] as const) {
        const { status, body } = await requestAs(headers, path, method);
        const code = 'origin' in headers && method === 'POST' ? 'foreign_origin' : 'foreign_host';
        expect({ status, code: body.code }).toEqual({ status: 403, code });
      }
  });

  test('changes nothing, even from another port of this machine, whatever address the service listens on', async () => {
    const open = await startService({ env: { OMS_HOST: '0.0.0.0', OMS_AUTH: 'off' } });
    for (const { url } of [service, open]) {
      const origins = [
        'https://evil.example',
        'null',
        'http://localhost:18499',
        `http://localhost:${new URL(url).port}`,
      ];
      for (const origin of origins)
        await problemOf(await upload({ url }, csv(orderLine('EVIL-1')), '', { origin }), 403, 'foreign_origin');
      for (const site of ['cross-site', 'same-site'])
        await problemOf(
          await upload({ url }, csv(orderLine('EVIL-1')), '', { 'sec-fetch-site': site }),
          403,
          'foreign_origin',
        );
      expect((await fetch(`${url}/orders/EVIL-1`)).status).toBe(404);
      const own = { origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' };
      expect((await upload({ url }, csv(orderLine('OWN-1')), '', own)).status).toBe(202);
    }
    await problemOf(
      await fetch(`${service.imsUrl}/switches`, {
        method: 'PUT',
        body: '{}',
        headers: { origin: 'http://localhost:1' },
      }),
      403,
      'foreign_origin',
    );
  });

  test('is accepted when it names this machine or an allowed host', async () => {
    for (const headers of [
      { host: 'localhost' },
      { host: 'oms.internal' },
      { host: 'OTHER.internal:1234' },
      { host: '[::1]:8080' },
      { origin: 'http://localhost:3000' },
      { origin: 'https://oms.internal' },
    ] as Record<string, string>[])
      expect((await requestAs(headers)).status).toBe(200);
  });
});
