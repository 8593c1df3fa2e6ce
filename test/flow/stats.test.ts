/** `/stats` and its history: the sums of all files. */
import { beforeAll, describe, expect, test } from 'vitest';
import { problemOf } from '../support/http.ts';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';

interface History {
  items: { at: string; rows: number; accepted: number; invalid: number }[];
}

/** On MongoDB there are no read models. */
const PROJECTOR = process.env.TEST_PROFILE === 'stack' ? null : { behind: expect.any(Number) };

let service: Service;
beforeAll(async () => {
  service = await startService();
});

test('an empty service has zeros everywhere', async () => {
  expect(await getJson(service, '/stats')).toEqual({
    files: { total: 0, queued: 0, processing: 0, waiting: 0, paused: 0, completed: 0, failed: 0, cancelled: 0 },
    rows: { total: 0, accepted: 0, invalid: 0, skipped: 0 },
    orders: { total: 0, by_status: {}, by_hub: {}, amount: '0.00' },
    invalid_by_code: {},
    events: { published: 0, pending: 0 },
    finalizer: null,
    projector: PROJECTOR,
    retention: {
      uploads: { deleted: 0, through: null },
      reports: { deleted: 0, through: null },
      orders: { erased: 0, through: null },
    },
    rows_per_second: 0,
  });
  expect(await getJson(service, '/stats/history')).toEqual({ items: [] });
});

describe('after some files', () => {
  beforeAll(async () => {
    await setStock(service, [
      ['SKU-1', 'HUB-1', 1_000],
      ['SKU-1', 'HUB-2', 4_000_000],
    ]);
    const largest = {
      hub_id: 'HUB-2',
      quantity: '1000000',
      unit_price: '9999999.99',
      total_amount: '9999999990000.00',
    };
    const lines = [1, 2, 3].map((i) => orderLine(`L-${i}`, largest));
    await ingest(service, csv(orderLine('O-1'), orderLine('O-2'), orderLine('O-1'), ...lines));
    await ingest(
      service,
      csv(orderLine('O-3', { customer_email: 'x', quantity: '0' }), orderLine('O-4', { sku: 'S' })),
    );
    await ingest(service, 'order_id\nx\n');
  });

  test('the sums cover all files, and are exact for large amounts', async () => {
    expect(await getJson(service, '/stats')).toEqual({
      files: { total: 3, queued: 0, processing: 0, waiting: 0, paused: 0, completed: 2, failed: 1, cancelled: 0 },
      rows: { total: 8, accepted: 5, invalid: 3, skipped: 0 },
      orders: { total: 5, by_status: { on_hold: 5 }, by_hub: { 'HUB-1': 2, 'HUB-2': 3 }, amount: '29999999970079.96' },
      invalid_by_code: { duplicate_order: 1, invalid_email: 1, invalid_quantity: 1, unknown_sku: 1 },
      events: { published: 5, pending: 0 },
      finalizer: null,
      projector: PROJECTOR,
      retention: {
        uploads: { deleted: 0, through: null },
        reports: { deleted: 0, through: null },
        orders: { erased: 0, through: null },
      },
      rows_per_second: expect.any(Number),
    });
  });

  test('the history has the counts by minute, hour and day', async () => {
    for (const [bucket, starts] of [
      ['minute', /:00\.000Z$/],
      ['hour', /:00:00\.000Z$/],
      ['day', /T00:00:00\.000Z$/],
    ] as const) {
      const { items } = await getJson<History>(service, `/stats/history?bucket=${bucket}`);
      for (const { at } of items) expect(at).toMatch(starts);
      const sum = (of: 'rows' | 'accepted' | 'invalid') => items.reduce((total, item) => total + item[of], 0);
      expect([sum('rows'), sum('accepted'), sum('invalid')]).toEqual([8, 5, 3]);
    }
    expect(await getJson(service, '/stats/history?from=2026-01-01&to=2026-01-02')).toEqual({ items: [] });
  });

  test('a bad value of any parameter is refused', async () => {
    for (const query of [
      'bucket=week',
      'bucket=',
      'from=yesterday',
      'to=2026-13-01',
      'from=2026-01-02&to=2026-01-01',
      'from=2026-01-01&to=2026-01-01',
      'from=2000-01-01',
      'bucket=day&bucket=day',
    ])
      await problemOf(await fetch(`${service.url}/stats/history?${query}`), 400, 'invalid_parameter');
  });
});
