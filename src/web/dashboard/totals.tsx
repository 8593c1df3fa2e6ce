/** The totals so far, and the current speed. */
import type { ReactNode } from 'react';
import type { StatsResponse } from '../../http/responses.ts';
import { Count, formatNumber } from '../components/number.tsx';
import { dashboard } from '../texts/dashboard.ts';

const money = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });

/** The amount is text, as it may exceed the exact range of a number. It is formatted from the text. */
const formatAmount = (amount: string): string => money.format(amount as `${number}`);

export function Totals({ stats: { files, rows, orders, events, rows_per_second } }: { stats: StatsResponse }) {
  const share = (count: number) => dashboard.share(percent.format(rows.total === 0 ? 0 : count / rows.total));
  return (
    <dl className="dashboard-totals" aria-label={dashboard.figures}>
      <Total name={dashboard.rows} note={dashboard.files(files.total)}>
        <Count value={rows.total} />
      </Total>
      <Total name={dashboard.accepted} note={share(rows.accepted)}>
        <Count value={rows.accepted} />
      </Total>
      <Total name={dashboard.invalid} note={share(rows.invalid)} tone={rows.invalid > 0 ? 'bad' : undefined}>
        <Count value={rows.invalid} />
      </Total>
      <Total name={dashboard.speed} note={dashboard.speedNow}>
        <Count value={rows_per_second} />
      </Total>
      <Total name={dashboard.amount} note={dashboard.orders(orders.total)}>
        <span className="number">{formatAmount(orders.amount)}</span>
      </Total>
      <Total name={dashboard.events} note={dashboard.pending(formatNumber(events.pending))}>
        <Count value={events.published} />
      </Total>
    </dl>
  );
}

const Total = ({
  name,
  note,
  tone = '',
  children,
}: {
  name: string;
  note?: string;
  tone?: 'bad' | '' | undefined;
  children: ReactNode;
}) => (
  <div className="panel dashboard-total">
    <dt>{name}</dt>
    <dd className={`dashboard-figure ${tone}`}>{children}</dd>
    {note && <dd className="quiet dashboard-note number">{note}</dd>}
  </div>
);
