/** Read models on SQLite, made from an order store while it changes, compared with what all orders add up to. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { folderAt } from '../../../src/adapters/read-models.sqlite/folder.ts';
import { createReadModels } from '../../../src/adapters/read-models.sqlite/read-models.ts';
import { createDayOf, dayText } from '../../../src/model/calendar-day.ts';
import type { Order } from '../../../src/model/order.ts';
import { DEFAULT_WORKFLOW, isCounted } from '../../../src/model/workflow.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import { pagesOf } from '../../../src/ports/page.ts';
import type { Folder } from '../../../src/ports/projecting.ts';
import type { ReadModels, ReportBy } from '../../../src/ports/read-models.ts';
import { sqliteOrderStore } from '../../support/adapters/sqlite.ts';
import type { Opened } from '../../support/adapters.ts';
import { item, newOrder, toCreate, toDelete, toEdit, toMove } from '../../support/changes.ts';
import { temporaryDirectory } from '../../support/service.ts';

const ZONE = 'America/New_York';
const dayOf = createDayOf(ZONE);
const EVER = { from: null, to: null };

interface World {
  opened: Opened<OrderStore>;
  store: OrderStore;
  path: string;
  views: ReadModels;
  folder: Folder;
}

const worlds: World[] = [];
afterEach(async () => {
  for (const { opened, views, folder } of worlds.splice(0)) {
    folder.close();
    views.close();
    await opened.close();
  }
});

async function newWorld(): Promise<World> {
  const opened = await sqliteOrderStore.open();
  const path = join(await temporaryDirectory(), 'views.db');
  const store = opened.first;
  await store.stock.change([{ sku: 'S-1', hubId: 'HUB-1', available: 1_000_000 }], null);
  const world = {
    opened,
    store,
    path,
    views: createReadModels(path, DEFAULT_WORKFLOW),
    folder: folderAt(path, ZONE)(0),
  };
  worlds.push(world);
  return world;
}

async function catchUp({ store, folder }: World): Promise<void> {
  for (;;) {
    const page = await store.journal!.read(folder.position);
    if (page.orders.length === 0) return folder.purge();
    folder.fold(page);
  }
}

const all = async <Item>(list: Parameters<typeof pagesOf<Item>>[0]): Promise<Item[]> =>
  (await Array.fromAsync(pagesOf(list, 2))).flat();

async function shown({ views }: World) {
  const report = (by: ReportBy) => all((page) => views.report(by, EVER, page));
  const subjects = async (kind: 'customer' | 'product') =>
    (await all((page) => views.list(kind, '', page))).map(
      ({ key, orders, units, amountMinor, cancelled, byStatus }) => ({
        ...{ key, orders, units, amountMinor, cancelled, byStatus },
      }),
    );
  return {
    customers: await subjects('customer'),
    products: await subjects('product'),
    reports: Object.fromEntries(
      await Promise.all(
        (['day', 'month', 'hub', 'status', 'customer', 'product'] as const).map(async (by) => [
          by,
          (await report(by)).map(({ name: _, cancelledUnits: __, ...row }) => row),
        ]),
      ),
    ),
  };
}

/** The same from all orders. */
function expectedOf(orders: Order[]) {
  type Part = { key: string; units: number; amount: number; order: Order };
  const sumsBy = (partsOf: (order: Order) => Part[]) => {
    const keys = new Map<string, Part[]>();
    for (const order of orders)
      for (const part of partsOf(order)) keys.set(part.key, [...(keys.get(part.key) ?? []), part]);
    return [...keys]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, parts]) => {
        const counted = parts.filter(({ order }) => isCounted(DEFAULT_WORKFLOW, order.status));
        const byStatus: Record<string, number> = {};
        for (const { order } of parts) byStatus[order.status] = (byStatus[order.status] ?? 0) + 1;
        const sums = {
          key,
          orders: parts.length,
          units: counted.reduce((sum, { units }) => sum + units, 0),
          amountMinor: counted.reduce((sum, { amount }) => sum + BigInt(amount), 0n),
          cancelled: parts.length - counted.length,
        };
        return { sums, byStatus };
      });
  };
  const whole = (key: string | null, order: Order): Part[] =>
    key === null
      ? []
      : [{ key, units: order.items.reduce((sum, one) => sum + one.quantity, 0), amount: order.totalMinor, order }];
  const byItem = (field: 'sku' | 'hubId') => (order: Order) =>
    [...new Set(order.items.map((one) => one[field]))].map((key) => {
      const items = order.items.filter((one) => one[field] === key);
      const sum = (of: 'quantity' | 'lineTotalMinor') => items.reduce((total, one) => total + one[of], 0);
      return { key, units: sum('quantity'), amount: sum('lineTotalMinor'), order };
    });
  const day = (order: Order) => dayText(dayOf(order.orderDateMs));
  const rows = (partsOf: (order: Order) => Part[]) => sumsBy(partsOf).map(({ sums }) => sums);
  const subjects = (partsOf: (order: Order) => Part[]) =>
    sumsBy(partsOf).map(({ sums, byStatus }) => ({ ...sums, byStatus }));
  const customer = (order: Order) =>
    whole(order.customerEmail === '' ? null : order.customerEmail.toLowerCase(), order);
  return {
    customers: subjects(customer),
    products: subjects(byItem('sku')),
    reports: {
      day: rows((order) => whole(day(order), order)),
      month: rows((order) => whole(day(order).slice(0, 7), order)),
      hub: rows(byItem('hubId')),
      status: rows((order) => whole(order.status, order)),
      customer: rows(customer),
      product: rows(byItem('sku')),
    },
  };
}

