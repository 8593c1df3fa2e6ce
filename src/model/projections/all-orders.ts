/** The sums of all orders, for reports by day, month and status. */
import type { Projection } from './projection.ts';

export const allOrders: Projection = {
  kind: 'all',
  additions: ({ items, totalMinor }) => [
    { key: '', orders: 1, units: items.reduce((sum, { quantity }) => sum + quantity, 0), amountMinor: totalMinor },
  ],
};
