/** `/orders`: the orders, newest first, by filters and page by page. Both are in the address, which is also one of the API. */
import '../components/list.css';
import './orders.css';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useMemo, useRef } from 'react';
import type { OrderResponse } from '../../http/responses.ts';
import { statsQuery } from '../api/queries.ts';
import { isRefused } from '../api/query-client.ts';
import { type Column, DataTable } from '../components/data-table.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { formatNumber } from '../components/number.tsx';
import { Pager } from '../components/pager.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { Time } from '../components/time.tsx';
import { Title } from '../layout/title.tsx';
import { orders } from '../texts/orders.ts';
import { frame, list } from '../texts/page.ts';
import { OrderDate, useTimeZone } from './order-date.tsx';
import { OrderFilters, type OrderFilterValues } from './order-filters.tsx';
import { OrderStatus } from './order-status.tsx';
import { type OrderSearch, useOrderSearch } from './use-order-search.ts';

const route = getRouteApi('/orders');

const columnsIn = (timeZone: string): readonly Column<OrderResponse>[] => [
  {
    header: orders.order,
    cell: ({ order_id }) => (
      <Link to="/orders/$orderId" params={{ orderId: order_id }} className="order-id cut" title={order_id}>
        {order_id}
      </Link>
    ),
  },
  { header: orders.date(timeZone), cell: ({ order_date }) => <OrderDate iso={order_date} /> },
  {
    header: orders.customer,
    cell: ({ customer: { name, email } }) => (
      <div>
        <span className="cut" title={name}>
          {name}
        </span>
        <span className="cut order-sub" title={email}>
          {email}
        </span>
      </div>
    ),
  },
  {
    header: orders.item,
    cell: ({ items }) => {
      const [first, ...others] = items;
      return (
        first && (
          <div>
            <span className="cut" title={first.product_name}>
              {first.product_name}
            </span>
            <span className="cut order-sub" title={`${first.sku}, ${first.hub_id}`}>
              {first.sku} · {first.hub_id}
              {others.length > 0 && ` · ${orders.more(others.length)}`}
            </span>
          </div>
        )
      );
    },
  },
  {
    header: orders.quantity,
    numeric: true,
    cell: ({ items }) => String(items.reduce((sum, { quantity }) => sum + quantity, 0)),
  },
  { header: orders.amount, numeric: true, cell: ({ total_amount }) => total_amount },
  { header: orders.status, cell: ({ status }) => <OrderStatus status={status} /> },
];

export function OrdersPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { cursor, ...filters } = search;
  const filtered = Object.values(filters).some((value) => value !== undefined);
  const { data: stats } = useQuery(statsQuery());
  const { items, error, isPlaceholderData, nextCursor, isOneLook, search: way } = useOrderSearch(search);

  const timeZone = useTimeZone();
  const columns = useMemo(() => columnsIn(timeZone), [timeZone]);

  const total = stats?.orders.total;
  const queries = useQueryClient();
  const seen = useRef(total);
  useEffect(() => {
    if (!isOneLook) return;
    // There are more orders than when the list was asked for.
    if (seen.current !== undefined && seen.current !== total) void queries.invalidateQueries({ queryKey: ['orders'] });
    seen.current = total;
  }, [total, isOneLook, queries]);

  const filter = (changes: OrderFilterValues) =>
    navigate({
      search: (old) => ({ ...old, ...changes, cursor: undefined }),
      resetScroll: false,
    });
  const go = (to: { cursor: string | undefined; state?: { trail: string[] } }) =>
    navigate({ search: (old) => ({ ...old, cursor: to.cursor }), ...(to.state && { state: to.state }) });

  if (total === 0 && !filtered && items?.length === 0)
    return (
      <>
        <Title>{frame.orders}</Title>
        <EmptyState title={orders.emptyTitle}>
          <p>{orders.empty}</p>
          <Link to="/" className="button button-main">
            {orders.toUpload}
          </Link>
        </EmptyState>
      </>
    );

  return (
    <>
      <Title>{frame.orders}</Title>
      <OrderFilters values={filters} stats={stats} onChange={filter} />
      {isRefused(error) && (
        <>
          <ProblemView error={error} />
          {cursor !== undefined && (
            <p className="list-notice">
              <button type="button" onClick={() => filter({})}>
                {orders.newest}
              </button>
            </p>
          )}
        </>
      )}
      {!items && !error && <p className="quiet">{frame.loading}</p>}
      {items && (
        <>
          <div className="list-summary" role="status">
            <p className="quiet">
              {summary(items.length, !way.hasMore && nextCursor === null, cursor, filtered ? undefined : total)}
            </p>
          </div>
          {items.length > 0 && (
            <div className="list-panel orders-table" aria-busy={isPlaceholderData}>
              <DataTable
                caption={frame.orders}
                columns={columns}
                rows={items}
                keyOf={({ order_id }) => order_id}
                cardsBelow={74}
              />
            </div>
          )}
          <Rest count={items.length} way={way} cursor={cursor} />
          <Pager
            label={list.pages}
            words={{ first: orders.newest, previous: orders.newer, next: orders.older }}
            cursor={cursor}
            nextCursor={nextCursor}
            busy={isPlaceholderData}
            onGo={go}
          />
        </>
      )}
    </>
  );
}

function summary(count: number, isEnd: boolean, cursor: string | undefined, total: number | undefined): string {
  if (total !== undefined) return orders.total(total, formatNumber(total));
  return (isEnd && cursor === undefined ? orders.matching : orders.onPage)(count, formatNumber(count));
}

function Rest({ count, way, cursor }: { count: number; way: OrderSearch; cursor: string | undefined }) {
  if (way.hasMore)
    return (
      <section className="panel list-notice">
        <h2>{way.searching ? orders.searching : orders.shortTitle(count)}</h2>
        {way.isNamed && !way.searching && <p>{orders.named}</p>}
        {way.searchedTo !== null && (
          <p>
            {orders.searchedTo} <Time iso={way.searchedTo} />.
          </p>
        )}
        {way.searching ? (
          <button type="button" onClick={way.stop}>
            {orders.stop}
          </button>
        ) : (
          <button type="button" onClick={way.goOn}>
            {orders.searchOn}
          </button>
        )}
      </section>
    );
  if (count > 0) return null;
  return <p className="panel">{cursor === undefined ? orders.noMatch : orders.noneOlder}</p>;
}
