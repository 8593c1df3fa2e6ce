/** What customers see: their own orders, to read, whatever they ask; over the real router and store. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Access } from '../../../src/access/access.ts';
import type { UserAccess } from '../../../src/access/user-access.ts';
import { readConfig } from '../../../src/config.ts';
import { createHttpApp } from '../../../src/http/router.ts';
import { ANYBODY, type Principal } from '../../../src/model/access.ts';
import type { Ports } from '../../../src/ports/ports.ts';
import { sqliteOutbox } from '../../support/adapters/sqlite.ts';
import type { Opened, Publishing } from '../../support/adapters.ts';
import { item, newOrder, toCreate, toDelete, toEdit, toMove } from '../../support/changes.ts';

const customer = (email: string | null): Principal => ({ ...ANYBODY, name: `user:${email}`, role: 'customer', email });
const PEOPLE: Record<string, Principal> = {
  anna: customer('anna@example.com'),
  bert: customer('bert@example.com'),
  // Without a verified address.
  nobody: customer(null),
};

let opened: Opened<Publishing>;
let app: ReturnType<typeof createHttpApp>;
beforeAll(async () => {
  opened = await sqliteOutbox.open();
  const { store, events } = opened.first;
  await store.stock.change([{ sku: 'S', hubId: 'HUB-1', available: 1_000 }], null);
  const of = (who: string) => ({
    ...{ customerEmail: `${who}@Example.com`, customerName: `${who} of the test`, shippingAddress: `${who} street` },
  });
  await store.changes.apply([
    toCreate('A-1', newOrder([item('S')], of('Anna'))),
    toCreate('OTHER-1', newOrder([item('S')], of('Bert'))),
    toCreate('WAS-BERTS', newOrder([item('S')], of('Bert'))),
    toEdit('WAS-BERTS', { shippingAddress: 'Bert road' }),
    toEdit('WAS-BERTS', of('Anna')),
    toMove('OTHER-1', 'confirmed'),
    toCreate('GONE', newOrder([item('S')], of('Anna'))),
    toDelete('GONE'),
  ]);
  const access: Access = {
    identify: ({ bearer }) => ({ principal: PEOPLE[bearer!]! }),
  };
  const clock = { now: Date.now } as Ports['clock'];
  const options = {
    ports: { store, events, clock } as Ports,
    config: readConfig({}, '/nowhere'),
    access,
    audit: null,
    users: {} as UserAccess,
    oidc: null,
  };
  const roles = ['api'] as const;
  app = createHttpApp({ ...options, roles, logger: pino({ level: 'silent' }) }, new AbortController().signal, () => 0);
});
afterAll(() => opened.close());

function ask(who: string, path: string, init: RequestInit = {}) {
  const incoming = { socket: {}, headers: {}, complete: true };
  const outgoing = { getHeader: () => undefined, setHeader() {} };
  const headers = { host: 'localhost', authorization: `Bearer ${who}` };
  return app.request(path, { ...init, headers }, { incoming, outgoing });
}
const idsOf = async (who: string, path = '/orders') =>
  ((await (await ask(who, path)).json()) as { items: { order_id: string }[] }).items.map(({ order_id }) => order_id);

describe('a customer', () => {
  test('lists and finds their own orders, in any case of the address', async () => {
    expect((await idsOf('anna')).toSorted()).toEqual(['A-1', 'WAS-BERTS']);
    expect(await idsOf('bert')).toEqual(['OTHER-1']);
    expect(await idsOf('nobody')).toEqual([]);
    for (const filter of ['customer_email=Bert@Example.com', 'q=Bert', 'q=OTHER-1', 'status=confirmed', 'hub_id=HUB-1'])
      expect(await idsOf('anna', `/orders?${filter}`)).not.toContain('OTHER-1');
    expect(await (await ask('anna', '/api/v1/orders/A-1')).json()).toMatchObject({
      customer: { name: 'Anna of the test' },
    });
  });

  test('is told of the order of another one what is told of an id that nobody has', async () => {
    for (const id of ['OTHER-1', 'GONE'])
      for (const path of ['', '/history', '/events']) {
        const text = async (asked: string) => {
          const response = await ask('anna', `/orders/${asked}${path}`);
          return `${response.status} ${await response.text()}`.replaceAll(asked, 'ID');
        };
        expect(await text(id)).toBe(await text('NOBODYS'));
        expect(await text(id)).toMatch(/^404/);
      }
  });

  test('gets an order that was of another person without that person', async () => {
    for (const path of ['', '/history', '/events']) {
      const text = await (await ask('anna', `/orders/WAS-BERTS${path}`)).text();
      expect(text).not.toMatch(/bert(?!s)/i);
      expect(text).toContain(path === '' ? 'Anna street' : 'customer_email');
    }
    const { items } = (await (await ask('anna', '/orders/WAS-BERTS/history')).json()) as {
      items: { changes: unknown[] }[];
    };
    expect(items[1]!.changes).toEqual([{ field: 'shipping_address', from: null, to: null }]);
  });

  test('may change nothing, and reads nothing else', async () => {
    const changes: [string, string][] = [
      ['POST', '/orders'],
      ['POST', '/orders/batch'],
      ['POST', '/orders/status'],
      ['PUT', '/orders/A-1/status'],
      ['PATCH', '/orders/A-1'],
      ['DELETE', '/orders/A-1'],
      ['POST', '/upload'],
      ['PUT', '/inventory'],
    ];
    const others = ['/files', '/inventory', '/stats', '/invalid-files', '/progress', '/metrics', '/finalizer/orders'];
    for (const [method, path] of [...changes, ...others.map((path) => ['GET', path] as const)])
      expect([path, (await ask('anna', path, { method })).status]).toEqual([path, 403]);
  });

  test('follows the events of their own orders', async () => {
    const response = await ask('anna', '/events?after=0&type=*');
    let text = '';
    for await (const block of response.body!.pipeThrough(new TextDecoderStream())) {
      text += block;
      if (text.includes('WAS-BERTS:3')) break;
    }
    expect(text).toContain('A-1:created');
    expect(text).toContain('Anna street');
    expect(text).not.toMatch(/OTHER|GONE|bert(?!s)/i);
  });
});
