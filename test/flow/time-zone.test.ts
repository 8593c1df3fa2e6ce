/** A day in a filter means the same as a day in a file: a day of `OMS_TIME_ZONE`. */
import { beforeAll, describe, expect, test } from 'vitest';
import { csv, getJson, ingest, orderLine, type Service, setStock, startService } from '../support/service.ts';

let service: Service;
const idsOf = async (query: string) => {
  const { items } = await getJson<{ items: { order_id: string }[] }>(service, `/orders?${query}`);
  return items.map(({ order_id }) => order_id).sort();
};

describe('in Europe/Berlin', () => {
  beforeAll(async () => {
    service = await startService({ env: { OMS_TIME_ZONE: 'Europe/Berlin' } });
    await setStock(service, [['SKU-1', 'HUB-1', 1_000]]);
    const dates = [
      ['DAY-20', '2026-11-20 23:59:59'],
      ['DAY-21', '2026-11-21'],
      ['DAY-21-LATE', '2026-11-21T22:59:59Z'],
      ['DAY-22', '2026-11-21T23:00:00Z'],
      // Clocks were set forward at 2:00 and back at 3:00.
      ['GAP', '2026-03-29 02:30'],
      ['OVERLAP', '2026-10-25 02:30'],
    ];
    await ingest(service, csv(...dates.map(([id, order_date]) => orderLine(id!, { order_date: order_date! }))));
  });

  test('a day has its own orders', async () => {
    expect(await idsOf('from=2026-11-21&to=2026-11-22')).toEqual(['DAY-21', 'DAY-21-LATE']);
    expect(await idsOf('from=2026-11-21')).toEqual(['DAY-21', 'DAY-21-LATE', 'DAY-22']);
    expect(await idsOf('from=2026-11-20&to=2026-11-21')).toEqual(['DAY-20']);
  });

  test('a time without an offset is one of that zone, a time with an offset is not', async () => {
    expect(await idsOf('from=2026-11-21T23:59:59&to=2026-11-22T00:00')).toEqual(['DAY-21-LATE']);
    expect(await idsOf('from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z')).toEqual(['DAY-21-LATE', 'DAY-22']);
    expect(await idsOf('from=2026-11-21T00:00:00%2B01:00&to=2026-11-21T00:00:01+01:00')).toEqual(['DAY-21']);
  });

  test('a skipped time, and an ambiguous one, mean the same as in a row', async () => {
    expect(await idsOf('from=2026-03-29T02:30&to=2026-03-29T02:31')).toEqual(['GAP']);
    expect(await idsOf('from=2026-03-29T01:30:00Z&to=2026-03-29T01:30:01Z')).toEqual(['GAP']);
    expect(await idsOf('from=2026-10-25T02:30&to=2026-10-25T02:31')).toEqual(['OVERLAP']);
    expect(await idsOf('from=2026-10-25T00:30:00Z&to=2026-10-25T00:30:01Z')).toEqual(['OVERLAP']);
    expect(await idsOf('from=2026-03-29&to=2026-03-30')).toEqual(['GAP']);
  });

  test('the history uses the zone as well, and /settings has its name', async () => {
    const rowsOf = async (from: number, to: number) => {
      const wall = (ms: number) =>
        new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'medium' }).format(
          ms,
        );
      const query = new URLSearchParams({ from: wall(from), to: wall(to) });
      const { items } = await getJson<{ items: { rows: number }[] }>(service, `/stats/history?${query}`);
      return items.reduce((sum, { rows }) => sum + rows, 0);
    };
    const now = Date.now();
    expect(await rowsOf(now - 600_000, now + 120_000)).toBe(6);
    expect(await rowsOf(now - 4_200_000, now - 3_600_000)).toBe(0);
    expect(await getJson(service, '/settings')).toMatchObject({ time_zone: 'Europe/Berlin' });
  });
});
