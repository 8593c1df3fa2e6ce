/** The main flow over HTTP: an order file in; orders, stock, events and a report out. */
import { beforeAll, describe, expect, test } from 'vitest';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});

describe('an order file', () => {
  test('becomes orders, takes stock, and has a report of the rows that failed', async () => {
    await setStock(service, [['A-1', 'HUB-1', 5]]);
    const sku = { sku: 'A-1' };
    const file = await ingest(
      service,
      csv(
        orderLine('O-1', sku),
        orderLine('O-2', { ...sku, quantity: '4', total_amount: '79.96' }),
        orderLine('O-3', { ...sku, customer_email: 'nobody', quantity: '1e3' }),
        orderLine('O-4', { ...sku, quantity: '3', total_amount: '59.97' }),
      ),
      '?name=first.csv',
    );
    expect(file).toMatchObject({
      name: 'first.csv',
      status: 'completed',
      progress: { rows: 4, accepted: 2, invalid: 2, percent: 100 },
      invalid_by_code: { invalid_email: 1, invalid_quantity: 1, out_of_stock: 1 },
    });
    expect(await getJson(service, '/inventory?sku=A-1')).toMatchObject({
      items: [{ sku: 'A-1', hub_id: 'HUB-1', available: 0 }],
    });
    expect(await getJson(service, '/orders/O-1')).toMatchObject({
      order_id: 'O-1',
      total_amount: '39.98',
      source: { file_id: file.file_id, row: 2 },
    });
    const report = await (await fetch(`${service.url}/invalid-files/${file.invalid_file}`)).text();
    expect(report.split('\n')).toHaveLength(4);
    expect(report).toContain('more than the 3 left');
  });
});
