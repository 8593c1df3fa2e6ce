/** The columns of the list of orders. */
import { Link } from '@tanstack/react-router';
import type { OrderResponse } from '../../http/responses.ts';
import type { Column } from '../components/data-table.tsx';
import { orders } from '../texts/orders.ts';
import { OrderDate } from './order-date.tsx';
import { OrderStatus } from './order-status.tsx';

export const orderColumns = (timeZone: string): readonly Column<OrderResponse>[] => [
  {
    header: orders.order,
    cell: ({ order_id }) => (
      <Link to="/orders/$orderId" params={{ orderId: order_id }} className="order-id cut" title={order_id}>
        {order_id}
      </Link>
    ),
  },
  { header: orders.date(timeZone), cell: ({ order_date }) => <OrderDate iso={order_date} /> },
  { header: orders.customer, cell: ({ customer: { name, email } }) => <TwoLines first={name} second={email} /> },
  { header: orders.item, cell: ({ items }) => <Items items={items} /> },
  {
    header: orders.quantity,
    numeric: true,
    cell: ({ items }) => String(items.reduce((sum, { quantity }) => sum + quantity, 0)),
  },
  { header: orders.amount, numeric: true, cell: ({ total_amount }) => total_amount },
  { header: orders.status, cell: ({ status }) => <OrderStatus status={status} /> },
];

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
