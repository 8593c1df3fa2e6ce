/**
 * Reads orders. Only the filter by file has an index, as each index slows ingestion down: a page scans a bounded number of orders, newest
 * first, and may be short.
 */
import type { Filter } from 'mongodb';
import { limits } from '../../limits.ts';
import type { Order } from '../../model/order.ts';
import { DELETED } from '../../model/order-change.ts';
import { alikeCharacters, BEFORE_WORDS, searchWords } from '../../model/search.ts';
import type { OrderView } from '../../model/views.ts';
import { takes } from '../../ports/order-filter.ts';
import type { OrderFilter, OrderPage, Orders } from '../../ports/orders.ts';
import { readPosition } from '../page.ts';
import { HEAD, readOrder } from './change-order.ts';
import type { Database } from './database.ts';
import { HIDDEN, type OrderDocument, VOID } from './documents.ts';
import { toOrder, toStoredOrder } from './order-document.ts';

/** By time of creation. */
export type Position = [createdAtMs: number, orderId: string];

/** Before all orders: the latest possible time. */
const NEWEST: Position = [8.64e15, ''];

const positionOf = ({ created_at, _id }: Pick<OrderDocument, 'created_at' | '_id'>): Position => [
  created_at.getTime(),
  _id,
];

export function beyond([atMs, id]: Position, side: '$lt' | '$lte' | '$gt' | '$gte'): Filter<OrderDocument> {
  const time = new Date(atMs);
  const strict = side === '$lt' || side === '$lte' ? { $lt: time } : { $gt: time };
  return { $or: [{ created_at: strict }, { created_at: time, _id: { [side]: id } }] };
}

export function createOrders({ orders }: Database): Orders {
  const find = async (orderId: string): Promise<OrderDocument | null> => {
    const document = await readOrder({ orders }, orderId);
    return document?.status === VOID ? null : document;
  };

  return {
    async get(orderId) {
      const document = await find(orderId);
      return document && toStoredOrder(document);
    },

    async getMany(orderIds) {
      const found = await orders.find({ _id: { $in: [...orderIds] } }, { projection: HEAD }).toArray();
      return found.filter(({ status }) => status !== VOID).map(toStoredOrder);
    },

    async list(filter, { limit, after }): Promise<OrderPage> {
      const position = readPosition<Position>(after, 'number', 'string');
      const whole = filter.q === undefined ? null : await find(filter.q);
      const named = whole && whole.status !== DELETED ? toOrder(whole) : null;
      const items = named && position === null && takes(filter, named) ? [named] : [];
      const upTo = (last: Position): OrderPage => ({ items, next: JSON.stringify(last), reachedMs: last[0] });
      if (items.length === limit) return { ...upTo(NEWEST), reachedMs: items[0]!.createdAtMs };
      const conditions = conditionsOf(filter, named);
      const indexed: Filter<OrderDocument>[] = filter.fileId === undefined ? [] : [{ file: filter.fileId }];
      if (position) indexed.push(beyond(position, '$lt'));
      if (filter.createdFromMs !== undefined) indexed.push({ created_at: { $gte: new Date(filter.createdFromMs) } });
      if (filter.createdToMs !== undefined) indexed.push({ created_at: { $lt: new Date(filter.createdToMs) } });
      const sort = { created_at: -1, _id: -1 } as const;
      // The last order of the window that is scanned; null when the window reaches the oldest order, or without other filters.
      let border: Pick<OrderDocument, 'created_at' | '_id'> | null = null;
      if (conditions.length > 0) {
        border = await orders.findOne(all(indexed), {
          sort,
          skip: limits.maxScanOrders - 1,
          projection: { created_at: 1, _id: 1 },
        });
        // The id of an order that the view does not show must not become a part of the cursor.
        if (border && filter.seenBy) border = { created_at: border.created_at, _id: '' };
        if (border) indexed.push(beyond(positionOf(border), '$gte'));
      }
      const found = await orders
        .find(all([...indexed, ...conditions, { status: { $nin: [...HIDDEN] } }]), { projection: HEAD })
        .sort(sort)
        .limit(limit - items.length + 1)
        .toArray();
      const shown = found.slice(0, limit - items.length);
      items.push(...shown.map(toOrder));
      const last = found.length > shown.length ? shown.at(-1)! : border;
      return last ? upTo(positionOf(last)) : { items, next: null, reachedMs: null };
    },
  };
}

