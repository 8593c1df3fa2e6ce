/** `/orders`: the orders, newest first, by filters and page by page. Both are in the address, which is also one of the API. */
import '../components/list.css';
import './orders.css';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { OrderResponse, StatsResponse } from '../../http/responses.ts';
import { statsQuery } from '../api/queries.ts';
import { useMay } from '../api/session.ts';
import { DataTable } from '../components/data-table.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { formatNumber } from '../components/number.tsx';
import { Pager } from '../components/pager.tsx';
import { RefusedList } from '../components/refused-list.tsx';
import { Time } from '../components/time.tsx';
import { Title } from '../layout/title.tsx';
import { bulk, orderForm } from '../texts/order-change.ts';
import { orders } from '../texts/orders.ts';
import { frame, list } from '../texts/page.ts';
import { BulkActions } from './bulk-actions.tsx';
import { orderColumns } from './order-columns.tsx';
import { useTimeZone } from './order-date.tsx';
import { OrderFilters, type OrderFilterValues } from './order-filters.tsx';
import { type Selection, useSelection } from './selection.ts';
import { type OrderSearch, useOrderSearch } from './use-order-search.ts';

const route = getRouteApi('/orders');

export function OrdersPage() {
  const { cursor, ...filters } = route.useSearch();
  const navigate = route.useNavigate();
  const filtered = Object.values(filters).some((value) => value !== undefined);
  const { data: stats } = useQuery({ ...statsQuery(), enabled: useMay('stats:read') });
  const total = stats?.orders.total;
  const found = useOrderSearch({ cursor, ...filters });
  useNewOrders(stats?.orders, found.isOneLook);
  const filter = (changes: OrderFilterValues) =>
    void navigate({ search: (old) => ({ ...old, ...changes, cursor: undefined }), resetScroll: false });

  if (total === 0 && !filtered && found.items?.length === 0) return <NoOrders />;
  return (
    <>
      <div className="orders-head">
        <Title>{frame.orders}</Title>
        <NewOrderLink />
      </div>
      <OrderFilters values={filters} stats={stats} onChange={filter} />
      <RefusedList error={found.error} cursor={cursor} toFirst={orders.newest} onFirst={() => filter({})} />
      {!found.items && !found.error && <p className="quiet">{frame.loading}</p>}
      {found.items && (
        <OrderList {...found} items={found.items} filters={filters} total={filtered ? undefined : total} />
      )}
    </>
  );
}

/** Reloads the list when orders have come, or have moved on, since it was loaded. */
function useNewOrders(sums: StatsResponse['orders'] | undefined, isOneLook: boolean): void {
  const queries = useQueryClient();
  const now = sums && JSON.stringify([sums.total, sums.by_status]);
  const seen = useRef(now);
  useEffect(() => {
    if (!isOneLook) return;
    if (seen.current !== undefined && seen.current !== now) void queries.invalidateQueries({ queryKey: ['orders'] });
    seen.current = now;
  }, [now, isOneLook, queries]);
}

const NewOrderLink = () =>
  useMay('orders:write') && (
    <Link to="/new-order" className="button">
      {orderForm.new}
    </Link>
  );

function NoOrders() {
  const mayUpload = useMay('files:write');
  return (
    <>
      <Title>{frame.orders}</Title>
      <EmptyState title={orders.emptyTitle}>
        <p>{orders.empty}</p>
        <p className="row">
          {mayUpload && (
            <Link to="/" className="button button-main">
              {orders.toUpload}
            </Link>
          )}
          <NewOrderLink />
        </p>
      </EmptyState>
    </>
  );
}

type Found = ReturnType<typeof useOrderSearch>;

function OrderList({
  items,
  nextCursor,
  isPlaceholderData,
  search,
  filters,
  total,
}: Found & { items: NonNullable<Found['items']>; filters: OrderFilterValues; total: number | undefined }) {
  const { cursor } = route.useSearch();
  const navigate = route.useNavigate();
  const timeZone = useTimeZone();
  const selection = useSelection({ ...filters });
  const mayMove = useMay('orders:write');
  const isEnd = !search.hasMore && nextCursor === null;
  return (
    <>
      <div className="list-summary">
        <p className="quiet" role="status">
          {summary(items.length, isEnd && cursor === undefined, total)}
        </p>
        {mayMove && items.length > 0 && <SelectPage items={items} selection={selection} />}
      </div>
      <BulkActions
        selection={selection}
        items={items}
        filters={{ ...filters }}
        hasMore={!isEnd || cursor !== undefined}
      />
      {items.length > 0 && (
        <div className="list-panel orders-table" aria-busy={isPlaceholderData}>
          <DataTable
            caption={frame.orders}
            columns={orderColumns(timeZone, mayMove ? selection : null)}
            rows={items}
            keyOf={({ order_id }) => order_id}
            cardsBelow={78}
          />
        </div>
      )}
      <Rest count={items.length} search={search} cursor={cursor} />
      <Pager
        label={list.pages}
        words={{ first: orders.newest, previous: orders.newer, next: orders.older }}
        cursor={cursor}
        nextCursor={nextCursor}
        busy={isPlaceholderData}
        onGo={({ cursor, state }) => navigate({ search: (old) => ({ ...old, cursor }), state })}
      />
    </>
  );
}

function SelectPage({ items, selection }: { items: readonly OrderResponse[]; selection: Selection }) {
  const count = items.filter(({ order_id }) => selection.selected.has(order_id)).length;
  return (
    <label className="orders-select-page">
      <input
        type="checkbox"
        checked={count === items.length}
        ref={(box) => {
          if (box) box.indeterminate = count > 0 && count < items.length;
        }}
        onChange={({ target }) => selection.togglePage(items, target.checked)}
      />
      {bulk.selectPage}
    </label>
  );
}

function summary(count: number, isWhole: boolean, total: number | undefined): string {
  if (total !== undefined) return orders.total(total, formatNumber(total));
  return (isWhole ? orders.matching : orders.onPage)(count, formatNumber(count));
}

/** What is known about the orders after this page. */
function Rest({ count, search, cursor }: { count: number; search: OrderSearch; cursor: string | undefined }) {
  if (search.hasMore)
    return (
      <section className="panel list-notice">
        <h2>{search.searching ? orders.searching : orders.shortTitle(count)}</h2>
        {search.isNamed && !search.searching && <p>{orders.named}</p>}
        {search.searchedTo !== null && (
          <p>
            {orders.searchedTo} <Time iso={search.searchedTo} />.
          </p>
        )}
        {search.searching ? (
          <button type="button" onClick={search.stop}>
            {orders.stop}
          </button>
        ) : (
          <button type="button" onClick={search.resume}>
            {orders.searchOn}
          </button>
        )}
      </section>
    );
  if (count > 0) return null;
  return <p className="panel">{cursor === undefined ? orders.noMatch : orders.noneOlder}</p>;
}
