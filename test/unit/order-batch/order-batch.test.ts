/** What is packed comes out again, whatever the texts are, and stays until it is given back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellValue } from '../../../src/model/characters.ts';
import { ORDER_COLUMNS, TEXT_COLUMNS } from '../../../src/model/columns.ts';
import { OrderBatch } from '../../../src/order-batch/order-batch.ts';
import { OrderPacker } from '../../../src/order-batch/packer.ts';
import { SkuHubPairs } from '../../../src/order-batch/sku-hub-pairs.ts';
import { fromStored, toStored } from '../../../src/order-batch/stored-form.ts';
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
          const packed = packer.take(pairs);
          expect(packed.length).toBe(rows.length);
          for (const [i, { row, cells, pair, ...numbers }] of rows.entries()) {
            const order = orderRow(row, 'any', numbers);
            expect([packed.row(i), packed.pair(i)]).toEqual([row, pair]);
            expect(NUMBERS.map((name) => packed[name](i))).toEqual(NUMBERS.map((name) => order[name]));
            expect(packed.values(i)).toEqual(cells.slice(1));
            for (const column of TEXT_COLUMNS)
              expect(packed.text(i, column)).toBe(cellValue(column, cells[ORDER_COLUMNS.indexOf(column) + 1]!));
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
    const former = packer.take(pairs);
    expect([former.text(0, 'order_id'), former.orderIds()]).toEqual([id, [id]]);
    expect(former.otherIds()).toEqual(
      new Map([
        ['e\u0301', id],
        ['\u00e9', id],
      ]),
    );
  });

  test('that are stored are the same when they are read again', () => {
    fc.assert(
      fc.property(fc.array(rowOf, { maxLength: 20 }), (rows) => {
        const packer = new OrderPacker(header);
        for (const { row, cells, pair, ...numbers } of rows)
          packer.put(packer.reserve(), orderRow(row, 'any', numbers), cells, pair);
        const batch = packer.take(pairs);
        const read = fromStored(toStored(batch));
        const all = (orders: OrderBatch) =>
          rows.map((_, i) => [orders.row(i), orders.values(i), NUMBERS.map((name) => orders[name](i))]);
        expect(all(read)).toEqual(all(batch));
        for (const i of rows.keys())
          expect([read.pairs.skus[read.pair(i)], read.pairs.hubIds[read.pair(i)]]).toEqual([
            batch.text(i, 'sku'),
            batch.text(i, 'hub_id'),
          ]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a batch', () => {
  const cellsOf = (text: string) => header.columns.map(() => text.repeat(30));
  const ROWS = 3_000;
  function pack(packer: OrderPacker, text: string): OrderBatch {
    for (let row = 0; row < ROWS; row++) packer.put(packer.reserve(), orderRow(row, text), cellsOf(text), 0);
    return packer.take(pairs);
  }
  const idsOf = (batch: OrderBatch) => new Set(batch.orderIds());
  const USED_AFTER = expect.objectContaining({ code: 'assertion_failed', retryable: false });
  const thrownBy = (work: () => unknown): unknown => {
    try {
      work();
    } catch (error) {
      return error;
    }
    return null;
  };

  test('stays as it is while it is owned, however many others are packed and released', () => {
    const packer = new OrderPacker(header);
    const first = pack(packer, 'a');
    for (const text of ['é', 'b', 'c']) pack(packer, text).release();
    expect(idsOf(first)).toEqual(new Set(['a'.repeat(30)]));
  });

  test('stays as it is for an owner who holds it longer than the first', () => {
    const packer = new OrderPacker(header);
    const first = pack(packer, 'a');
    const held = first.hold();
    first.release();
    for (const text of ['é', 'b', 'c']) pack(packer, text).release();
    expect(idsOf(held)).toEqual(new Set(['a'.repeat(30)]));
    held.release();
  });

  test('leaves its memory to the batch after the next', () => {
    const packer = new OrderPacker(header);
    const first = pack(packer, 'a');
    const memory = Buffer.from(first.toMessage().text.buffer);
    first.release();
    pack(packer, 'b').release();
    pack(packer, 'c').release();
    expect(memory.toString('latin1', 0, 1)).toBe('c');
  });

  test('that was given back cannot be used, nor given back again', () => {
    const packer = new OrderPacker(header);
    const batch = pack(packer, 'a');
    const held = batch.hold();
    batch.release();
    const uses: ((orders: OrderBatch) => unknown)[] = [
      (orders) => orders.text(0, 'sku'),
      (orders) => orders.row(0),
      (orders) => orders.quantity(0),
      (orders) => orders.pair(0),
      (orders) => orders.values(0),
      (orders) => orders.orderIds(),
      (orders) => orders.otherIds(),
      (orders) => orders.toMessage(),
      (orders) => orders.hold(),
      (orders) => orders.release(),
    ];
    for (const use of uses) expect(thrownBy(() => use(batch))).toEqual(USED_AFTER);
    expect(held.row(0)).toBe(0);
  });

  test('that was given back cannot be used by the thread it was sent to', () => {
    const packer = new OrderPacker(header);
    const batch = pack(packer, 'a');
    const received = OrderBatch.fromMessage(structuredClone(batch.toMessage()));
    expect(idsOf(received)).toEqual(new Set(['a'.repeat(30)]));
    batch.release();
    expect(thrownBy(() => received.text(0, 'sku'))).toEqual(USED_AFTER);
  });
});
