/** The filters of the orders. They are those of the API, so that an address of the page is also one of the API: `to` is half-open. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { StatsResponse } from '../../http/responses.ts';
import { ORDER_STATUSES } from '../../model/order.ts';
import { filesQuery } from '../api/queries.ts';
import { FilterField } from '../components/filter-field.tsx';
import { orderStatus } from '../texts/codes.ts';
import { orders } from '../texts/orders.ts';
import { list } from '../texts/page.ts';
import { daysLater, isDay, useTimeZone } from './order-date.tsx';

export interface OrderFilterValues {
  status?: (typeof ORDER_STATUSES)[number] | undefined;
  hub_id?: string | undefined;
  sku?: string | undefined;
  file_id?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  q?: string | undefined;
}

const NONE: OrderFilterValues = {
  status: undefined,
  hub_id: undefined,
  sku: undefined,
  file_id: undefined,
  from: undefined,
  to: undefined,
  q: undefined,
};

export function OrderFilters({
  values,
  stats,
  onChange,
}: {
  values: OrderFilterValues;
  stats: StatsResponse | undefined;
  /** Filters that are undefined are taken away, those not given stay. */
  onChange: (changes: OrderFilterValues) => void;
}) {
  const { data: files } = useInfiniteQuery(filesQuery());
  const recent = files?.pages[0]?.items ?? [];
  const file = recent.find(({ file_id }) => file_id === values.file_id);
  const hubs = Object.keys(stats?.orders.by_hub ?? {}).sort();
  const timeZone = useTimeZone();
  const { from, to } = values;
  const fromDay = from !== undefined && isDay(from) ? from : '';
  const toDay = to !== undefined && isDay(to) ? daysLater(to, -1) : '';
  const filtered = Object.values(values).some((value) => value !== undefined);
  return (
    <search aria-label={orders.filters} className="filters panel">
      <FilterField
        className="filter-wide"
        type="search"
        label={orders.q}
        hint={orders.qHint}
        value={values.q ?? ''}
        onFilter={(q) => onChange({ q })}
      />
      <label>
        {orders.status}
        <select
          value={values.status ?? ''}
          onChange={({ target }) => onChange({ status: ORDER_STATUSES.find((status) => status === target.value) })}
        >
          <option value="">{orders.anyStatus}</option>
          {ORDER_STATUSES.map((status) => (
            <option key={status} value={status}>
              {orderStatus[status]}
            </option>
          ))}
        </select>
      </label>
      <FilterField
        label={orders.hub}
        value={values.hub_id ?? ''}
        suggestions={hubs.map((value) => ({ value }))}
        onFilter={(hub_id) => onChange({ hub_id })}
      />
      <FilterField label={orders.sku} value={values.sku ?? ''} onFilter={(sku) => onChange({ sku })} />
      <FilterField
        label={orders.file}
        value={values.file_id ?? ''}
        suggestions={recent.map(({ file_id, name }) => ({ value: file_id, label: name }))}
        onFilter={(file_id) => onChange({ file_id })}
      />
      <FilterField type="date" label={orders.from} value={fromDay} onFilter={(day) => onChange({ from: day })} />
      <FilterField
        type="date"
        label={orders.to}
        value={toDay}
        onFilter={(day) => onChange({ to: day && daysLater(day, 1) })}
      />
      {filtered && (
        <div className="filter-foot">
          <button type="button" onClick={() => onChange(NONE)}>
            {list.clear}
          </button>
          {file && (
            <p>
              {orders.ofFile}{' '}
              <Link to="/files/$fileId" params={{ fileId: file.file_id }}>
                {file.name}
              </Link>
              .
            </p>
          )}
          {(from !== undefined || to !== undefined) && (
            <p>
              {(fromDay !== '' || toDay !== '') && orders.days(timeZone)}{' '}
              {from !== undefined && fromDay === '' && orders.moment('from', from)}{' '}
              {to !== undefined && toDay === '' && orders.moment('to', to)}
            </p>
          )}
        </div>
      )}
    </search>
  );
}
