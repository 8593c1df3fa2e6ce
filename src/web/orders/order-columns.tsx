/** The columns of the list of orders. */
import { Link } from '@tanstack/react-router';
import type { OrderResponse } from '../../http/responses.ts';
import type { Column } from '../components/data-table.tsx';
import { Hidden } from '../components/hidden.tsx';
import { formatNumber } from '../components/number.tsx';
import { bulk } from '../texts/order-change.ts';
import { orders } from '../texts/orders.ts';
import { OrderDate } from './order-date.tsx';
import { OrderStatus } from './order-status.tsx';
import type { Selection } from './selection.ts';

/** `selection`: null for those who may not move orders. */
export const orderColumns = (timeZone: string, selection: Selection | null): readonly Column<OrderResponse>[] => [
  ...(selection ? [selectColumn(selection)] : []),
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
    cell: ({ customer: { name, email } }) =>
      name === null ? <Hidden /> : <TwoLines first={name} second={email ?? ''} />,
  },
  { header: orders.items, cell: ({ items }) => <Items items={items} /> },
  {
    header: orders.quantity,
    numeric: true,
    cell: ({ items }) => formatNumber(items.reduce((sum, { quantity }) => sum + quantity, 0)),
  },
  { header: orders.amount, numeric: true, cell: ({ total_amount }) => total_amount },
  { header: orders.status, cell: ({ status }) => <OrderStatus status={status} /> },
  { header: orders.source, cell: ({ source }) => <Source source={source} /> },
];

/** The row of a file, or the API. */
const Source = ({ source: { file_id, row } }: Pick<OrderResponse, 'source'>) =>
  file_id === null ? (
    <span className="quiet">{orders.api}</span>
  ) : (
    <Link to="/files/$fileId" params={{ fileId: file_id }} preload={false}>
      {orders.row(row ?? 0)}
    </Link>
  );

/** The first item, and how many more there are. */
function Items({ items: [first, ...others] }: Pick<OrderResponse, 'items'>) {
  if (!first) return null;
  const more = others.length > 0 ? ` · ${orders.more(others.length)}` : '';
  return (
    <TwoLines
      first={first.product_name}
      second={`${first.sku} · ${first.hub_id}${more}`}
      secondTitle={`${first.sku}, ${first.hub_id}`}
    />
  );
}

const TwoLines = ({ first, second, secondTitle = second }: { first: string; second: string; secondTitle?: string }) => (
  <div>
    <span className="cut" title={first}>
      {first}
    </span>
    <span className="cut order-sub" title={secondTitle}>
      {second}
    </span>
  </div>
);

const selectColumn = ({ selected, toggle }: Selection): Column<OrderResponse> => ({
  header: bulk.column,
  cell: (order) => (
    <label className="order-select">
      <span className="for-readers">{bulk.select(order.order_id)}</span>
      <input type="checkbox" checked={selected.has(order.order_id)} onChange={() => toggle(order)} />
    </label>
  ),
});
