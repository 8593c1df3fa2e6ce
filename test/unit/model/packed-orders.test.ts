/** What is packed comes out again, whatever the texts are, and stays for one more chunk. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellValue } from '../../../src/model/characters.ts';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { OrderPacker, PackedOrders } from '../../../src/model/packed-orders.ts';
import { SkuHubPairs } from '../../../src/model/sku-hub-pairs.ts';
import { orderRow } from '../../support/chunks.ts';
import { headerOf } from '../../support/file-outcome.ts';

const header = headerOf(['_row', ...ORDER_COLUMNS, 'note']);
const NUMBERS = ['quantity', 'unitPriceMinor', 'totalMinor', 'orderDateMs'] as const;
const cell = fc.oneof(fc.constantFrom('', ' ', ' a ', 'é', '\u00a0x\ufeff'), fc.string({ unit: 'grapheme' }));
const rowOf = fc.record({
  row: fc.nat(2 ** 32 - 1),
  cells: fc.array(cell, { minLength: header.columns.length, maxLength: header.columns.length }),
  quantity: fc.integer({ min: 1, max: 1_000_000 }),
  orderDateMs: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
  pair: fc.nat(9),
});
const pairs = new SkuHubPairs();
for (let i = 0; i < 10; i++) pairs.numberOf(`SKU-${i}`, 'HUB');

describe('packed orders', () => {
  test('have the values, numbers and pairs that were put in', () => {
    fc.assert(
      fc.property(fc.array(fc.array(rowOf, { maxLength: 250, size: 'max' }), { maxLength: 3 }), (chunks) => {
        const packer = new OrderPacker(header);
        for (const rows of chunks) {
          for (const { row, cells, pair, ...numbers } of rows)
            packer.put(packer.reserve(), orderRow(row, 'any', numbers), cells, pair);
          const packed = new PackedOrders(packer.take(pairs));
          expect(packed.length).toBe(rows.length);
          for (const [i, { row, cells, pair, ...numbers }] of rows.entries()) {
            const order = orderRow(row, 'any', numbers);
            expect([packed.row(i), packed.pair(i)]).toEqual([row, pair]);
            expect(NUMBERS.map((name) => packed[name](i))).toEqual(NUMBERS.map((name) => order[name]));
            expect(packed.values(i)).toEqual(cells.slice(1));
            for (const [at, column] of ORDER_COLUMNS.entries())
              expect(packed.text(i, column)).toBe(cellValue(column, cells[at + 1]!));
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test('that were taken with ids as they were sent keep them', () => {
    const id = 'e\u0301\u200b';
    const packer = new OrderPacker(header);
    const order = orderRow(2, id);
    const { customerName, customerEmail, productName, sku, hubId, shippingAddress } = order;
    const cells = [
      '',
      id,
      customerName,
      customerEmail,
      productName,
      sku,
      hubId,
      '1',
      '1',
      '1',
      '',
      shippingAddress,
      '',
    ];
    packer.put(packer.reserve(), order, cells, 0);
    const former = new PackedOrders(packer.take(pairs));
    expect([former.text(0, 'order_id'), former.orderIds()]).toEqual([id, [id]]);
    expect(former.otherIds()).toEqual(
      new Map([
        ['e\u0301', id],
        ['\u00e9', id],
      ]),
    );
  });

  test('stay as they are while the next chunk is packed', () => {
    const packer = new OrderPacker(header);
    const cellsOf = (text: string) => header.columns.map(() => text.repeat(30));
    const pack = (text: string) => {
      for (let row = 0; row < 3_000; row++) packer.put(packer.reserve(), orderRow(row, text), cellsOf(text), 0);
      return new PackedOrders(packer.take(pairs));
    };
    for (let text = 'a'; text < 'f'; text = String.fromCharCode(text.charCodeAt(0) + 2)) {
      const first = pack(text);
      pack('é');
      expect(new Set(Array.from({ length: 3_000 }, (_, i) => first.text(i, 'order_id')))).toEqual(
        new Set([text.repeat(30)]),
      );
    }
  });
});
