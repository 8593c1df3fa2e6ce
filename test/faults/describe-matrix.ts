/** The tests of the fault matrix on one order store, a test for each crash point. */
import { beforeAll, expect, test } from 'vitest';
import { cellsOf, pointOf, pointsOf, stepsAt } from './crash-points.ts';
import { cellsOfRun, mismatchesOf, runUndisturbed, scenarios, type Undisturbed } from './matrix.ts';
import type { End } from './run.ts';
import type { StoreName } from './stores.ts';

/** A guard against hangs: the largest point takes a tenth of it. */
const TIMEOUT = { timeout: 300_000 };

/** The outcome of the rows and the stock. A cancel is seen after the first chunk; a broken chunk loses its rows. */
const RIGHT = {
  completed: { rows: 14, orders: 'A-1,A-10,A-2,A-5,A-7,EARLIER,LATE', scarce: 0, plenty: 90, events: 6 },
  failed: { rows: 10, orders: 'A-1,A-2,A-5,EARLIER,LATE', scarce: 1, plenty: 91, events: 4 },
  cancelled: { rows: 10, orders: 'A-1,A-2,A-5,EARLIER,LATE', scarce: 1, plenty: 91, events: 4 },
  paused: {
    status: 'completed',
    rows: 14,
    orders: 'A-1,A-10,A-2,A-5,A-7,EARLIER,LATE',
    scarce: 0,
    plenty: 90,
    events: 6,
  },
};

/** Some of the points, and the other ends of a file; by default all. */
interface Part {
  points?: string[];
  ends?: Exclude<End, 'completed'>[];
}

export function describeMatrix(
  store: StoreName,
  server: string | null,
  { points: shown = pointsOf(store), ends = ['failed', 'cancelled', 'paused'] }: Part = {},
): void {
  const undisturbed = new Map<End, Undisturbed>();
  const of = (end: End) => undisturbed.get(end)!;
  beforeAll(async () => {
    for (const scenario of scenarios(store, server)) undisturbed.set(scenario.end, await runUndisturbed(scenario));
  });

  test('undisturbed, a file comes to what its rows and the stock make of it', () => {
    for (const [end, { allowedWhenImsChanges, outcome }] of undisturbed) {
      for (const { problems } of allowedWhenImsChanges) expect(problems).toEqual([]);
      const { file, orders, stock, events } = outcome as unknown as {
        file: { status: string; rows: number };
        orders: { orderId: string }[];
        stock: { sku: string; available: number }[];
        events: unknown[];
      };
      const available = Object.fromEntries(stock.map((level) => [level.sku, level.available]));
      expect({
        ...{ status: file.status, rows: file.rows, orders: orders.map(({ orderId }) => orderId).join() },
        ...{ scarce: available.scarce, plenty: available.plenty, events: events.length },
      }).toEqual({ status: end, ...RIGHT[end] });
    }
  });

  test('every step belongs to a crash point, and every step of a crash point happens', () => {
    const made = new Set([...undisturbed.values()].flatMap(({ steps }) => steps.map(({ name }) => name)));
    const named = new Set(pointsOf(store).flatMap((point) => stepsAt(point, store)));
    expect([...made].sort()).toEqual([...named].sort());
    const points = new Set(
      of('completed')
        .steps.flatMap(cellsOf)
        .map((cell) => pointOf(cell, store)),
    );
    expect([...points].sort()).toEqual(pointsOf(store).sort());
  });

  test.each(shown)('a completed file is the same whatever happens at %s', TIMEOUT, async (point) => {
    const cells = cellsOfRun(of('completed')).filter((cell) => pointOf(cell, store) === point);
    expect(await mismatchesOf(of('completed'), cells)).toEqual([]);
  });

  for (const end of ends)
    test(`a file that is ${end} is the same whatever happens there`, TIMEOUT, async () => {
      expect(await mismatchesOf(of(end), cellsOfRun(of(end)))).toEqual([]);
    });
}
