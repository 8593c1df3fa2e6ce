/** Hubs: an order counts in each hub that one of its items is in, with the items of that hub. */
import { byKey, type Projection } from './projection.ts';

export const hubs: Projection = { kind: 'hub', additions: (order) => byKey(order, ({ hubId }) => ({ key: hubId })) };
