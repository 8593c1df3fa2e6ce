/** What an order says: its items and their sum, the customer, the address, the dates, and where it came from. */
import type { OrderResponse } from '../../http/responses.ts';
import { type Column, DataTable } from '../components/data-table.tsx';
import { FileLink } from '../components/file-link.tsx';
import { Hidden } from '../components/hidden.tsx';
import { Count } from '../components/number.tsx';
import { Time } from '../components/time.tsx';
import { orders, order as words } from '../texts/orders.ts';
import { OrderDate, useTimeZone } from './order-date.tsx';

type Item = OrderResponse['items'][number];

const COLUMNS: readonly Column<Item>[] = [
  { header: words.product, cell: ({ product_name }) => product_name },
  { header: orders.sku, cell: ({ sku }) => sku },
  { header: orders.hub, cell: ({ hub_id }) => hub_id },
  { header: orders.quantity, numeric: true, cell: ({ quantity }) => String(quantity) },
  { header: words.unitPrice, numeric: true, cell: ({ unit_price }) => unit_price },
  { header: words.lineTotal, numeric: true, cell: ({ line_total }) => line_total },
];

export const OrderContent = ({ order }: { order: OrderResponse }) => (
  <>
    <section className="list-panel">
      <DataTable
        caption={words.items}
        columns={COLUMNS}
        // A pair of SKU and hub may repeat.
        rows={order.items.map((item, place) => ({ ...item, place }))}
        keyOf={({ place }) => String(place)}
        cardsBelow={52}
      />
      <p className="order-total number">
        <span>{words.total}</span>
        <span>{order.total_amount}</span>
      </p>
    </section>
    <Facts order={order} />
  </>
);

const Facts = ({ order }: { order: OrderResponse }) => (
  <div className="order-facts">
    <section className="panel">
      <h2>{words.customer}</h2>
      <p className="order-address">
        {order.customer.name ?? <Hidden />}
        {'\n'}
        {order.customer.email}
      </p>
    </section>
    <section className="panel">
      <h2>{words.address}</h2>
      <p className="order-address">{order.shipping_address ?? <Hidden />}</p>
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
