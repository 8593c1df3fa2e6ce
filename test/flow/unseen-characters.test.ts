/** Ids that look the same are the same id, whatever invisible characters they have: in files, in stock and in queries. */
import { beforeAll, expect, test } from 'vitest';
import { problemOf, rejectionsOf } from '../support/bad-input.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['S-1', 'HUB-1', 1_000]]);
});

const codesOf = async (file: Awaited<ReturnType<typeof ingest>>) =>
  (await rejectionsOf(service, file)).map(({ row, codes }) => [row, ...codes]);
const line = (id: string, values: Record<string, string> = {}) => orderLine(id, { sku: 'S-1', ...values });
const orderOf = (id: string) =>
  getJson<{ order_id: string; customer: { name: string } }>(service, `/orders/${encodeURIComponent(id)}`);

test('invisible characters at the ends of a value are ignored', async () => {
  const file = await ingest(
    service,
    csv(
      line('ZW-1'),
      line('ZW-1\u200b'),
      line('ZW-2', { customer_name: '\u200b' }),
      line('\ufeffZW-3\u2060', { sku: '\u200eS-1' }),
    ),
  );
  expect(await codesOf(file)).toEqual([
    [3, 'duplicate_order'],
    [4, 'missing_value'],
  ]);
  expect((await orderOf('ZW-1\u200b')).order_id).toBe('ZW-1');
  expect((await orderOf('ZW-3')).order_id).toBe('ZW-3');
});

test('inside an id, a SKU, a hub or an address they are rejected by name and place, and again in an unchanged report', async () => {
  const rows = csv(
    line('ZW\u200b-4'),
    line('ZW-5', { sku: 'S\u00ad-1' }),
    line('ZW-6', { hub_id: 'HUB\u202e-1' }),
    line('ZW-7', { customer_email: 'a\u200db@example.com' }),
  );
  const file = await ingest(service, rows);
  const rejected = await rejectionsOf(service, file);
  expect(rejected.map(({ reasons }) => reasons.map(({ code, reason }) => `${code}: ${reason}`))).toEqual([
    ['control_character: order_id "ZW\\u200b-4" contains a zero-width space (U+200B) at character 3: remove it'],
    ['control_character: sku "S\\u00ad-1" contains a soft hyphen (U+00AD) at character 2: remove it'],
    ['control_character: hub_id "HUB\\u202e-1" contains a right-to-left override (U+202E) at character 4: remove it'],
    ['control_character: customer_email "a\\u200db@example.com" contains a zero-width joiner (U+200D) at character 2: remove it'],
  ]); // biome-ignore format: one reason a line
  const report = Buffer.from(await (await fetch(`${service.url}/invalid-files/${file.invalid_file}`)).arrayBuffer());
  const again = await rejectionsOf(service, await ingest(service, report));
  expect(again.map(({ reasons }) => reasons)).toEqual(rejected.map(({ reasons }) => reasons));
});

test('an id in NFC and in NFD is one order, stored in NFC', async () => {
  const nfc = 'Caf\u00e9-1';
  const nfd = nfc.normalize('NFD');
  const file = await ingest(service, csv(line(nfd), line(nfc), line(nfd, { quantity: '1', total_amount: '19.99' })));
  expect(await codesOf(file)).toEqual([
    [3, 'duplicate_order'],
    [4, 'order_conflict'],
  ]);
  expect((await orderOf(nfd)).order_id).toBe(nfc);
  expect((await orderOf(nfc)).order_id).toBe(nfc);
  const { items } = await getJson<{ items: { subject: string }[] }>(
    service,
    `/orders/${encodeURIComponent(nfd)}/events`,
  );
  expect(items.map(({ subject }) => subject)).toEqual([nfc]);
});

test('stock has the same rule and messages, as CSV and as JSON', async () => {
  const words = 'sku "S\\u200b-1" contains a zero-width space (U+200B) at character 2: remove it';
  const put = (type: string, body: string) =>
    fetch(`${service.url}/inventory`, { method: 'PUT', headers: { 'content-type': type }, body });
  const json = (sku: string) => JSON.stringify({ items: [{ sku, hub_id: 'HUB-1', available: 5 }] });
  for (const refused of [
    await put('text/csv', 'sku,hub_id,available\nS\u200b-1,HUB-1,5\n'),
    await put('application/json', json('S\u200b-1')),
  ]) {
    const { status, code, detail } = await problemOf(refused);
    expect([status, code]).toEqual([400, 'invalid_body']);
    expect(detail).toContain(words);
  }
  expect((await put('text/csv', 'sku,hub_id,available\n\u200bS-2\u200b,HUB-1\u2060,5\n')).status).toBe(200);
  expect((await put('application/json', json('\ufeffS-3\u00ad'))).status).toBe(200);
  for (const sku of ['S-2', 'S-3', 'S-3\u200b']) {
    const { items } = await getJson<{ items: unknown[] }>(service, `/inventory?sku=${encodeURIComponent(sku)}`);
    expect(items).toEqual([{ sku: sku.slice(0, 3), hub_id: 'HUB-1', available: 5 }]);
  }
  expect((await problemOf(await put('application/json', json('\u200b')))).detail).toContain('sku is empty');
});

test('names keep the joiners of their scripts and of emoji', async () => {
  const names = ['می\u200cخواهم', '👩\u200d💻', 'Ann\u200e'];
  await ingest(service, csv(...names.map((customer_name, i) => line(`N-${i}`, { customer_name }))));
  const stored = await Promise.all(names.map(async (_, i) => (await orderOf(`N-${i}`)).customer.name));
  expect(stored).toEqual([names[0], names[1], 'Ann']);
});
