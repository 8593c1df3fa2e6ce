/** `oms orders show` and `oms orders history`: single orders, and what happened to each. */
import type { OrderChangeResponse, OrderHistoryResponse, OrderResponse } from '../../http/responses.ts';
import { visible } from '../../model/characters.ts';
import type { OrderAction } from './action.ts';
import { idBatches, pathOf, whyNoId } from './ids.ts';
import { cell, EXIT, HIDDEN, print, printRefused, type Refusal, table, worst } from './printed.ts';

const VALUE_CHARS = 80;

/** Asks for each order by itself, and prints what `text` says of the answer. */
const forEachOrder =
  <Body>(
    path: (orderId: string) => string,
    text: (body: Body, orderId: string, json: boolean) => string,
  ): OrderAction =>
  async (client, args, { json }) => {
    const codes = new Set<number>();
    for await (const batch of idBatches(args))
      for (const id of batch) {
        const why = whyNoId(id);
        const { status, body } =
          why === null
            ? await client.request('GET', path(id))
            : { status: 422, body: { status: 422, code: 'invalid_id', detail: why } };
        if (status < 300) await print(text(body as Body, id, json));
        else codes.add(printRefused(id, body as Refusal));
      }
    return worst([EXIT.done, ...codes]);
  };

export const showOrders = forEachOrder<OrderResponse>(pathOf, (order, _, json) =>
  json ? `${JSON.stringify(order)}\n` : orderText(order),
);

export const showHistories = forEachOrder<OrderHistoryResponse>(
  (orderId) => `${pathOf(orderId)}/history`,
  (history, orderId, json) =>
    json
      ? history.items.map((change) => `${JSON.stringify({ order_id: orderId, ...change })}\n`).join('')
      : `${visible(orderId)}\n${history.items.map(changeText).join('')}`,
);

function orderText(order: OrderResponse): string {
  const { customer, source, actor } = order;
  const fields = [
    ['customer', `${visible(customer.name ?? HIDDEN)} <${visible(customer.email ?? HIDDEN)}>`],
    ['address', visible(order.shipping_address ?? HIDDEN)],
    ['date', order.order_date],
    ['source', source.file_id === null ? 'API' : `${source.file_id}, row ${source.row}`],
    ['created', order.created_at],
    ['changed', `${order.updated_at}${actor === null ? '' : ` by ${visible(actor)}`}`],
    ['total', order.total_amount],
  ];
  const items = order.items.map((item) => [
    ...['', visible(item.sku), visible(item.hub_id), String(item.quantity), item.unit_price, item.line_total],
    cell(item.product_name, VALUE_CHARS),
  ]);
  const header = ['', 'SKU', 'HUB', 'QUANTITY', 'PRICE', 'TOTAL', 'PRODUCT'];
  return [
    `${visible(order.order_id)}  ${order.status}, version ${order.version}\n`,
    table(fields.map(([name, value]) => ['', name!, value!])),
    table([header, ...items], [3, 4, 5]),
  ].join('');
}

function changeText({ version, at, actor, action, from, to, reason, changes }: OrderChangeResponse): string {
  const status = from === null || from === to ? to : `${from} -> ${to}`;
  const who = actor === null ? '' : `, by ${visible(actor)}`;
  const why = reason === null ? '' : `: ${visible(reason)}`;
  const fields = changes.map(({ field, from, to }) => `       ${field}: ${valueText(from)} -> ${valueText(to)}\n`);
  return `${String(version).padStart(4)}  ${at}  ${action}  ${status}${who}${why}\n${fields.join('')}`;
}

function valueText(value: OrderChangeResponse['changes'][number]['from']): string {
  if (value === null) return HIDDEN;
  if (typeof value === 'string') return JSON.stringify(cell(value, VALUE_CHARS));
  return value.map((item) => `${item.quantity} x ${visible(item.sku)} at ${visible(item.hub_id)}`).join(', ');
}
