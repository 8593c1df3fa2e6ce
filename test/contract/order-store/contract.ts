/**
 * The contract of the order store, with a file of tests per port. Each file runs on each adapter, on a store of its own that its tests
 * share: they use names that no other test uses.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import { type Opened, orderStores } from '../../support/adapters.ts';
import { FAILED, readAll } from '../../support/chunks.ts';
import { violationsOf } from '../../support/violations.ts';

const { report: _, ...FAILED_END } = FAILED;

export { FAILED_END };
export const NOTHING_ASKED = { cancelRequested: false, pauseRequested: false };
export const claimLost = expect.objectContaining({ name: 'OmsError', code: 'claim_lost', retryable: false });
export const invalidCursor = expect.objectContaining({ name: 'OmsError', code: 'invalid_cursor', retryable: false });

export type Contract = ReturnType<typeof contractOf>;

/** Registers the tests for each adapter. */
export function onEachOrderStore(tests: (contract: Contract) => void): void {
  for (const { name, open, missing } of orderStores)
    describe.skipIf(missing !== null)(`OrderStore on ${name}`, () => {
      // Filled before the first test.
      const opened = {} as Opened<OrderStore>;
      beforeAll(async () => {
        Object.assign(opened, await open());
      });
      afterAll(() => opened.close());
      tests(contractOf(name, open, opened));
    });
}

function contractOf(name: string, open: (typeof orderStores)[number]['open'], opened: Opened<OrderStore>) {
  let names = 0;
  /** A word that no other test uses: of an order, a SKU, a hub. */
  const unique = (word: string) => `${word}-${++names}`;
  const setStock = (sku: string, available: number, hubId = 'HUB-1') =>
    opened.first.stock.change([{ sku, hubId, available }], null);
  return {
    name,
    /** Opens another store, for a test that needs one of its own. */
    open,
    /** Two clients of the store of this file. */
    opened,
    unique,
    setStock,
    availableOf: async (sku: string) =>
      (await readAll((page) => opened.first.stock.list({ sku, sort: 'key' }, page), 10)).map(
        (level) => level.available,
      ),
    newSku: async (available: number) => {
      const sku = unique('SKU');
      await setStock(sku, available);
      return sku;
    },
    rejectionsOf: async (fileId: string) =>
      (await readAll((page) => opened.first.rejections.list(fileId, {}, page), 7)).map(({ row, reasons }) => ({
        row,
        codes: reasons.map((reason) => reason.code),
      })),
    violations: (of = opened.first) => violationsOf(of),
  };
}
