/** `/stats`: the figures of the service. They are updated whenever a file changes, and every few seconds. */
import './dashboard.css';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { StatsResponse } from '../../http/responses.ts';
import { FILE_STATUSES } from '../../model/file.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import { readyQuery, statsQuery, workflowQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { Commands } from '../components/commands.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { Count } from '../components/number.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { Title } from '../layout/title.tsx';
import { orderStatus, reason } from '../texts/codes.ts';
import { dashboard } from '../texts/dashboard.ts';
import { frame } from '../texts/page.ts';
import { Bars, largestFirst } from './bars.tsx';
import { Health } from './health.tsx';
import { History } from './history.tsx';
import { Panel } from './panel.tsx';
import { Totals } from './totals.tsx';

const HUBS_SHOWN = 10;

export function DashboardPage() {
  const { data: stats } = useQuery({ ...statsQuery(), throwOnError: hasNothingToShow });
  const { data: ready } = useQuery({ ...readyQuery(), throwOnError: hasNothingToShow });
  return (
    <>
      <Title>{frame.dashboard}</Title>
      <div className="dashboard">
        {stats &&
          (isEmpty(stats) ? (
            <NothingYet />
          ) : (
            <>
              <Totals stats={stats} />
              <History />
            </>
          ))}
        <Health ready={ready} />
        {stats && !isEmpty(stats) && <Shares stats={stats} />}
      </div>
    </>
  );
}

const isEmpty = ({ files, rows, orders }: StatsResponse): boolean =>
  files.total === 0 && rows.total === 0 && orders.total === 0;

function Shares({ stats }: { stats: StatsResponse }) {
  const hubs = largestFirst(stats.orders.by_hub);
  const others = hubs.slice(HUBS_SHOWN);
  return (
    <>
      <Panel title={dashboard.byHub}>
        <Bars
          none={dashboard.noOrders}
          bars={hubs.slice(0, HUBS_SHOWN).map(([hub, value]) => ({
            key: hub,
            value,
            label: (
              <Link to="/orders" search={{ hub_id: hub }} title={hub}>
                {hub}
              </Link>
            ),
          }))}
          rest={
            others.length > 0
              ? {
                  label: dashboard.others(others.length),
                  value: others.reduce((sum, [, value]) => sum + value, 0),
                }
              : undefined
          }
        />
      </Panel>
      <div className="dashboard-column">
        <Panel title={dashboard.byFileStatus}>
          <ul className="dashboard-statuses">
            {FILE_STATUSES.map((status) => (
              <li key={status}>
                <Link to="/" search={{ status }}>
                  <StatusBadge status={status} />
                </Link>
                <Count value={stats.files[status]} />
              </li>
            ))}
          </ul>
        </Panel>
        <Panel title={dashboard.byOrderStatus}>
          <OrderStatuses counts={stats.orders.by_status} />
        </Panel>
      </div>
      <Panel title={dashboard.byReason}>
        <Bars
          tone="bad"
          none={dashboard.noInvalid}
          bars={largestFirst(stats.invalid_by_code).map(([code, value]) => ({
            key: code,
            value,
            label: <span title={code}>{reason[code as ReasonCode] ?? code}</span>,
          }))}
        />
        {Object.keys(stats.invalid_by_code).length > 0 && (
          <p className="quiet dashboard-note">{dashboard.reasonsNote}</p>
        )}
      </Panel>
    </>
  );
}

/** In the order of the workflow, also those that no order has. */
function OrderStatuses({ counts }: { counts: Record<string, number> }) {
  const { data: workflow } = useQuery(workflowQuery());
  return (
    <Bars
      none={dashboard.noOrders}
      bars={Object.keys(workflow?.states ?? {}).map((status) => ({
        key: status,
        value: counts[status] ?? 0,
        label: (
          <Link to="/orders" search={{ status }}>
            {orderStatus(status)}
          </Link>
        ),
      }))}
    />
  );
}

function NothingYet() {
  const { origin } = location;
  const commands = `curl -O ${origin}/sample_orders.csv\ncurl --data-binary @sample_orders.csv '${origin}/upload?name=sample_orders.csv'`;
  return (
    <div className="dashboard-history">
      <EmptyState title={dashboard.emptyTitle}>
        <p>{dashboard.empty}</p>
        <p>
          <Link to="/" className="button button-main">
            {dashboard.emptyLink}
          </Link>
        </p>
        <p className="quiet">{dashboard.emptyCurl}</p>
        <Commands text={commands} label={dashboard.curl} />
      </EmptyState>
    </div>
  );
}