export const all = (conditions: Filter<OrderDocument>[]): Filter<OrderDocument> =>
  conditions.length === 0 ? {} : { $and: conditions };

/** `named`: the order that is listed first, wherever it belongs, and so not again. */
function conditionsOf(filter: OrderFilter, named: Order | null): Filter<OrderDocument>[] {
  let conditions: Filter<OrderDocument>[] = [];
  if (filter.status !== undefined) conditions.push({ status: filter.status });
  const item = {
    ...(filter.sku !== undefined && { sku: filter.sku }),
    ...(filter.hubId !== undefined && { hub_id: filter.hubId }),
  };
  if (Object.keys(item).length > 0) conditions.push({ items: { $elemMatch: item } });
  if (filter.seenBy) conditions.push(...seenIn(filter.seenBy));
  if (filter.customerEmail !== undefined) conditions.push({ 'customer.email': filter.customerEmail });
  if (filter.fromMs !== undefined) conditions.push({ order_date: { $gte: new Date(filter.fromMs) } });
  if (filter.toMs !== undefined) conditions.push({ order_date: { $lt: new Date(filter.toMs) } });
  if (filter.updatedFromMs !== undefined) conditions.push({ updated_at: { $gte: new Date(filter.updatedFromMs) } });
  if (conditions.length > 0 && filter.orChangedSinceMs !== undefined)
    conditions = [
      { $or: [{ $and: conditions }, { updated_at: { $gte: new Date(filter.orChangedSinceMs) } }] } as never,
    ];
  if (named) conditions.push({ _id: { $ne: named.orderId } });
  // No order contains a NUL, and MongoDB takes none in an expression.
  if (filter.q?.includes('\0')) conditions.push({ _id: { $in: [] } });
  else if (filter.q !== undefined) {
    // ASCII letters match in both cases, as everywhere in lists.
    const start = { $regex: `^${escapeRegExp(filter.q)}`, $options: 'i' };
    const words = searchWords(filter.q).map((word) => ({
      'customer.name': { $regex: `(^|${BEFORE_WORD})${regexOf(word)}` },
    }));
    const name = words.length > 0 ? [{ $and: words }] : [];
    conditions.push({ $or: [{ _id: start }, { 'customer.email': start }, ...name] } as never);
  }
  return conditions;
}

/** As `seesOrder`. Regardless of case for ASCII letters only: other letters have none. */
function seenIn({ hubs, email }: OrderView): Filter<OrderDocument>[] {
  return [
    ...(hubs === null ? [] : [{ 'items.hub_id': { $in: [...hubs] } }]),
    ...(email === null ? [] : [{ 'customer.email': { $regex: `^${[...email].map(inAnyCase).join('')}$` } }]),
  ];
}

/** Of an ASCII letter in lower case. */
export const inAnyCase = (character: string): string =>
  /[a-z]/.test(character) ? `[${character}${character.toUpperCase()}]` : escapeRegExp(character);

const escapeRegExp = (text: string): string => text.replace(/[-.*+?^${}()|[\]\\&]/g, '\\$&');

const anyOf = (characters: string): string => `[${escapeRegExp(characters)}]`;
const BEFORE_WORD = anyOf(BEFORE_WORDS);
const regexOf = (word: string): string =>
  alikeCharacters(word)
    .map((alike) => anyOf(alike.join('')))
    .join('');
