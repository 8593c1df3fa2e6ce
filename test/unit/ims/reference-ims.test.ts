import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../../src/ims/catalog.ts';
import { type ReferenceIms, referenceIms, startReferenceIms } from '../../../src/ims/reference-ims.ts';

const put = (body: string) => ({ method: 'PUT', body });
const post = (body: unknown) => ({
  method: 'POST',
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const items = (count: number) => ({ items: Array.from({ length: count }, (_, i) => ({ sku: `S${i}`, hub_id: 'H' })) });

describe('the reference IMS', () => {
  const app = () => {
    const catalog = new Catalog();
    catalog.add('S0', 'H');
    return referenceIms({
      catalog,
      alsoKnown: async ({ skus, hubIds }) => ({
        skus: skus.filter((sku) => sku === 'made-up'),
        hubIds: hubIds.filter((hubId) => hubId === 'drawn-up'),
      }),
    });
  };

  it('answers from its catalog, then from what else is known, in the order of the items', async () => {
    const response = await app().request(
      '/api/v1/validate',
      post({
        items: [
          { sku: 'S0', hub_id: 'none' },
          { sku: 'made-up', hub_id: 'H' },
          { sku: 'no', hub_id: 'drawn-up' },
        ],
      }),
    );
    expect(await response.json()).toEqual({
      results: [
        { sku: 'S0', hub_id: 'none', sku_valid: true, hub_valid: false },
        { sku: 'made-up', hub_id: 'H', sku_valid: true, hub_valid: true },
        { sku: 'no', hub_id: 'drawn-up', sku_valid: false, hub_valid: true },
      ],
    });
  });

  it.each(['', 'no json', '[]', '{"items":{}}', '{"items":[{"sku":"A"}]}', '{"items":[{"sku":1,"hub_id":"H"}]}'])(
    'refuses the body %j with a problem',
    async (body) => {
      const response = await app().request('/api/v1/validate', post(body));
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject({
        type: 'urn:oms:problem:invalid_body',
        title: 'Bad Request',
        status: 400,
        code: 'invalid_body',
      });
    },
  );

  it('takes 500 items and refuses more', async () => {
    const ims = app();
    expect((await ims.request('/api/v1/validate', post(items(500)))).status).toBe(200);
    expect((await ims.request('/api/v1/validate', post(items(501)))).status).toBe(413);
    expect((await ims.request('/api/v1/validate', post('x'.repeat(5_000_000)))).status).toBe(413);
  });

  it('counts requests and the items it answered', async () => {
    const ims = app();
    await ims.request('/api/v1/validate', post(items(3)));
    await ims.request('/api/v1/validate', post(items(2)));
    await ims.request('/api/v1/validate', post('no json'));
    expect(await (await ims.request('/stats')).json()).toEqual({ requests: 3, items: 5 });
  });

  it('sets the switches it is given and leaves the others', async () => {
    const ims = app();
    await ims.request('/switches', put('{"latency_ms":1}'));
    await ims.request('/switches', put('{"error_rate":0.25}'));
    expect(await (await ims.request('/switches')).json()).toEqual({ latency_ms: 1, error_rate: 0.25, outage: false });
  });

  it.each(['', '{"latency_ms":-1}', '{"latency_ms":1e9}', '{"error_rate":2}', '{"outage":"yes"}', '{"outtage":true}'])(
    'refuses the switches %j',
    async (body) => {
      const response = await app().request('/switches', put(body));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'invalid_switches' });
    },
  );

  it('answers 503 to everybody during an outage, and is switched back', async () => {
    const ims = app();
    await ims.request('/switches', put('{"outage":true}'));
    expect((await ims.request('/api/v1/validate', post(items(1)))).status).toBe(503);
    expect((await ims.request('/healthz')).status).toBe(503);
    await ims.request('/switches', put('{"outage":false}'));
    expect((await ims.request('/api/v1/validate', post(items(1)))).status).toBe(200);
    expect((await ims.request('/healthz')).status).toBe(200);
  });

  it('answers 503 to all requests at an error rate of 1', async () => {
    const ims = app();
    await ims.request('/switches', put('{"error_rate":1}'));
    expect((await ims.request('/api/v1/validate', post(items(1)))).status).toBe(503);
    expect((await ims.request('/healthz')).status).toBe(200);
  });

  it('adds to its catalog, and adds nothing from a broken one', async () => {
    const ims = app();
    const added = await ims.request('/catalog', put('sku,hub_id\nS1,H\nS2,H2\n'));
    expect(await added.json()).toEqual({ skus: 3, hubs: 2 });
    const broken = await ims.request('/catalog', put('sku,hub_id\nS3,H3\n"S4'));
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ code: 'invalid_catalog' });
    expect((await ims.request('/catalog', { method: 'PUT' })).status).toBe(400);
    expect(await (await ims.request('/catalog', put('sku,hub_id\n'))).json()).toEqual({ skus: 3, hubs: 2 });
  });

  it('says what it does not have', async () => {
    const response = await app().request('/nothing');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'not_found' });
  });
});

describe('the reference IMS on its port', () => {
  let service: ReferenceIms;
  beforeEach(async () => {
    service = await startReferenceIms({ port: 0 });
  });
  afterEach(() => service.close());

  it('listens on this machine and takes a catalog over the wire', async () => {
    expect(service.url).toBe(`http://127.0.0.1:${service.port}`);
    const response = await fetch(`${service.url}/catalog`, put('sku,hub_id\nA,H\n'));
    expect(await response.json()).toEqual({ skus: 1, hubs: 1 });
    expect((await fetch(`${service.url}/nothing`)).status).toBe(404);
  });

  it('says which setting to change when the port is in use', async () => {
    await expect(startReferenceIms({ port: service.port })).rejects.toMatchObject({
      code: 'address_in_use',
      message: expect.stringContaining('OMS_IMS_PORT'),
    });
  });

  it('is not started with a catalog that is not there', async () => {
    await expect(startReferenceIms({ port: 0, catalogFile: '/does/not/exist.csv' })).rejects.toMatchObject({
      code: 'invalid_catalog',
    });
  });

  it('refuses a request under a foreign name', async () => {
    const status = await new Promise((resolve, reject) => {
      request(`${service.url}/stats`, { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });
});
