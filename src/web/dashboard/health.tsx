/** The dependencies of the service, and whether they are up. */
import type { ReadyResponse } from '../../http/responses.ts';
import { dashboard, dependency } from '../texts/dashboard.ts';
import { frame } from '../texts/page.ts';
import { Panel } from './panel.tsx';

type State = ReadyResponse['dependencies'][string];

/** The panel keeps its place while it loads, which takes seconds if a dependency does not answer. */
export const Health = ({ ready }: { ready: ReadyResponse | undefined }) => (
  <Panel title={dashboard.health} className="dashboard-health">
    <p role="status" className={ready?.status === 'not_ready' ? 'bad' : 'quiet'}>
      {ready ? (ready.status === 'ready' ? dashboard.ready : dashboard.notReady) : frame.loading}
    </p>
    <ul>
      {Object.entries(ready?.dependencies ?? {}).map(([name, state]) => (
        <Dependency key={name} name={name} state={state} />
      ))}
    </ul>
  </Panel>
);

function Dependency({ name, state }: { name: string; state: State }) {
  const known = dependency[name];
  const missing = (state.status === 'up' && state.missing) || [];
  const tone = state.status === 'down' ? 'bad' : missing.length > 0 ? 'warn' : 'good';
  const text = { bad: dashboard.down, warn: dashboard.incomplete, good: dashboard.up }[tone];
  return (
    <li>
      <p className="health-name">
        <span>{known?.name ?? name}</span>
        <span className={`health-state health-${tone}`}>{text}</span>
      </p>
      {state.status === 'up' ? (
        state.engine && (
          <p className="quiet dashboard-note health-engine" title={`${state.engine}, ${state.address}`}>
            {state.engine} <span className="health-address">{state.address}</span>
          </p>
        )
      ) : (
        <>
          <p className="dashboard-note">{known?.down}</p>
          <p className="quiet dashboard-note">{state.detail}</p>
        </>
      )}
      {missing.map(({ what, cure }) => (
        <p key={what} className="dashboard-note">
          {what}: {cure}
        </p>
      ))}
    </li>
  );
}
