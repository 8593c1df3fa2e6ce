/** Generated files have the promised rows, the same every time, and every invalid row is invalid for one reason. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  expectedInvalidByCode,
  type GenerateOptions,
  generateCatalog,
  generateOrders,
  generateStock,
} from '../../src/generate.ts';
import { REASON_CODES } from '../../src/model/rejection.ts';
import { checkFile, fileOutcome } from '../support/file-outcome.ts';

function bytesOf(options: GenerateOptions): Buffer {
  return Buffer.concat([...generateOrders(options)]);
}

function outcomeOf(options: GenerateOptions) {
  return fileOutcome(bytesOf(options).toString(), generateCatalog(), generateStock());
}

const anyOptions: fc.Arbitrary<GenerateOptions> = fc.record({
  rows: fc.integer({ min: 0, max: 300 }),
  invalidShare: fc.oneof(fc.constantFrom(0, 0.05, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  seed: fc.integer(),
  ids: fc.constantFrom('ordered', 'random'),
  startAt: fc.integer({ min: 0, max: 1_000_000_000 }),
});

describe('a generated file', () => {
  test('has exactly the promised rows, and fails for exactly the promised reasons', () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const outcome = outcomeOf(options);
        const invalid = Math.round(options.rows * options.invalidShare);
        expect(outcome.invalidByCode).toEqual(expectedInvalidByCode(options));
        expect(outcome.rejected.length).toBe(invalid);
        expect(outcome.accepted.length).toBe(options.rows - invalid);
        expect(outcome.rejected.every(({ codes }) => codes.length === 1)).toBe(true);
      }),
    );
  });

  test('has every reason that exports cause by themselves', () => {
    const counts = expectedInvalidByCode({ rows: 3_400, invalidShare: 0.01, seed: 1, ids: 'random' });
    const others = ['out_of_stock', 'invalid_id', 'forbidden_hub', 'order_incomplete', 'too_many_items'];
    const expected = REASON_CODES.filter((code) => !others.includes(code));
    expect(counts).toEqual(Object.fromEntries(expected.map((code) => [code, 2])));
  });

  test('repeats nothing when no row is valid', () => {
    const counts = expectedInvalidByCode({ rows: 30, invalidShare: 1, seed: 1, ids: 'random' });
    expect(counts).not.toHaveProperty('duplicate_order');
    expect(counts).not.toHaveProperty('order_conflict');
    expect(Object.values(counts)).toEqual(Array(15).fill(2));
  });

  test('is the same bytes for the same options, and other bytes for another seed', () => {
    const options = { rows: 2_000, invalidShare: 0.1, seed: 7, ids: 'random' } as const;
    expect(bytesOf(options).equals(bytesOf(options))).toBe(true);
    expect(bytesOf(options).equals(bytesOf({ ...options, seed: 8 }))).toBe(false);
  });

  test.each(['ordered', 'random'] as const)('with %s ids shares no id with a file of later numbers', (ids) => {
    const idsFrom = (startAt: number) => {
      const { accepted } = outcomeOf({ rows: 2_000, invalidShare: 0, seed: 1, ids, startAt });
      return accepted.map(({ orderId }) => orderId);
    };
    const first = idsFrom(1);
    expect(new Set([...first, ...idsFrom(2_001)]).size).toBe(4_000);
    expect(first.toSorted().join() === first.join()).toBe(ids === 'ordered');
  });

  test('has quoted line breaks, letters beyond ASCII and leading zeros, at some 150 bytes a row', () => {
    const rows = 5_000;
    const bytes = bytesOf({ rows, invalidShare: 0, seed: 1, ids: 'ordered' });
    const { accepted } = outcomeOf({ rows, invalidShare: 0, seed: 1, ids: 'ordered' });
    expect(accepted.some(({ shippingAddress }) => shippingAddress.includes('\n'))).toBe(true);
    expect(accepted.some(({ customerName }) => customerName === 'Zoë Müller')).toBe(true);
    expect(accepted.some(({ sku }) => sku === '00417-BLK')).toBe(true);
    expect(bytes.length / rows).toBeGreaterThan(130);
    expect(bytes.length / rows).toBeLessThan(175);
  });

  test('comes in blocks of some 64 KiB', () => {
    const blocks = [...generateOrders({ rows: 5_000, invalidShare: 0.05, seed: 1, ids: 'ordered' })];
    for (const block of blocks.slice(0, -1)) {
      expect(block.length).toBeGreaterThan(60 * 1024);
      expect(block.length).toBeLessThan(80 * 1024);
    }
  });

  test('without rows is only a header', () => {
    const file = bytesOf({ rows: 0, invalidShare: 0.5, seed: 1, ids: 'ordered' }).toString();
    expect(checkFile(file).rows).toEqual([]);
    expect(file.split('\n').length).toBe(2);
  });
});

test('the generated stock and catalog have 5,000 keys, 500 SKUs at 10 hubs', () => {
  const keysOf = (file: string) => file.trimEnd().split('\n').slice(1);
  const stock = keysOf(generateStock());
  expect(new Set(stock.map((line) => line.replace(/,1000000000$/, '')))).toEqual(new Set(keysOf(generateCatalog())));
  expect(new Set(stock).size).toBe(5_000);
  expect(new Set(stock.map((line) => line.split(',')[0])).size).toBe(500);
  expect(new Set(stock.map((line) => line.split(',')[1])).size).toBe(10);
});
