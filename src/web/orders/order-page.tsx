/** `/orders/{order_id}`: one order, where it came from, and its event. */
import '../components/list.css';
import './orders.css';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { OrderResponse } from '../../http/responses.ts';
import { Problem } from '../api/client.ts';
import { orderEventsQuery, orderQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { CopyButton } from '../components/copy-button.tsx';
import { type Column, DataTable } from '../components/data-table.tsx';
import { FileLink } from '../components/file-link.tsx';
import { Count } from '../components/number.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { Time } from '../components/time.tsx';
import { Title } from '../layout/title.tsx';
import { orders, order as words } from '../texts/orders.ts';
import { frame } from '../texts/page.ts';
import { OrderDate, useTimeZone } from './order-date.tsx';
import { OrderStatus } from './order-status.tsx';

const route = getRouteApi('/orders/$orderId');

type Item = OrderResponse['items'][number];

const COLUMNS: readonly Column<Item>[] = [
  { header: words.product, cell: ({ product_name }) => product_name },
  { header: orders.sku, cell: ({ sku }) => sku },
  { header: orders.hub, cell: ({ hub_id }) => hub_id },
  { header: orders.quantity, numeric: true, cell: ({ quantity }) => String(quantity) },
  { header: words.unitPrice, numeric: true, cell: ({ unit_price }) => unit_price },
  { header: words.lineTotal, numeric: true, cell: ({ line_total }) => line_total },
];

const isUnknown = (error: Error | null): boolean => error instanceof Problem && error.status === 404;

export function OrderPage() {
  const { orderId } = route.useParams();
  const { data: order, error } = useQuery({
    ...orderQuery(orderId),
    throwOnError: (error, query) => !isUnknown(error) && hasNothingToShow(error, query),
  });
  return (
    <>
      <p className="order-back">
        <Link to="/orders">← {words.back}</Link>
      </p>
      {order ? (
        <Order order={order} />
      ) : isUnknown(error) ? (
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

function Order({ order }: { order: OrderResponse }) {
  return (
    <>
      <div className="order-head">
        <Title>{order.order_id}</Title>
        <OrderStatus status={order.status} />
      </div>
      <section className="list-panel">
        <DataTable
          caption={words.items}
          columns={COLUMNS}
          rows={order.items}
          keyOf={({ sku, hub_id }) => `${sku}\n${hub_id}`}
          cardsBelow={52}
        />
        <p className="order-total number">
          <span>{words.total}</span>
          <span>{order.total_amount}</span>
        </p>
      </section>
      <Facts order={order} />
      <Events orderId={order.order_id} />
    </>
  );
}

const Facts = ({ order }: { order: OrderResponse }) => (
  <div className="order-facts">
    <section className="panel">
      <h2>{words.customer}</h2>
      <p className="order-address">
        {order.customer.name}
        {'\n'}
        {order.customer.email}
      </p>
    </section>
    <section className="panel">
      <h2>{words.address}</h2>
      <p className="order-address">{order.shipping_address}</p>
    </section>
    <section className="panel">
      <h2>{words.dates}</h2>
      <Dates order={order} />
    </section>
    <section className="panel">
      <h2>{words.origin}</h2>
      <dl>
        <dt>{words.file}</dt>
        <dd>{order.source.file_id === null ? words.api : <FileLink fileId={order.source.file_id} />}</dd>
        {order.source.row !== null && (
          <>
            <dt>{words.row}</dt>
            <dd>
              <Count value={order.source.row} />
            </dd>
          </>
        )}
      </dl>
    </section>
  </div>
);

function Dates({ order: { order_date, created_at, updated_at } }: { order: OrderResponse }) {
  const timeZone = useTimeZone();
  return (
    <dl>
      <dt>{words.ordered(timeZone)}</dt>
      <dd>
        <OrderDate iso={order_date} />
      </dd>
      <dt>{words.stored}</dt>
      <dd>
        <Time iso={created_at} />
      </dd>
      {updated_at !== created_at && (
        <>
          <dt>{words.updated}</dt>
          <dd>
            <Time iso={updated_at} />
          </dd>
        </>
      )}
    </dl>
  );
}

function Events({ orderId }: { orderId: string }) {
  const { data, error, refetch } = useQuery(orderEventsQuery(orderId));
  if (!data) return error instanceof Problem && <ProblemView error={error} onTryAgain={() => void refetch()} />;
  if (data.items.length === 0) return <p className="quiet">{words.noEvents}</p>;
  return data.items.map((event) => {
    const json = JSON.stringify(event, null, 2);
    return (
      <section key={event.id} className="panel order-event">
        <div className="order-event-head">
          <div>
            <h2>{words.event(event.type)}</h2>
            <p className="order-sub">{words.eventsHelp}</p>
          </div>
          <CopyButton text={json} label={words.event(event.type)} />
        </div>
        <pre>
          <code>{json}</code>
        </pre>
      </section>
    );
  });
}
