/** Which format reads a file that names none: whoever is limited to hubs does not decide how the files of others are read. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSqliteOrderStore } from '../../../src/adapters/order-store.sqlite/order-store.ts';
import { ANYBODY } from '../../../src/model/access.ts';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { formatSchema } from '../../../src/model/format.ts';
import { Formats } from '../../../src/pipeline/formats.ts';
import { FormatsOfFiles } from '../../../src/pipeline/formats-of-files.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import { openSqlite } from '../../support/adapters/sqlite.ts';

let store: OrderStore;
let close: () => Promise<void>;
beforeEach(async () => {
  const options = { trackStock: false, publishes: false };
  const opened = await openSqlite((connection) => createSqliteOrderStore({ ...connection, ...options }));
  store = opened.first;
  close = opened.close;
});
afterEach(() => close());

const named = (column: string) => `My ${column}`;
const save = (name: string, hubs: string[] | null) => {
  const columns = Object.fromEntries(ORDER_COLUMNS.map((column) => [column, { from: named(column) }]));
  const formats = new Formats({ store, clock: systemClock });
  return formats.save(formatSchema.parse({ name, columns }), { ...ANYBODY, role: 'operator', hubs }, null);
};
const found = async (hubs: string[] | null) => {
  const header = { columns: ORDER_COLUMNS.map(named), rowsAbove: { least: 0, most: 0 } };
  return (await new FormatsOfFiles({ store }).withHeader([header], { hubs }))?.format.name ?? null;
};

test('a file finds the formats of those who have no other hubs than it has', async () => {
  await save('of-one', ['HUB-1']);
  expect(await found(null)).toBeNull();
  expect(await found(['HUB-1', 'HUB-2'])).toBe('of-one');
  expect(await found(['HUB-2'])).toBeNull();
  await save('of-all', null);
  expect(await found(null)).toBe('of-all');
  expect(await found(['HUB-1'])).toBe('of-one');
});
