/**
 * What holds after every step in which orders were written: INV-2, INV-3 and INV-8, from the tables alone. Each request has an actor of its
 * own, so that its effect is known. Throws a `Violation`.
 */
import { eventId } from '../../src/model/event.ts';
import type { OrderItem } from '../../src/model/order.ts';
import { type CONTENT_FIELDS, type ContentField, type FieldChange, isPersonal } from '../../src/model/order-change.ts';
import { FINALIZER } from '../../src/pipeline/finalizer/decide.ts';
import type { EventLog } from './event-log.ts';
import { Violation } from './invariants.ts';
import type { Store } from './order-store.ts';

export interface OrderState {
  seq: number;
  order_id: string;
  file_no: number;
  row: number;
  status: string;
  stock_taken: 0 | 1;
  version: number;
  created_by: string | null;
  customer_name: string;
  customer_email: string;
  product_name: string;
  sku: string;
  hub_id: string;
  quantity: number;
  unit_price_minor: number;
  total_minor: number;
  order_date: number;
  shipping_address: string;
  created_at: number;
  /** The version by which it was taken again last. */
  created_as: number;
  /** The one by which it was undone last. */
  undone_as: number;
}

interface ItemState {
  order_no: number;
  n: number;
  sku: string;
  hub_id: string;
  product_name: string;
  quantity: number;
  unit_price_minor: number;
}

export interface ChangeState {
  seq: number;
  order_no: number;
  version: number;
  kind: string;
  from_status: string;
  to_status: string;
  actor: string | null;
  reason: string | null;
  fields: string;
  at: number;
}

export interface Tables {
  orders: readonly OrderState[];
  items: readonly ItemState[];
  changes: readonly ChangeState[];
}

export const readTables = (store: Store): Tables => ({
  orders: store.rows('select * from orders'),
  items: store.rows('select * from order_items'),
  changes: store.rows('select * from order_changes'),
});

export const markedOf = (store: Store): number =>
  store.rows<{ value: number }>("select value from totals where name = 'published'")[0]?.value ?? 0;

/** `isTracked`: whether the orders of a creator took stock. */
export function createChangeInvariants(store: Store, log: EventLog, isTracked: (creator: string | null) => boolean) {
  let seen: readonly unknown[] = [];
  let published = 0;
  let marked = 0;

  return (): void => {
    const tables = readTables(store);
    const stock = store.rows<StockState>('select * from stock');
    const now = [tables.orders, tables.items, tables.changes, stock];
    const isKnown = now.every((rows, i) => rows === seen[i]);
    if (!isKnown) {
      checkNumbers(tables);
      const folded = foldOrders(tables, isTracked);
      checkStock(folded, stock);
      checkSums(store, folded);
    }
    seen = now;
    const markedNow = markedOf(store);
    if (!isKnown || markedNow !== marked || log.published.size !== published) checkEvents(tables, log, markedNow);
    marked = markedNow;
    published = log.published.size;
  };
}

/** Orders and changes have one sequence, and each request has one effect. */
function checkNumbers({ orders, changes }: Tables): void {
  const numbers = [...orders, ...changes].map(({ seq }) => seq).sort((a, b) => a - b);
  for (const [n, seq] of numbers.entries())
    if (seq !== n + 1) throw new Violation(`INV-3 event number ${n + 1} is ${seq}: one is missing, or there twice`);
  const actors = [...orders.map(({ created_by }) => created_by), ...changes.map(({ actor }) => actor)];
  const seen = new Set<string>();
  for (const actor of actors) {
    if (actor === null || actor === FINALIZER) continue;
    if (seen.has(actor)) throw new Violation(`the request ${actor} was carried out twice`);
    seen.add(actor);
  }
}

interface FoldedOrder {
  order: OrderState;
  items: Pick<OrderItem, 'sku' | 'hubId' | 'quantity'>[];
}

