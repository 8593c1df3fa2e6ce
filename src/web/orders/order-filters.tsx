/** The filters of the orders. They are those of the API, so that an address of the page is also one of the API: `to` is half-open. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { FileResponse, StatsResponse } from '../../http/responses.ts';
import { filesQuery, workflowQuery } from '../api/queries.ts';
import { useMay } from '../api/session.ts';
import { FilterField } from '../components/filter-field.tsx';
import { orderStatus } from '../texts/codes.ts';
import { orders } from '../texts/orders.ts';
import { list } from '../texts/page.ts';
import { daysLater, isDay, useTimeZone } from './order-date.tsx';

export interface OrderFilterValues {
  status?: string | undefined;
  hub_id?: string | undefined;
  sku?: string | undefined;
  file_id?: string | undefined;
  customer_email?: string | undefined;
  created_from?: string | undefined;
  created_to?: string | undefined;
  updated_from?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  q?: string | undefined;
}

const NONE: OrderFilterValues = {
  status: undefined,
  hub_id: undefined,
  sku: undefined,
  file_id: undefined,
  customer_email: undefined,
  created_from: undefined,
  created_to: undefined,
  updated_from: undefined,
  from: undefined,
  to: undefined,
  q: undefined,
};

/** Filters that have a field only while the address has them. */
const RARE = ['customer_email', 'created_from', 'created_to', 'updated_from'] as const;

interface Filters {
  values: OrderFilterValues;
  /** Filters that are undefined are removed, those not named stay. */
  onChange: (changes: OrderFilterValues) => void;
}

export function OrderFilters({ values, stats, onChange }: Filters & { stats: StatsResponse | undefined }) {
  const { data: files } = useInfiniteQuery({ ...filesQuery(), enabled: useMay('files:read') });
  const maySearch = useMay('personal:read');
  const recent = files?.pages[0]?.items ?? [];
  const hubs = Object.keys(stats?.orders.by_hub ?? {}).sort();
  const filtered = Object.values(values).some((value) => value !== undefined);
  return (
    <search aria-label={orders.filters} className="filters panel">
      {maySearch && (
        <FilterField
          className="filter-wide"
          type="search"
          label={orders.q}
          hint={orders.qHint}
          value={values.q ?? ''}
          onFilter={(q) => onChange({ q })}
        />
      )}
      <StatusFilter values={values} stats={stats} onChange={onChange} />
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
      <DateFilters values={values} onChange={onChange} />
      {RARE.filter((name) => values[name] !== undefined).map((name) => (
        <FilterField
          key={name}
          label={orders.rare[name]}
          value={values[name] ?? ''}
          onFilter={(value) => onChange({ [name]: value })}
        />
      ))}
      {filtered && (
        <div className="filter-foot">
          <button type="button" onClick={() => onChange(NONE)}>
            {list.clear}
          </button>
          <FileNote file={recent.find(({ file_id }) => file_id === values.file_id)} />
          <DateNote values={values} />
        </div>
      )}
    </search>
  );
}

/** The statuses of the workflow, and any other that the address has: the service says what is wrong with it. */
function StatusFilter({ values, stats, onChange }: Filters & { stats: StatsResponse | undefined }) {
  const { data: workflow } = useQuery(workflowQuery());
  const statuses = new Set(Object.keys(workflow?.states ?? {}));
  if (values.status !== undefined) statuses.add(values.status);
  return (
    <label>
      {orders.status}
      <select value={values.status ?? ''} onChange={({ target }) => onChange({ status: target.value || undefined })}>
        <option value="">{orders.anyStatus}</option>
        {[...statuses].map((status) => (
          <option key={status} value={status}>
            {stats ? orders.statusCount(orderStatus(status), stats.orders.by_status[status] ?? 0) : orderStatus(status)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The days in the two fields. Empty if the address has none, or a time of a day. */
const daysOf = ({ from, to }: OrderFilterValues) => ({
  fromDay: from !== undefined && isDay(from) ? from : '',
  toDay: to !== undefined && isDay(to) ? daysLater(to, -1) : '',
});

function DateFilters({ values, onChange }: Filters) {
  const { fromDay, toDay } = daysOf(values);
  return (
    <>
      <FilterField type="date" label={orders.from} value={fromDay} onFilter={(day) => onChange({ from: day })} />
      <FilterField
        type="date"
        label={orders.to}
        value={toDay}
        onFilter={(day) => onChange({ to: day && daysLater(day, 1) })}
      />
    </>
  );
}

const FileNote = ({ file }: { file: FileResponse | undefined }) =>
  file && (
    <p>
      {orders.ofFile}{' '}
      <Link to="/files/$fileId" params={{ fileId: file.file_id }}>
        {file.name}
      </Link>
      .
    </p>
  );

function DateNote({ values }: { values: OrderFilterValues }) {
  const timeZone = useTimeZone();
  const { from, to } = values;
  const { fromDay, toDay } = daysOf(values);
  if (from === undefined && to === undefined) return null;
  return (
    <p>
      {(fromDay !== '' || toDay !== '') && orders.days(timeZone)}{' '}
      {from !== undefined && fromDay === '' && orders.moment('from', from)}{' '}
      {to !== undefined && toDay === '' && orders.moment('to', to)}
    </p>
  );
}
