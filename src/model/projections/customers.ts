/** Customers, by their e-mail, whatever the case of its letters. An order whose person was erased has none. */
import { isErased } from '../order.ts';
import { lowerAscii } from '../views.ts';
import { allOrders } from './all-orders.ts';
import type { Projection } from './projection.ts';

export const customers: Projection = {
  kind: 'customer',
  additions: (order) =>
    isErased(order)
      ? []
      : allOrders
          .additions(order)
          .map((sums) => ({ ...sums, key: lowerAscii(order.customerEmail), name: order.customerName })),
};
