/** `/orders/{order_id}`: one order, what can be done with it, its history and its events. */
import '../components/list.css';
import './orders.css';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import type { OrderResponse } from '../../http/responses.ts';
import { Problem } from '../api/client.ts';
import { orderQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { Title } from '../layout/title.tsx';
import { orderForm } from '../texts/order-change.ts';
import { order as words } from '../texts/orders.ts';
import { frame } from '../texts/page.ts';
import { EditOrder } from './edit-order.tsx';
import { OrderActions } from './order-actions.tsx';
import { OrderContent } from './order-content.tsx';
import { OrderEvents } from './order-events.tsx';
import { OrderStatus } from './order-status.tsx';
import { OrderTimeline } from './order-timeline.tsx';

const route = getRouteApi('/orders/$orderId');

const hasStatus = (error: Error | null, status: 404 | 410): boolean =>
  error instanceof Problem && error.status === status;

export function OrderPage() {
  const { orderId } = route.useParams();
  const { data: order, error } = useQuery({
    ...orderQuery(orderId),
    throwOnError: (error, query) => !hasStatus(error, 404) && !hasStatus(error, 410) && hasNothingToShow(error, query),
  });
  return (
    <>
      <p className="order-back">
        <Link to="/orders">← {words.back}</Link>
      </p>
      {hasStatus(error, 410) ? (
        <Deleted orderId={orderId} />
      ) : order ? (
        <Order key={orderId} order={order} />
      ) : hasStatus(error, 404) ? (
        <Unknown orderId={orderId} />
      ) : (
        <Loading orderId={orderId} />
      )}
    </>
  );
}

const Loading = ({ orderId }: { orderId: string }) => (
  <>
    <Title>{orderId}</Title>
    <p className="quiet">{frame.loading}</p>
  </>
);

const Unknown = ({ orderId }: { orderId: string }) => (
  <>
    <Title>{words.unknown(orderId)}</Title>
    <p>{words.unknownHelp}</p>
    <Link to="/orders" search={{ q: orderId }}>
      {words.search}
    </Link>
  </>
);

/** What is left of it: that it was there, and what happened when. */
const Deleted = ({ orderId }: { orderId: string }) => (
  <>
    <Title>{words.deleted(orderId)}</Title>
    <p>{words.deletedHelp}</p>
    <OrderTimeline orderId={orderId} />
  </>
);

function Order({ order }: { order: OrderResponse }) {
  const [editing, edit] = useState(false);
  const [said, say] = useState('');
  const close = () => {
    flushSync(() => edit(false));
    // What had the focus is gone.
    document.getElementById('main')?.focus();
  };
  return (
    <>
      <div className="order-head">
        <Title>{order.order_id}</Title>
        <OrderStatus status={order.status} />
        <span className="quiet number">{words.version(order.version)}</span>
      </div>
      <p role="status" className="for-readers">
        {said}
      </p>
      {editing ? (
        <EditOrder
          order={order}
          onClose={close}
          onSaved={({ version }) => {
            close();
            say(orderForm.saved(version));
          }}
        />
      ) : (
        <>
          <OrderActions order={order} onEdit={() => edit(true)} onSay={say} />
          <OrderContent order={order} />
          <OrderTimeline orderId={order.order_id} />
          <OrderEvents orderId={order.order_id} />
        </>
      )}
    </>
  );
}
