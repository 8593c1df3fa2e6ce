/**
 * The events that are shown. Only the rows in the window are rendered, as a burst may replace all of them. A row is rendered once,
 * however many come above it.
 */
import { Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef } from 'react';
import type { EventResponse } from '../../http/responses.ts';
import { Hidden } from '../components/hidden.tsx';
import { useMedia, usePrinting } from '../components/media.ts';
import { formatNumber } from '../components/number.tsx';
import { liveEvents } from '../texts/live-events.ts';
import { orders } from '../texts/orders.ts';
import { type CreatedData, detailsOf, isCreated, nameItem } from './event-words.ts';
import type { ReceivedEvent } from './received-events.ts';

/** As in the stylesheet. */
const ROW_REM = 2.25;
const STACKED_ROW_REM = 5.5;
const STACKED = '(width < 60rem)';
const OVERSCAN = 6;
const COLUMNS = 7;
/** Some thirty sheets. */
const MOST_PRINTED = 1_000;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

export function EventTable({
  events,
  onOpen,
}: {
  events: readonly ReceivedEvent[];
  onOpen: (event: EventResponse) => void;
}) {
  const isStacked = useMedia(STACKED);
  const printing = usePrinting();
  const table = useRef<HTMLTableElement>(null);
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const rowPixels = rem * (isStacked ? STACKED_ROW_REM : ROW_REM);
  const virtual = useWindowVirtualizer({
    count: events.length,
    estimateSize: () => rowPixels,
    overscan: OVERSCAN,
    ...(printing && {
      rangeExtractor: () => Array.from({ length: Math.min(events.length, MOST_PRINTED) }, (_, i) => i),
    }),
    scrollMargin: table.current?.offsetTop ?? 0,
  });
  // When the height of a row changes, all are laid out again.
  useEffect(() => virtual.measure(), [virtual, rowPixels]);
  const there = virtual.getVirtualItems();
  const above = there[0]?.index ?? 0;
  const below = events.length - 1 - (there.at(-1)?.index ?? -1);
  return (
    <>
      {printing && events.length > MOST_PRINTED && (
        <p>{liveEvents.printed(formatNumber(MOST_PRINTED), formatNumber(events.length))}</p>
      )}
      <table ref={table} className="live-table panel" aria-rowcount={events.length + 1}>
        <caption className="for-readers">{liveEvents.caption}</caption>
        <thead>
          <tr>
            <th scope="col" className="live-time">
              {liveEvents.time}
            </th>
            <th scope="col" className="live-type">
              {liveEvents.type}
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
          <Space pixels={above * rowPixels} />
          {there.map(({ index }) => {
            const { number, event } = events[index]!;
            return <EventRow key={number} place={index + 2} event={event} onOpen={onOpen} />;
          })}
          <Space pixels={below * rowPixels} />
        </tbody>
      </table>
    </>
  );
}

/** In place of the rows that are not rendered. */
const Space = ({ pixels }: { pixels: number }) =>
  pixels > 0 && (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row takes no focus
    <tr aria-hidden="true" className="live-space" style={{ height: pixels }}>
      <td colSpan={COLUMNS} />
    </tr>
  );

interface Row {
  /** Its index among the rows of the table; the header is the first. */
  place: number;
  event: EventResponse;
  onOpen: (event: EventResponse) => void;
}

function EventRow({ place, event, onOpen }: Row) {
  return (
    <tr aria-rowindex={place}>
      <Cells event={event} onOpen={onOpen} />
    </tr>
  );
}

const Cells = memo(({ event, onOpen }: Omit<Row, 'place'>) => {
  const { subject, type, time, data } = event;
  return (
    <>
      <td className="live-time number">
        <time dateTime={time} title={time}>
          {clock.format(new Date(time))}
        </time>
      </td>
      <td className="live-type">{liveEvents.types[type]}</td>
      <td className="live-order" title={subject}>
        <Link to="/orders/$orderId" params={{ orderId: subject }} preload={false}>
          {subject}
        </Link>
      </td>
      {isCreated(data) ? <OfCreated data={data} /> : <OfChange words={detailsOf(data)} />}
      <td className="live-event">
        <button
          type="button"
          className="button-quiet"
          aria-label={liveEvents.rawOf(subject)}
          onClick={() => onOpen(event)}
        >
          {liveEvents.raw}
        </button>
      </td>
    </>
  );
});

function OfCreated({ data: { customer, items, total_amount } }: { data: CreatedData }) {
  const [first, ...others] = items;
  return (
    <>
      <td className="live-customer" title={`${customer.name ?? orders.hidden}\n${customer.email ?? ''}`}>
        {customer.name ?? <Hidden />}
      </td>
      <td className="live-items" title={items.map(nameItem).join('\n')}>
        {first && nameItem(first)}
        {others.length > 0 && ` ${liveEvents.moreItems(formatNumber(others.length))}`}
      </td>
      <td className="live-total number">{total_amount}</td>
    </>
  );
}

const OfChange = ({ words }: { words: string }) => (
  <td colSpan={3} className="live-details" title={words}>
    {words}
  </td>
);
