/** All projections. Whoever adds one, or changes what one adds, raises the version: read models are then made anew. */
import { allOrders } from './all-orders.ts';
import { customers } from './customers.ts';
import { hubs } from './hubs.ts';
import { products } from './products.ts';
import type { Projection } from './projection.ts';

export const PROJECTIONS: readonly Projection[] = [allOrders, hubs, products, customers];

export const PROJECTIONS_VERSION = 2;
