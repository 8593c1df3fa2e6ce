/** The presets: what becomes of each row of a file as the shop system exports it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import type { Format } from '../../../src/model/format.ts';
import type { Delimiter } from '../../../src/model/intake.ts';
import { AMAZON } from '../../../src/model/presets/amazon.ts';
import { ETSY } from '../../../src/model/presets/etsy.ts';
import { SHOPIFY } from '../../../src/model/presets/shopify.ts';
import { WOOCOMMERCE } from '../../../src/model/presets/woocommerce.ts';
import { ChunkBuilder } from '../../../src/pipeline/chunk-builder.ts';
import { CsvRecords } from '../../../src/pipeline/read/csv-records.ts';
import { makeHeader } from '../../../src/pipeline/read/header.ts';
import { previewOf } from '../../support/preview.ts';

/** The orders, and the rejected rows, of a sample. */
async function read(sample: string, format: Format) {
  const file = readFileSync(new URL(`../../samples/presets/${sample}`, import.meta.url), 'utf8');
  const delimiter: Delimiter = format.delimiter ?? ',';
  const records = new CsvRecords(delimiter, 'utf-8', limits.maxRecordBytes, { offset: 0, row: 0 });
  records.push(file);
  records.end(file.length);
  const intake = { encoding: 'utf-8' as const, delimiter, gzip: false, bom: false };
  const builder = new ChunkBuilder(makeHeader(records.next()!.cells, 1, format), intake, {
    timeZone: 'UTC',
    now: () => 0,
    ask: async (pairs) => pairs.map(() => ({ skuValid: true, hubValid: true })),
  });
  for (let row = records.next(); row; row = records.next()) builder.add(row);
  builder.lines!.end();
  await builder.check(intake);
  const { orders, rejections, skipped } = builder.takeChunk();
  const found = Array.from({ length: orders.orders }, (_, order) => {
    const { items, orderDateMs, ...content } = orders.content(order);
    return {
      order: `${orders.text(orders.first(order), 'order_id')} in row ${orders.row(orders.first(order))}`,
      ...content,
      date: new Date(orderDateMs).toISOString(),
      items: items.map(
        (item) => `${item.quantity} ${item.sku} ${item.hubId} ${item.unitPriceMinor} ${item.productName}`,
      ),
    };
  });
  return {
    found,
    rejected: rejections.map(({ row, reasons }) => `${row} ${reasons.map(({ code }) => code)}`),
    skipped,
  };
}

test('shopify: rows behind the first have only their item; unpaid orders are left out as wholes', async () => {
  expect(await read('shopify.csv', SHOPIFY)).toEqual({
    found: [
      {
        ...{ order: '#1001 in row 2', customerName: 'Ana Ruiz', customerEmail: 'ana@example.com', totalMinor: 7470 },
        shippingAddress: "Calle Mayor 3, 2 B, '28013, Madrid, M, ES",
        date: '2026-10-07T07:50:25.000Z',
        items: ['2 LS-M HUB-1 2990 Linen shirt - M', '1 CB-1 HUB-1 1490 Canvas bag'],
      },
    ],
    // Billed, not shipped: without an address; and a gift card has no SKU.
    rejected: ['6 missing_value', '7 missing_value'],
    skipped: 2,
  });
});

test('a preview leaves out what an upload leaves out: a later row says nothing of what its first one says', async () => {
  const file = readFileSync(new URL('../../samples/presets/shopify.csv', import.meta.url));
  const { rows } = await previewOf(file, { asked: SHOPIFY });
  expect(rows.filter(({ skipped }) => skipped).map(({ row }) => row)).toEqual([4, 5]);
  expect(rows.filter(({ reasons }) => reasons.length > 0).map(({ row }) => row)).toEqual([6, 7]);
});

test('woocommerce: the subtotal of an item is that of all pieces; cancelled orders are left out', async () => {
  const { found, rejected, skipped } = await read('woocommerce.csv', WOOCOMMERCE);
  expect(found).toEqual([
    {
      ...{ order: '2781 in row 2', customerName: 'Ida Moore', customerEmail: 'ida@example.com', totalMinor: 3600 },
      ...{ shippingAddress: '1 Quay, BS1 4ST, Bristol, GB', date: '2026-10-05T18:22:07.000Z' },
      items: ['2 CAN-1 HUB-1 1200 Candle', '1 MAT-1 HUB-1 1200 Matches'],
    },
  ]);
  expect({ rejected, skipped }).toEqual({ rejected: ['5 invalid_price'], skipped: 1 });
});

test('amazon: tab-separated, quotes are text, the price of an item is that of all pieces', async () => {
  const { found, rejected, skipped } = await read('amazon.txt', AMAZON);
  expect(found).toEqual([
    {
      ...{ order: '058-3563777-5518068 in row 2', customerName: 'Joe Smith', totalMinor: 36997 },
      customerEmail: 'x1y2@marketplace.example',
      shippingAddress: '12 Elm Street, 97201, Portland, OR, US',
      date: '2026-10-14T18:54:21.000Z',
      items: ['1 SB-156 HUB-1 34999 Snowboard 156"', '2 WAX-2 HUB-1 999 Wax'],
    },
  ]);
  // 20.00 for three pieces.
  expect({ rejected, skipped }).toEqual({ rejected: ['4 invalid_price', '5 order_incomplete'], skipped: 0 });
});

test('etsy: days are month/day/year, and there is no e-mail', async () => {
  const { found, rejected, skipped } = await read('etsy.csv', ETSY);
  expect(found).toEqual([
    {
      ...{ order: '2328983501 in row 2', customerName: 'Mia Fox', customerEmail: 'buyer@etsy.invalid' },
      ...{ totalMinor: 3099, shippingAddress: '7 Pine Ave, 02108, Boston, MA, United States' },
      date: '2026-10-09T00:00:00.000Z',
      items: ['1 MUG-B HUB-1 1899 Ceramic mug, blue', '2 SAU-1 HUB-1 600 Saucer'],
    },
  ]);
  expect({ rejected, skipped }).toEqual({ rejected: ['4 invalid_date', '5 missing_value'], skipped: 0 });
});
