/** Requests to create and change orders, for a store's contract: valid ones, with what a test wants to be different. */
import type { ChangeRequest, NewOrder, OrderPatch, Outcome, RefusalCode } from '../../src/model/change-request.ts';
import type { Order, OrderItem } from '../../src/model/order.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';

export type Terms = Partial<Omit<ChangeRequest, 'orderId' | 'ask'>>;

/** Its line total follows from quantity and price. */
export function item(sku: string, quantity = 1, values: Partial<OrderItem> = {}): OrderItem {
  const unitPriceMinor = values.unitPriceMinor ?? 1999;
  const lineTotalMinor = quantity * unitPriceMinor;
  return { sku, hubId: 'HUB-1', productName: 'Analytical Engine', quantity, unitPriceMinor, lineTotalMinor, ...values };
}

/** The content of `orderRow`, with these items. */
export const newOrder = (items: OrderItem[], values: Partial<NewOrder> = {}): NewOrder => ({
  customerName: 'Ada Lovelace',
  customerEmail: 'ada@example.com',
  items,
  totalMinor: items.reduce((sum, { lineTotalMinor }) => sum + lineTotalMinor, 0),
  orderDateMs: Date.UTC(2026, 10, 20),
  shippingAddress: '12 St James Square',
  ...values,
});

const request = (orderId: string, ask: ChangeRequest['ask'], terms: Terms): ChangeRequest => ({
  ...{ orderId, ask, actor: null, within: null, ifMatch: null, key: null },
  ...terms,
});

export const toCreate = (orderId: string, content: NewOrder, terms: Terms = {}): ChangeRequest =>
  request(orderId, { kind: 'create', content }, terms);
export const toMove = (orderId: string, status: string, terms: Terms & { reason?: string } = {}): ChangeRequest => {
  const { reason = null, ...others } = terms;
  return request(orderId, { kind: 'status', status, reason }, others);
};
export const toEdit = (orderId: string, patch: OrderPatch, terms: Terms & { reason?: string } = {}): ChangeRequest => {
  const { reason = null, ...others } = terms;
  return request(orderId, { kind: 'edit', patch, reason }, others);
};
export const toDelete = (orderId: string, terms: Terms = {}): ChangeRequest =>
  request(orderId, { kind: 'delete' }, terms);

/** An Idempotency-Key. `body`: what the request says. */
export const keyOf = (key: string, body = 'the same body', scope = 'anna PUT /orders') => ({
  key: { scope, key, fingerprint: body },
});

export async function applyOne(store: Pick<OrderStore, 'changes'>, one: ChangeRequest): Promise<Outcome> {
  const [outcome] = await store.changes.apply([one]);
  return outcome!;
}

/** The order after a change that happened. */
export function changed(outcome: Outcome | undefined): Order {
  if (outcome && 'order' in outcome) return outcome.order;
  throw new Error(`nothing was changed: ${JSON.stringify(outcome)}`);
}

export const isRefused = (code: RefusalCode, members?: Record<string, unknown>) => ({
  outcome: 'refused',
  refusal: members === undefined ? { code } : { code, members },
});
