/** What dry runs know of themselves: compared as orders are, kept between two times of work on a file, and never left behind. */
import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { createScratches } from '../../../src/adapters/scratches.sqlite.ts';
import type { OrderContent } from '../../../src/model/order.ts';

const content = (values: Partial<OrderContent> = {}): OrderContent => ({
  customerName: 'Zo\u00eb',
  customerEmail: 'zoe@example.com',
  items: [{ sku: 'S', hubId: 'H', productName: 'Lamp', quantity: 2, unitPriceMinor: 5, lineTotalMinor: 10 }],
  totalMinor: 10,
  orderDateMs: 0,
  shippingAddress: 'Here',
  ...values,
});

const order = (orderId: string, row = 2, values = {}) => ({ orderId, row, content: content(values) });
const END = { offset: 100, row: 5 };

/** Files that this process has open, and that have no name any more. */
const nameless = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /etilqs_.*\(deleted\)/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;

const scratches = createScratches(2);
afterEach(() => scratches.close());

test('finds the orders of the file, and in which fields a row differs from them', async () => {
  const scratch = scratches.take('f_a');
  expect(scratch.reached).toBeNull();
  await scratch.add([order('A'), order('B', 4)], END);
  expect(scratch.reached).toEqual(END);
  const found = scratch.find(['A', 'C']);
  expect([...found.keys()]).toEqual(['A']);
  const existing = found.get('A')!;
  expect(existing).toMatchObject({ fileId: 'f_a', row: 2, deleted: false });
  expect(existing.isSeen(['ANOTHER'])).toBe(true);
  // As a stored order is compared: however accents are composed.
  expect(existing.differing(content({ customerName: 'Zoe\u0308' }))).toEqual([]);
  expect(existing.differing(content({ customerName: 'Zoe', totalMinor: 11 }))).toEqual([
    'customer_name',
    'total_amount',
  ]);
  expect(scratch.taken('S', 'H')).toBe(4);
  expect(scratch.taken('S', 'OTHER')).toBe(0);
});

test('adds all orders of a step, or none', async () => {
  const scratch = scratches.take('f_a');
  await scratch.add([order('A')], END);
  await expect(scratch.add([order('B'), order('A')], { offset: 200, row: 9 })).rejects.toThrow();
  expect(scratch.reached).toEqual(END);
  expect([...scratch.find(['A', 'B']).keys()]).toEqual(['A']);
  expect(scratch.taken('S', 'H')).toBe(2);
});

test.skipIf(process.platform !== 'linux')(
  'is kept for the next time, as long as few are, and leaves no file',
  async () => {
    const before = nameless();
    const ids = ['f_a', 'f_b', 'f_c'];
    const first = ids.map((fileId) => scratches.take(fileId));
    // More than its cache holds.
    const [item] = content().items;
    const items = [{ ...item!, productName: 'x'.repeat(500) }];
    await first[1]!.add(
      Array.from({ length: 12_000 }, (_, i) => order(`${i}`, i + 2, { items })),
      END,
    );
    expect(nameless()).toBeGreaterThan(before);
    for (const fileId of ids) scratches.keep(fileId);
    // The end of the work on a file that is kept changes nothing.
    scratches.drop('f_c');
    expect(ids.map((fileId, i) => scratches.take(fileId) === first[i])).toEqual([false, true, true]);
    for (const fileId of ids) scratches.drop(fileId);
    expect(nameless()).toBe(before);
  },
);