/** INV-8: each order is what its changes made of it. */
function foldOrders({ orders, items, changes }: Tables, isTracked: (creator: string | null) => boolean): FoldedOrder[] {
  const itemsOf = Map.groupBy(items, ({ order_no }) => order_no);
  const changesOf = Map.groupBy(changes, ({ order_no }) => order_no);
  return orders.map((order) => {
    const more = (itemsOf.get(order.seq) ?? []).toSorted((a, b) => a.n - b.n);
    const own = (changesOf.get(order.seq) ?? []).toSorted((a, b) => a.version - b.version);
    const off = (what: string) => new Violation(`INV-8 ${order.order_id}: ${what}`);
    const all = order.quantity === 0 ? [] : [order, ...more].map(toItem);
    const isDeleted = order.status === 'deleted';
    for (const [n, change] of own.entries()) {
      if (change.version !== n + 2) throw off(`version ${n + 2} is ${change.version}`);
      const before = own[n - 1]?.to_status;
      if (before !== undefined && before !== change.from_status)
        throw off(`version ${change.version} is from ${change.from_status}, it was ${before}`);
      if (isDeleted && (change.fields !== '[]' || change.reason !== null)) throw off('it is deleted and has content');
    }
    if (order.version !== own.length + 1) throw off(`version ${order.version} with ${own.length} changes`);
    checkComings(order, own, off);
    const last = own.at(-1)?.to_status;
    if (last !== undefined && last !== order.status) throw off(`is ${order.status}, its history says ${last}`);
    if (isDeleted && (all.length > 0 || order.customer_name !== '' || more.length > 0)) throw off('it has content');
    if (!isDeleted) checkContent(order, all, own, off);
    const by = own.findLast(({ kind }) => kind === 'created');
    const holds = isTracked(by ? by.actor : order.created_by) && !isDeleted && order.status !== 'cancelled';
    if (holds !== (order.stock_taken === 1)) throw off(`holds ${holds ? '' : 'no '}stock, the store says otherwise`);
    return { order, items: all };
  });
}

/** Only what nobody has changed is undone, and only what was undone comes again. */
function checkComings(order: OrderState, changes: readonly ChangeState[], off: (what: string) => Violation): void {
  for (const [n, { version, kind }] of changes.entries()) {
    const before = changes[n - 1]?.kind ?? 'created';
    if (kind === 'undone' && before !== 'created') throw off(`version ${version} is undone, the one before ${before}`);
    if (kind === 'created' && before !== 'undone') throw off(`version ${version} is created, the one before ${before}`);
    if (before === 'undone' && kind !== 'created' && kind !== 'deleted')
      throw off(`version ${version} is ${kind}, and it was undone`);
  }
  const last = changes.findLast(({ kind }) => kind === 'created')?.version ?? 1;
  if (order.created_as !== last) throw off(`it says that it came with ${order.created_as}, its history ${last}`);
}

const toItem = (row: OrderState | ItemState): OrderItem => ({
  ...{ sku: row.sku, hubId: row.hub_id, productName: row.product_name, quantity: row.quantity },
  ...{ unitPriceMinor: row.unit_price_minor, lineTotalMinor: row.quantity * row.unit_price_minor },
});

function checkContent(
  order: OrderState,
  items: readonly OrderItem[],
  changes: readonly ChangeState[],
  off: (what: string) => Violation,
): void {
  const folded = new Map<ContentField, string>();
  for (const { version, fields } of changes)
    for (const { field, from, to } of JSON.parse(fields) as FieldChange[]) {
      const before = folded.get(field);
      const isKnown = before !== undefined && !wasErased(field, before) && !wasErased(field, JSON.stringify(from));
      if (isKnown && before !== JSON.stringify(from)) throw off(`version ${version} is not from ${before}`);
      folded.set(field, JSON.stringify(to));
    }
  const columns = {
    ...{ customer_name: order.customer_name, customer_email: order.customer_email, items },
    ...{ total_amount: order.total_minor, order_date: order.order_date, shipping_address: order.shipping_address },
  } satisfies Record<keyof typeof CONTENT_FIELDS, unknown>;
  for (const [field, value] of folded)
    if (JSON.stringify(columns[field]) !== value && !wasErased(field, value))
      throw off(`${field} is ${JSON.stringify(columns[field])}, its history says ${value}`);
  if (order.customer_email === '' && order.customer_name + order.shipping_address + leftOf(changes) !== '')
    throw off('its person was erased in part');
  const total = items.reduce((sum, { lineTotalMinor }) => sum + lineTotalMinor, 0);
  if (total !== order.total_minor) throw off(`its total is ${order.total_minor}, that of its items ${total}`);
}

