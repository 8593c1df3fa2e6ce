/**
 * From the JSON of a request to an order, an edit or a move, or to all mistakes in it. A member that `GET` shows and that cannot be set is
 * ignored, so that an order may be sent back as it came.
 */
import { limits } from '../limits.ts';
import type { NewOrder, OrderPatch } from '../model/change-request.ts';
import { formatMinor, parseMinor } from '../model/money.ts';
import type { OrderItem } from '../model/order.ts';
import { forbiddenHub, invalidValue, sumMismatch, sumTooLarge } from '../model/reasons.ts';
import { MAX_TOTAL_MINOR } from '../model/row-schema.ts';
import type { Mistakes } from './mistakes.ts';
import { type ItemPair, type JsonObject, members, Reading, ValueRules } from './read-values.ts';

export interface WrongBody {
  mistakes: Mistakes;
  /** The inventory service can be asked about them, so that all mistakes are told together. */
  pairs: ItemPair[];
}

export type Read<Value> = { value: Value } | WrongBody;

/** Without an id, the service makes one. */
export interface NewOrderBody {
  orderId: string | null;
  content: NewOrder;
}

export interface MoveBody {
  status: string;
  reason: string | null;
}

export type PatchBody = ({ kind: 'status' } & MoveBody) | { kind: 'edit'; patch: OrderPatch; reason: string | null };

export interface MovesBody extends MoveBody {
  orderIds: string[];
}

const CONTENT = ['customer', 'items', 'order_date', 'shipping_address'];
const SHOWN = ['version', 'actor', 'source', 'created_at', 'updated_at'];
const OF_ORDER = members(['order_id', 'total_amount', ...CONTENT], ['status', ...SHOWN]);
const OF_PATCH = members(['status', 'reason', ...CONTENT], ['order_id', 'total_amount', ...SHOWN]);
const OF_MOVE = members(['status', 'reason']);
const OF_MOVES = members(['order_ids', 'status', 'reason']);
const OF_BATCH = members(['orders']);
const OF_CUSTOMER = members(['name', 'email']);
const OF_ITEM = members(['sku', 'hub_id', 'product_name', 'quantity', 'unit_price'], ['line_total']);

export class OrderReader {
  readonly #rules: ValueRules;

  /** `timeZone`: of dates without an offset. */
  constructor(timeZone: string) {
    this.#rules = new ValueRules(timeZone);
  }

