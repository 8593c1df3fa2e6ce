/** What `oms verify` finds in a store. */
import { verify } from '../../src/pipeline/verify.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import type { Violation } from '../../src/ports/verification.ts';

export async function violationsOf(store: OrderStore, objects: ObjectStore | null = null): Promise<Violation[]> {
  const found: Violation[] = [];
  for await (const violation of verify(store, objects, { maxInflatedBytes: 2 ** 30 })) found.push(violation);
  return found;
}

export async function ordersChecked(store: OrderStore): Promise<number> {
  const checks = verify(store, null, { maxInflatedBytes: 2 ** 30 });
  for (;;) {
    const { done, value } = await checks.next();
    if (done) return value.orders;
  }
}
