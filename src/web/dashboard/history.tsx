/** Rows over time as bars, and the same figures as a table. The period and the width of a bar are in the address. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { type History as Drawing, historyQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { type Column, DataTable } from '../components/data-table.tsx';
import { Count, formatNumber } from '../components/number.tsx';
import { dashboard } from '../texts/dashboard.ts';
import { HistoryChart, type Slot, slotName } from './history-chart.tsx';
import { Panel } from './panel.tsx';

const route = getRouteApi('/stats');

const HOURS = { '1h': 1, '6h': 6, '24h': 24, '7d': 7 * 24, '30d': 30 * 24, '90d': 90 * 24, '365d': 365 * 24 };
type Range = keyof typeof HOURS;

/** Neither too few bars nor more than a screen can show. The first is the default. */
const RANGES = {
  minute: ['1h', '6h', '24h'],
  hour: ['24h', '7d', '30d'],
  day: ['30d', '90d', '365d'],
} as const satisfies Record<string, readonly Range[]>;
type Bucket = keyof typeof RANGES;
const BUCKETS = Object.keys(RANGES) as Bucket[];

const TABLE_ROWS = 100;

export function History() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/stats' });
  const bucket = search.bucket ?? 'minute';
  const ranges: readonly Range[] = RANGES[bucket];
  const range = ranges.find((one) => one === search.range) ?? ranges[0]!;
  const { data: history } = useQuery({
    ...historyQuery(bucket, HOURS[range]),
    placeholderData: keepPreviousData,
    throwOnError: hasNothingToShow,
  });
  const go = (to: { bucket: Bucket; range?: Range }) => void navigate({ search: to, replace: true });
  const choices = (
    <div className="row dashboard-choices">
      <label>
        {dashboard.bucket}
        <select value={bucket} onChange={(event) => go({ bucket: event.target.value as Bucket })}>
          {BUCKETS.map((one) => (
            <option key={one} value={one}>
              {dashboard.buckets[one]}
            </option>
          ))}
        </select>
      </label>
      <label>
        {dashboard.range}
        <select value={range} onChange={(event) => go({ bucket, range: event.target.value as Range })}>
          {ranges.map((one) => (
            <option key={one} value={one}>
              {dashboard.ranges[one]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
  return (
    <Panel title={dashboard.history} className="dashboard-history" aside={choices}>
      {history && <Drawn {...history} />}
    </Panel>
  );
}

function Drawn(drawing: Drawing) {
  const { items, bucketMs, fromMs, toMs } = drawing;
  const slots = useMemo(() => everySlot({ items, bucketMs, fromMs, toMs }), [items, bucketMs, fromMs, toMs]);
  const [pointed, point] = useState<number | null>(null);
  const slot = pointed === null ? undefined : slots[pointed];
  const sums = useMemo(() => total(slots), [slots]);
  const { rows, accepted, invalid } = slot ?? sums;
  return (
    <>
      <p className="history-readout number" aria-hidden="true">
        <span className="quiet">{slot ? slotName(slot.atMs, bucketMs) : dashboard.wholeRange}</span>
        <span className="key key-accepted">
          {dashboard.accepted} <Count value={accepted} />
        </span>
        <span className="key key-invalid">
          {dashboard.invalid} <Count value={invalid} />
        </span>
        <span>
          {dashboard.rows} <Count value={rows} />
        </span>
      </p>
      <HistoryChart
        slots={slots}
        bucketMs={bucketMs}
        label={dashboard.chart(formatNumber(sums.rows), formatNumber(sums.accepted), formatNumber(sums.invalid))}
        onPoint={point}
      />
      {sums.rows === 0 ? (
        <p className="quiet dashboard-note">{dashboard.quietRange}</p>
      ) : (
        <details>
          <summary>{dashboard.table}</summary>
          <Table slots={slots} bucketMs={bucketMs} />
        </details>
      )}
    </>
  );
}

function Table({ slots, bucketMs }: { slots: Slot[]; bucketMs: number }) {
  const busy = slots.filter(({ rows }) => rows > 0).reverse();
  const columns: Column<Slot>[] = [
    {
      header: dashboard.at,
      cell: ({ atMs }) => <time dateTime={new Date(atMs).toISOString()}>{slotName(atMs, bucketMs)}</time>,
    },
    { header: dashboard.rows, numeric: true, cell: ({ rows }) => <Count value={rows} /> },
    { header: dashboard.accepted, numeric: true, cell: ({ accepted }) => <Count value={accepted} /> },
    { header: dashboard.invalid, numeric: true, cell: ({ invalid }) => <Count value={invalid} /> },
  ];
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which the keyboard must reach */}
      <section className="history-table" tabIndex={0} aria-label={dashboard.table}>
        <DataTable
          caption={dashboard.history}
          columns={columns}
          rows={busy.slice(0, TABLE_ROWS)}
          keyOf={({ atMs }) => String(atMs)}
        />
      </section>
      {busy.length > TABLE_ROWS && <p className="quiet dashboard-note">{dashboard.newest(formatNumber(TABLE_ROWS))}</p>}
    </>
  );
}

/** The API leaves out those without rows. */
function everySlot({ items, bucketMs, fromMs, toMs }: Drawing): Slot[] {
  const known = new Map(items.map(({ at, ...counts }) => [Date.parse(at), counts]));
  return Array.from({ length: (toMs - fromMs) / bucketMs }, (_, place) => {
    const atMs = fromMs + place * bucketMs;
    return { atMs, rows: 0, accepted: 0, invalid: 0, ...known.get(atMs) };
  });
}

const total = (slots: Slot[]) => ({
  rows: slots.reduce((sum, { rows }) => sum + rows, 0),
  accepted: slots.reduce((sum, { accepted }) => sum + accepted, 0),
  invalid: slots.reduce((sum, { invalid }) => sum + invalid, 0),
});
