/** The history of an order, the newest change first: who changed what, when and why. */
import './order-timeline.css';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { OrderChangeResponse, OrderResponse } from '../../http/responses.ts';
import { Problem } from '../api/client.ts';
import { orderHistoryQuery } from '../api/queries.ts';
import { Hidden } from '../components/hidden.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { Time } from '../components/time.tsx';
import { orderStatus } from '../texts/codes.ts';
import { history as words } from '../texts/history.ts';
import { frame } from '../texts/page.ts';
import { useOrderDateText } from './order-date.tsx';
import { OrderStatus } from './order-status.tsx';

const SHOWN_AT_FIRST = 20;

export function OrderTimeline({ orderId }: { orderId: string }) {
  const { data, error, refetch } = useQuery(orderHistoryQuery(orderId));
  const [all, showAll] = useState(false);
  if (!data) return error instanceof Problem && <ProblemView error={error} onTryAgain={() => void refetch()} />;
  const changes = data.items.toReversed();
  const shown = all ? changes : changes.slice(0, SHOWN_AT_FIRST);
  return (
    <section className="panel order-history" aria-labelledby="history">
      <h2 id="history">{words.title}</h2>
      <ol className="timeline">
        {shown.map((change) => (
          <Change key={change.version} change={change} />
        ))}
      </ol>
      {shown.length < changes.length && (
        <button type="button" onClick={() => showAll(true)}>
          {words.showAll(changes.length)}
        </button>
      )}
    </section>
  );
}

const Change = ({ change }: { change: OrderChangeResponse }) => (
  <li>
    <p className="timeline-what">
      <What change={change} />
    </p>
    <p className="quiet timeline-when">
      <Time iso={change.at} /> ·{' '}
      {(change.actor !== null || change.action !== 'created') && `${words.by(change.actor)} · `}
      {words.version(change.version)}
    </p>
    {change.reason !== null && <p className="timeline-reason">{words.reason(change.reason)}</p>}
    {change.changes.length > 0 && (
      <dl className="timeline-fields">
        {change.changes.map((field) => (
          <div key={field.field}>
            <dt>{words.fields[field.field] ?? field.field}</dt>
            <Values field={field} />
          </div>
        ))}
      </dl>
    )}
  </li>
);

function What({ change: { action, from, to } }: { change: OrderChangeResponse }) {
  if (action !== 'status_changed' || from === null)
    return <strong>{words.actions[action] ?? orderStatus(action)}</strong>;
  return (
    <>
      <OrderStatus status={from} />
      <span className="timeline-arrow">
        <span aria-hidden="true">→</span>
        <span className="for-readers">{frame.becomes}</span>
      </span>
      <OrderStatus status={to} />
    </>
  );
}

type Field = OrderChangeResponse['changes'][number];

function Values({ field: { field, from, to } }: { field: Field }) {
  const dateText = useOrderDateText();
  if (from === null || to === null)
    return (
      <dd>
        <Hidden />
      </dd>
    );
  const [before, after] = [from, to].map((value) =>
    Array.isArray(value) ? value.map(itemLine) : [field === 'order_date' ? dateText(value) : value],
  ) as [string[], string[]];
  const gone = without(before, after);
  const come = without(after, before);
  return (
    <dd>
      {gone.map((line, n) => (
        <del key={`${n} ${line}`}>
          <span className="for-readers">{words.before} </span>
          {line}
        </del>
      ))}
      {come.map((line, n) => (
        <ins key={`${n} ${line}`}>
          <span className="for-readers">{words.after} </span>
          {line}
        </ins>
      ))}
    </dd>
  );
}

/** One line for each item, so that only those that changed are shown. */
const itemLine = ({ quantity, product_name, sku, hub_id, unit_price }: OrderResponse['items'][number]): string =>
  words.item(quantity, product_name, sku, hub_id, unit_price);

/** The lines that the others have not, as often as they have not. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const place = left.indexOf(line);
    if (place === -1) return true;
    left.splice(place, 1);
    return false;
  });
}