/** What a former customer said may be another now. */
const wasErased = (field: ContentField, value: string): boolean => value === '""' && isPersonal(field);

/** What changes say of people. */
const leftOf = (changes: readonly ChangeState[]): string =>
  changes
    .flatMap(({ fields }) => JSON.parse(fields) as FieldChange[])
    .filter(({ field }) => isPersonal(field))
    .map(({ from, to }) => `${from}${to}`)
    .join('');

interface StockState {
  sku: string;
  hub_id: string;
  available: number;
  received: number;
}

/** INV-2 */
function checkStock(orders: readonly FoldedOrder[], stock: readonly StockState[]): void {
  const held = new Map<string, number>();
  for (const { order, items } of orders)
    for (const { sku, hubId, quantity } of order.stock_taken === 1 ? items : [])
      held.set(`${sku} ${hubId}`, (held.get(`${sku} ${hubId}`) ?? 0) + quantity);
  for (const { sku, hub_id, available, received } of stock) {
    const hold = held.get(`${sku} ${hub_id}`) ?? 0;
    held.delete(`${sku} ${hub_id}`);
    if (available < 0 || received - available !== hold)
      throw new Violation(`INV-2 ${sku}: received ${received}, available ${available}, orders hold ${hold}`);
  }
  for (const [key, quantity] of held) throw new Violation(`INV-2 ${key}: orders hold ${quantity} of no stock`);
}

/** INV-8: the sums are the fold of all orders. */
function checkSums(store: Store, orders: readonly FoldedOrder[]): void {
  const expected = new Map<string, number>();
  const amounts = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, value: number) => to.set(name, (to.get(name) ?? 0) + value);
  for (const { order, items } of orders) {
    if (order.status === 'deleted') continue;
    add(expected, `status:${order.status}`, 1);
    for (const hub of new Set(items.map(({ hubId }) => hubId))) add(expected, `hub:${hub}`, 1);
    add(amounts, `status:${order.status}`, order.total_minor);
  }
  const compare = (what: string, stored: readonly { name: string; value: number }[], is: Map<string, number>) => {
    for (const { name, value } of stored) {
      if (value !== (is.get(name) ?? 0))
        throw new Violation(`INV-8 ${what} ${name} is ${value}, not ${is.get(name) ?? 0}`);
      is.delete(name);
    }
    for (const [name, value] of is) throw new Violation(`INV-8 ${what} ${name} is missing, ${value} are there`);
  };
  const totals = store.rows<{ name: string; value: number }>('select name, value from totals');
  compare(
    'the sum',
    totals.filter(({ name }) => /^(status|hub):/.test(name)),
    expected,
  );
  const stored = store.rows<{ name: string; minor: string }>('select name, minor from amounts');
  compare(
    'the amount',
    stored.map(({ name, minor }) => ({ name, value: Number(minor) })),
    amounts,
  );
}

/** INV-3: no event without its change, and none marked that was not published. */
function checkEvents({ orders, changes }: Tables, { published }: EventLog, marked: number): void {
  const idOf = new Map(orders.map(({ seq, order_id }) => [seq, order_id]));
  const expected = new Map([
    ...orders.map(({ seq, order_id }) => [eventId(order_id), seq] as const),
    ...changes.map(({ seq, order_no, version }) => [eventId(idOf.get(order_no)!, version), seq] as const),
  ]);
  for (const id of published.keys())
    if (!expected.has(id)) throw new Violation(`INV-3 the event ${id} is of no change`);
  for (const [id, seq] of expected)
    if (seq <= marked && !published.has(id)) throw new Violation(`INV-3 ${id} is marked as published and was not`);
}
