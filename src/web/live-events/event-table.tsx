/** The events that are shown. A row is made once, however often others come above it. */
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import type { EventAnswer } from '../../http/answers.ts';
import { formatNumber } from '../components/number.tsx';
import { liveEvents } from '../texts.ts';
import type { ReceivedEvent } from './event-feed.ts';

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

export function EventTable({
  events,
  onOpen,
}: {
  events: readonly ReceivedEvent[];
  onOpen: (event: EventAnswer) => void;
}) {
  return (
    <table className="live-table panel">
      <caption className="for-readers">{liveEvents.caption}</caption>
      <thead>
        <tr>
          <th scope="col" className="live-time">
            {liveEvents.time}
          </th>
          <th scope="col">{liveEvents.order}</th>
          <th scope="col">{liveEvents.customer}</th>
          <th scope="col">{liveEvents.items}</th>
          <th scope="col" className="live-total">
            {liveEvents.total}
          </th>
          <th scope="col" className="live-event">
            {liveEvents.event}
          </th>
        </tr>
      </thead>
      <tbody>
        {events.map(({ number, event }) => (
          <EventRow key={number} event={event} onOpen={onOpen} />
        ))}
      </tbody>
    </table>
  );
}

const EventRow = memo(({ event, onOpen }: { event: EventAnswer; onOpen: (event: EventAnswer) => void }) => {
  const { order_id, customer, items, total_amount } = event.data;
  const first = items[0];
  return (
    <tr>
      <td className="live-time number">
        <time dateTime={event.time} title={event.time}>
          {clock.format(new Date(event.time))}
        </time>
      </td>
      <td className="live-order" title={order_id}>
        <Link to="/orders/$orderId" params={{ orderId: order_id }} preload={false}>
          {order_id}
        </Link>
      </td>
      <td className="live-customer" title={`${customer.name}\n${customer.email}`}>
        {customer.name}
      </td>
      <td className="live-items" title={items.map(nameItem).join('\n')}>
        {first && nameItem(first)}
        {items.length > 1 && ` ${liveEvents.moreItems(formatNumber(items.length - 1))}`}
      </td>
      <td className="live-total number">{total_amount}</td>
      <td className="live-event">
        <button
          type="button"
          className="button-quiet"
          aria-label={liveEvents.rawOf(order_id)}
          onClick={() => onOpen(event)}
        >
          {liveEvents.raw}
        </button>
      </td>
    </tr>
  );
});

const nameItem = ({ quantity, sku, hub_id }: EventAnswer['data']['items'][number]): string =>
  `${formatNumber(quantity)} × ${sku} · ${hub_id}`;