  /** `hubs`: the only ones that items may name; null: all. */
  newOrder(body: unknown, hubs: readonly string[] | null = null): Read<NewOrderBody> {
    const reading = new Reading(this.#rules, hubs);
    const order = reading.object(body, '', 'an order', OF_ORDER);
    if (!order) return wrong(reading);
    const orderId = order.order_id === undefined ? null : reading.text(order, 'order_id', '', 'order_id');
    const customer = readCustomer(reading, order);
    const items = readItems(reading, order);
    const totalMinor = readTotal(reading, order, items);
    const orderDateMs = order.order_date === undefined ? null : reading.date(order, '');
    const shippingAddress = reading.text(order, 'shipping_address', '', 'shipping_address');
    if (items && totalMinor !== null && shippingAddress !== null && isWhole(customer) && reading.mistakes.count === 0)
      return { value: { orderId, content: { ...customer, items, totalMinor, orderDateMs, shippingAddress } } };
    return wrong(reading);
  }

  /** Only the shape of the list: each order is read by itself. */
  newOrders(body: unknown): Read<unknown[]> {
    const reading = new Reading(this.#rules);
    const batch = reading.object(body, '', 'a batch of orders', OF_BATCH);
    const orders = batch && reading.list(batch.orders, '/orders', 'orders', limits.maxOrdersOfBatch);
    return result(reading, orders ?? []);
  }

  move(body: unknown): Read<MoveBody> {
    const reading = new Reading(this.#rules);
    const move = reading.object(body, '', 'a change of status', OF_MOVE);
    return result(reading, move ? readMove(reading, move) : { status: '', reason: null });
  }

  moves(body: unknown): Read<MovesBody> {
    const reading = new Reading(this.#rules);
    const moves = reading.object(body, '', 'a change of status', OF_MOVES);
    if (!moves) return wrong(reading);
    const orderIds = reading.list(moves.order_ids, '/order_ids', 'order_ids', limits.maxOrdersOfBatch) ?? [];
    for (const [n, id] of orderIds.entries())
      if (typeof id !== 'string') reading.wrongType(`/order_ids/${n}`, 'an order id', 'text');
      // Stores write half a character as U+FFFD, which another order may have in its id.
      else if (!id.isWellFormed())
        reading.mistakes.add(
          `/order_ids/${n}`,
          'control_character',
          () => invalidValue('order_id', 'control_character', id, undefined, 'an order id').reason,
        );
    return result(reading, { orderIds: orderIds as string[], ...readMove(reading, moves) });
  }

  /** `hubs`: as of a new order. */
  patch(body: unknown, hubs: readonly string[] | null = null): Read<PatchBody> {
    const reading = new Reading(this.#rules, hubs);
    const given = reading.object(body, '', 'a change', OF_PATCH);
    if (!given) return wrong(reading);
    if (given.status === undefined)
      return result(reading, {
        kind: 'edit',
        patch: readEdit(reading, given),
        reason: readReason(reading, given),
      });
    for (const name of CONTENT)
      if (given[name] !== undefined)
        reading.mistakes.add(
          `/${name}`,
          'conflicting_fields',
          () => `${name} cannot change together with the status: send two requests`,
        );
    return result(reading, { kind: 'status', ...readMove(reading, given) });
  }
}

const wrong = ({ mistakes, pairs }: Reading): WrongBody => ({ mistakes, pairs });

const result = <Value>(reading: Reading, value: Value): Read<Value> =>
  reading.mistakes.count === 0 ? { value } : wrong(reading);

interface Customer {
  customerName?: string;
  customerEmail?: string;
}

const isWhole = (customer: Customer): customer is Required<Customer> =>
  customer.customerName !== undefined && customer.customerEmail !== undefined;

/** Of a new order both members are needed; an edit names those that change. */
function readCustomer(reading: Reading, from: JsonObject, isEdit = false): Customer {
  if (from.customer === undefined) {
    if (!isEdit) reading.missing('/customer', 'customer');
    return {};
  }
  const given = reading.object(from.customer, '/customer', 'customer', OF_CUSTOMER);
  if (!given) return {};
  const read = (member: 'name' | 'email') =>
    isEdit && given[member] === undefined ? null : reading.text(given, member, '/customer', `customer_${member}`);
  const customerName = read('name');
  const customerEmail = read('email');
  return { ...(customerName !== null && { customerName }), ...(customerEmail !== null && { customerEmail }) };
}

function readItems(reading: Reading, from: JsonObject): OrderItem[] | null {
  const list = reading.list(from.items, '/items', 'items', limits.maxOrderItems);
  if (!list) return null;
  const items = list.map((item, n) => readItem(reading, item, n)).filter((item) => item !== null);
  return items.length === list.length && isPayable(reading, items) ? items : null;
}

function readItem(reading: Reading, value: unknown, n: number): OrderItem | null {
  const at = `/items/${n}`;
  const item = reading.object(value, at, 'an item', OF_ITEM);
  if (!item) return null;
  const sku = reading.text(item, 'sku', at, 'sku');
  const hubId = reading.text(item, 'hub_id', at, 'hub_id');
  if (hubId !== null && reading.hubs?.includes(hubId) === false)
    reading.mistakes.add(`${at}/hub_id`, 'forbidden_hub', () => forbiddenHub(hubId).reason);
  else if (sku !== null && hubId !== null) reading.pairs.push({ sku, hubId, n });
  const productName = reading.text(item, 'product_name', at, 'product_name');
  const quantity = reading.quantity(item, at);
  const price = reading.text(item, 'unit_price', at, 'unit_price');
  if (sku === null || hubId === null || productName === null || quantity === null || price === null) return null;
  const unitPriceMinor = parseMinor(price)!;
  return { sku, hubId, productName, quantity, unitPriceMinor, lineTotalMinor: quantity * unitPriceMinor };
}

const sumOf = (items: readonly OrderItem[]): number =>
  items.reduce((sum, { lineTotalMinor }) => sum + lineTotalMinor, 0);

/** Whether the sum is one that an order may have: a hundred of the largest items are more than that. */
function isPayable(reading: Reading, items: readonly OrderItem[]): boolean {
  if (sumOf(items) <= MAX_TOTAL_MINOR) return true;
  reading.mistakes.add('/items', 'invalid_total', () => sumTooLarge(formatMinor(MAX_TOTAL_MINOR)));
  return false;
}

/** The sum of the items, which a given total must be. */
function readTotal(reading: Reading, order: JsonObject, items: readonly OrderItem[] | null): number | null {
  const sumMinor = items && sumOf(items);
  if (order.total_amount === undefined) return sumMinor;
  const total = reading.text(order, 'total_amount', '', 'total_amount');
  if (total === null || sumMinor === null || parseMinor(total) === sumMinor) return sumMinor;
  reading.mistakes.add('/total_amount', 'total_mismatch', () => sumMismatch(total, sumMinor));
  return null;
}

function readEdit(reading: Reading, given: JsonObject): OrderPatch {
  const items = given.items === undefined ? null : readItems(reading, given);
  const orderDateMs = given.order_date === undefined ? null : reading.date(given, '');
  const address =
    given.shipping_address === undefined ? null : reading.text(given, 'shipping_address', '', 'shipping_address');
  return {
    ...readCustomer(reading, given, true),
    ...(items && { items }),
    ...(orderDateMs !== null && { orderDateMs }),
    ...(address !== null && { shippingAddress: address }),
  };
}

const readMove = (reading: Reading, given: JsonObject): MoveBody => ({
  // A state is a short plain word: whether there is one of this name is judged with the order.
  status: reading.text(given, 'status', '', 'sku', 'status') ?? '',
  reason: readReason(reading, given),
});

function readReason(reading: Reading, given: JsonObject): string | null {
  const { reason } = given;
  if (reason === undefined || reason === null) return null;
  if (typeof reason === 'string' && reason.trim() === '') return null;
  return reading.text(given, 'reason', '', 'shipping_address', 'reason');
}
