/** `oms orders list`: orders by the filters of the API, page by page. */

import { OmsError } from '../../errors.ts';
import type { OrderResponse, OrdersResponse } from '../../http/responses.ts';
import { limits } from '../../limits.ts';
import { visible } from '../../model/characters.ts';
import type { OrderAction } from './action.ts';
import { cell, EXIT, HIDDEN, print, table, widthsOf } from './printed.ts';

/** The query parameters of `GET /orders`. */
export const FILTERS = [
  ...['status', 'hub-id', 'sku', 'file-id', 'customer-email', 'from', 'to', 'q'],
  ...['created-from', 'created-to', 'updated-from', 'sort'],
];

const HEADER = ['ORDER', 'STATUS', 'VERSION', 'CUSTOMER', 'ITEMS', 'TOTAL', 'CREATED'];
const RIGHT = [2, 4, 5];
const CUSTOMER_CHARS = 30;

export const listOrders: OrderAction = async (client, args, { filters, limit, json, ids }) => {
  if (args.length > 0)
    throw new OmsError('invalid_option', `oms orders list takes no "${args[0]}": filter by --q, for example`);
  let left = readLimit(limit);
  let cursor: string | null = null;
  let widths: number[] | null = null;
  while (left > 0) {
    const query = new URLSearchParams({ ...filters, limit: String(Math.min(left, limits.maxPageItems)) });
    if (cursor !== null) query.set('cursor', cursor);
    const page: OrdersResponse = await client.get(`/orders?${query}`);
    left -= page.items.length;
    if (json) await print(page.items.map((order) => `${JSON.stringify(order)}\n`).join(''));
    else if (ids) await print(page.items.map(({ order_id }) => `${toTerminal(order_id)}\n`).join(''));
    else if (page.items.length > 0) {
      const rows = page.items.map(cells);
      if (widths === null) rows.unshift(HEADER);
      widths ??= widthsOf(rows);
      await print(table(rows, RIGHT, widths));
    }
    cursor = page.next_cursor;
    if (cursor === null) return EXIT.done;
  }
  return EXIT.done;
};

/** A program that reads the ids gets them as they are. */
const toTerminal = (id: string): string => (process.stdout.isTTY ? visible(id) : id);

const cells = (order: OrderResponse): string[] => [
  cell(order.order_id, limits.maxTextChars),
  order.status,
  String(order.version),
  cell(order.customer.name ?? HIDDEN, CUSTOMER_CHARS),
  String(order.items.length),
  order.total_amount,
  order.created_at,
];

function readLimit(limit: string | undefined): number {
  if (limit === undefined) return limits.pageItems;
  if (limit === 'all') return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,8}$/.test(limit))
    throw new OmsError('invalid_option', `--limit "${limit}" is neither a number of orders nor "all"`);
  return Number(limit);
}
