/** Files that are valid but suspicious: the API and the command line warn of them, and no row is rejected for it. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { csv, ingest, orderLine, runOms, setStock, startService, temporaryDirectory } from '../support/service.ts';

const SKU = '4.00638E+12';

test('warnings have the number of rows and the first row, and reject none', async () => {
  const service = await startService();
  await setStock(service, [
    ['SKU-1', 'HUB-1', 100],
    [SKU, 'HUB-1', 100],
  ]);
  const file = await ingest(
    service,
    csv(
      orderLine('W-1'),
      orderLine('400638133390000000'),
      orderLine('W-2', { sku: SKU }),
      orderLine('W-3', { order_date: '01/02/2026' }),
      orderLine('W-4', { customer_name: 'Ren\u00c3\u00a9' }),
      orderLine('W-5', { unit_price: '0', total_amount: '0' }),
      orderLine('W-6', { product_name: 'S\u00c3O' }),
    ),
  );
  expect(file).toMatchObject({
    progress: { accepted: 6, invalid: 1 },
    invalid_by_code: { invalid_date: 1 },
    warnings: [
      { code: 'shortened_number', count: 2, row: 3 },
      { code: 'ambiguous_date', count: 1, row: 5 },
      { code: 'wrongly_decoded_text', count: 1, row: 6 },
    ],
  });
  const free = { unit_price: '0.00', total_amount: '0' };
  const allFree = await ingest(service, csv(orderLine('F-1', free), orderLine('F-2', free)));
  expect(allFree).toMatchObject({
    progress: { accepted: 2 },
    warnings: [{ code: 'all_prices_zero', count: 2, row: 2 }],
  });
  expect(await ingest(service, csv(orderLine('N-1')))).toMatchObject({ warnings: [] });
});

test('the command line prints the warnings, too', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'orders.csv');
  await writeFile(path, csv(orderLine('4.5E+12')));
  const { stdout } = await runOms(['ingest', path], { OMS_DATA_DIR: join(directory, 'data'), OMS_STOCK: 'untracked' });
  expect(stdout).toContain('  warning: shortened_number, 1 row, the first is row 2\n');
});
