/** What an event says, in words: for its row, and for the filter to search. */
import type { EventResponse } from '../../http/responses.ts';
import { formatNumber } from '../components/number.tsx';
import { orderStatus } from '../texts/codes.ts';
import { history } from '../texts/history.ts';
import { liveEvents } from '../texts/live-events.ts';

type Data = EventResponse['data'];
/** Of an order that was not deleted. */
export type CreatedData = Extract<Data, { items: unknown }>;

export const isCreated = (data: Data): data is CreatedData => 'items' in data;

export const nameItem = ({ quantity, sku, hub_id }: CreatedData['items'][number]): string =>
  `${formatNumber(quantity)} × ${sku} · ${hub_id}`;

/** What an event of a change says beside its type. */
export function detailsOf(data: Exclude<Data, CreatedData>): string {
  if ('erased' in data) return liveEvents.erased;
  const { status, previous_status, reason, actor, changes } = data;
  const fields = changes.map(({ field }) => history.fields[field] ?? field);
  return [
    ...(status === previous_status ? [] : [liveEvents.moved(orderStatus(previous_status), orderStatus(status))]),
    ...(fields.length > 0 ? [liveEvents.changed(fields)] : []),
    ...(reason === null ? [] : [history.reason(reason)]),
    ...(actor === null ? [] : [history.by(actor)]),
  ].join(' · ');
}

export function wordsOf({ subject, type, data }: EventResponse): string {
  const words = isCreated(data)
    ? [data.customer.name ?? '', data.customer.email ?? '', ...data.items.flatMap(({ sku, hub_id }) => [sku, hub_id])]
    : [detailsOf(data)];
  return [subject, liveEvents.types[type], ...words].join('\n').toLowerCase();
}