const bytesOf = (path: string): string =>
  ['', '-wal'].map((end) => (existsSync(path + end) ? readFileSync(path + end, 'latin1') : '')).join('');

const allOrders = async (store: OrderStore): Promise<Order[]> => all((page) => store.orders.list({}, page));

const orderContent = fc.record({
  items: fc.array(fc.record({ sku: fc.constantFrom('S-1', 'S-2', 'S-3'), hub: fc.constantFrom('HUB-1', 'HUB-2') }), {
    minLength: 1,
    maxLength: 3,
  }),
  email: fc.constantFrom('ada@example.com', 'Ada@Example.com', 'bob@example.com', 'cy@example.com'),
  atMs: fc.integer({ min: Date.UTC(2026, 0, 30), max: Date.UTC(2026, 1, 3) }),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('create' as const), content: orderContent }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), content: orderContent, at: fc.nat() }) },
  fc.record({ do: fc.constantFrom('confirmed', 'shipped', 'cancelled', 'delete'), at: fc.nat() }),
  fc.record({ do: fc.constant('erase' as const) }),
  fc.record({ do: fc.constant('fold' as const) }),
  fc.record({ do: fc.constant('die' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const contentOf = ({ items, email, atMs }: typeof orderContent extends fc.Arbitrary<infer Value> ? Value : never) =>
  newOrder(
    items.map(({ sku, hub }, i) => item(sku, i + 1, { hubId: hub })),
    { customerEmail: email, customerName: `Who has ${email}`, orderDateMs: atMs },
  );

async function take(world: World, ids: string[], one: Step): Promise<void> {
  const { store } = world;
  const id = 'at' in one ? ids[one.at % Math.max(1, ids.length)] : undefined;
  const apply = (change: Parameters<OrderStore['changes']['apply']>[0][number]) => store.changes.apply([change]);
  if (one.do === 'create') {
    ids.push(`A-${ids.length}`);
    await apply(toCreate(ids.at(-1)!, contentOf(one.content)));
  } else if (one.do === 'fold') await catchUp(world);
  else if (one.do === 'die') {
    world.folder.close();
    world.folder = folderAt(world.path, ZONE)(0);
  } else if (one.do === 'erase') {
    const of = { email: 'ada@example.com' };
    const { found } = await store.erasure.find(of, null);
    await store.erasure.erase(
      of,
      found.map(({ orderId }) => orderId),
    );
  } else if (id === undefined) return;
  else if (one.do === 'edit') {
    const { items, customerEmail, orderDateMs } = contentOf(one.content);
    await apply(toEdit(id, { items, customerEmail, orderDateMs } as never));
  } else await apply(one.do === 'delete' ? toDelete(id) : toMove(id, one.do));
}

describe('the read models', () => {
  test('are the sums of all orders, however these change, and whenever the projector dies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        const world = await newWorld();
        await world.store.stock.change(
          ['S-1', 'S-2', 'S-3'].flatMap((sku) =>
            ['HUB-1', 'HUB-2'].map((hubId) => ({ sku, hubId, available: 1_000_000 })),
          ),
          null,
        );
        const ids: string[] = [];
        for (const one of steps) await take(world, ids, one);
        await catchUp(world);
        expect(await shown(world)).toEqual(expectedOf(await allOrders(world.store)));
        expect(await world.store.journal!.behind(await world.views.position())).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('are made anew for another time zone, another generation, and where the file is damaged or gone', async () => {
    const world = await newWorld();
    await world.store.changes.apply([
      toCreate('A-1', newOrder([item('S-1')], { orderDateMs: Date.UTC(2026, 0, 2, 1) })),
    ]);
    await catchUp(world);
    const days = async () =>
      (await world.views.report('day', EVER, { limit: 10, after: null })).items.map(({ key }) => key);
    expect(await days()).toEqual(['2026-01-01']);
    const again = async (timeZone: string, generation: number) => {
      world.folder.close();
      world.folder = folderAt(world.path, timeZone)(generation);
      const { position } = world.folder;
      await catchUp(world);
      return position;
    };
    expect(await again('UTC', 0)).toBeNull();
    expect(await days()).toEqual(['2026-01-02']);
    expect(await again('UTC', 1)).toBeNull();
    expect(await again('UTC', 1)).not.toBeNull();
    writeFileSync(world.path, 'no database at all, but long enough to be read as one');
    expect(await again('UTC', 1)).toBeNull();
    expect(await days()).toEqual(['2026-01-02']);
  });

  test('hold no byte of a person who was erased', async () => {
    const world = await newWorld();
    const order = newOrder([item('S-1')], { customerEmail: 'grace@example.com', customerName: 'Grace Hopper' });
    await world.store.changes.apply([toCreate('A-1', order)]);
    await catchUp(world);
    expect(await world.views.get('customer', 'grace@example.com')).toMatchObject({ name: 'Grace Hopper', orders: 1 });
    await world.store.erasure.erase({ email: 'grace@example.com' }, ['A-1']);
    await catchUp(world);
    expect(await world.views.get('customer', 'grace@example.com')).toBeNull();
    expect((await world.views.get('product', 'S-1'))?.orders).toBe(1);
    expect(bytesOf(world.path)).not.toMatch(/grace|hopper/i);
  });

  test('find orders by the beginnings of words, as these are now', async () => {
    const { store, views, ...world } = await newWorld();
    const catchingUp = () => catchUp({ store, views, ...world });
    const create = (id: string, customerName: string, productName = 'Lamp') =>
      store.changes.apply([toCreate(id, newOrder([item('S-1', 1, { productName })], { customerName }))]);
    await create('A-1', 'Zoë Müller-Lüdenscheidt');
    await create('A-2', 'Zoe Smith', 'Крем');
    await catchingUp();
    const found = (words: string) => views.findOrders(words, 10);
    expect(await found('zoe')).toEqual(['A-2', 'A-1']);
    expect(await found('lüd ZOE')).toEqual(['A-1']);
    expect(await found('крем')).toEqual(['A-2']);
    expect(await found('a-2')).toEqual(['A-2']);
    expect(await found('ada@example.com smith')).toEqual(['A-2']);
    for (const words of ['', '  ', '"', '-*', 'zoe AND nobody', 'NEAR(', 'words:', '^', '\0']) await found(words);
    expect(await found('"smith" OR nobody')).toEqual([]);
    await store.changes.apply([toEdit('A-2', { customerName: 'Bob' })]);
    await store.changes.apply([toDelete('A-1')]);
    await catchingUp();
    expect([await found('smith'), await found('bob'), await found('zoe')]).toEqual([[], ['A-2'], []]);
  });

  test('of nothing are empty', async () => {
    const { views, folder, path } = await newWorld();
    const none = createReadModels(`${path}.none`, DEFAULT_WORKFLOW);
    for (const one of [views, none]) {
      expect(await one.position()).toBeNull();
      expect(await one.report('day', EVER, { limit: 10, after: null })).toEqual({ items: [], next: null });
      expect(await one.get('customer', 'a@example.com')).toBeNull();
    }
    expect(folder.position).toBeNull();
  });
});
