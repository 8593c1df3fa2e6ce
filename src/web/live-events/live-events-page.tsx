/** `/live`: the events of orders, live. The filter and the starting point are in the address. */
import './live-events.css';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { EventResponse } from '../../http/responses.ts';
import { Commands } from '../components/commands.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { formatNumber } from '../components/number.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { Title } from '../layout/title.tsx';
import { liveEvents } from '../texts/live-events.ts';
import { frame } from '../texts/page.ts';
import { EventFeed, type FeedView } from './event-feed.ts';
import { EventTable } from './event-table.tsx';

const route = getRouteApi('/live');

export function LiveEventsPage() {
  const { after } = route.useSearch();
  return (
    <>
      <Title>{frame.live}</Title>
      <LiveEvents key={after ?? 'now'} after={after} />
    </>
  );
}

function LiveEvents({ after }: { after: '0' | undefined }) {
  const { filter = '' } = route.useSearch();
  const navigate = useNavigate({ from: '/live' });
  const [feed] = useState(() => new EventFeed(after));
  const view = useSyncExternalStore(feed.subscribe, feed.getView);
  // The address follows a moment after each letter: it must not overwrite what is being typed.
  const [text, write] = useState(filter);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (document.activeElement !== input.current) write(filter);
  }, [filter]);
  useEffect(() => feed.filter(text), [feed, text]);
  const [opened, open] = useState<EventResponse | null>(null);
  const onOpen = useCallback((event: EventResponse) => open(event), []);
  const change = (to: { filter?: string | undefined; after?: '0' | undefined }) =>
    void navigate({ search: (now) => ({ ...now, ...to }), replace: true });

  return (
    <>
      <div className="live-bar panel">
        <label className="live-filter">
          {liveEvents.filter}
          <input
            ref={input}
            type="search"
            value={text}
            placeholder={liveEvents.filterHint}
            onChange={(event) => {
              write(event.target.value);
              change({ filter: event.target.value || undefined });
            }}
          />
        </label>
        <label>
          {liveEvents.begin}
          <select
            value={after ?? ''}
            onChange={(event) => change({ after: event.target.value === '0' ? '0' : undefined })}
          >
            <option value="">{liveEvents.fromNow}</option>
            <option value="0">{liveEvents.fromBeginning}</option>
          </select>
        </label>
        <button
          type="button"
          className={view.paused ? 'button-main' : undefined}
          onClick={() => (view.paused ? feed.resume() : feed.pause())}
        >
          {view.paused ? liveEvents.resume : liveEvents.pause}
        </button>
        <LiveState view={view} filtered={text.trim() !== ''} />
      </div>
      {view.refusal !== null && <ProblemView error={view.refusal} />}
      {view.shown.length > 0 ? (
        <EventTable events={view.shown} onOpen={onOpen} />
      ) : view.received > view.waiting + view.missed ? (
        <p className="panel quiet">{liveEvents.noMatch}</p>
      ) : (
        <NothingYet after={after} />
      )}
      <Dialog title={opened ? opened.id : ''} open={opened !== null} onClose={() => open(null)}>
        {opened && <RawEvent event={opened} />}
      </Dialog>
    </>
  );
}

function LiveState({ view, filtered }: { view: FeedView; filtered: boolean }) {
  const { state, paused, perSecond, received, shown, waiting, missed } = view;
  const kind = state === 'live' && paused ? 'paused' : state;
  const count = formatNumber(shown.length);
  return (
    <div className="live-state">
      <p>
        <span role="status" className={`live-light live-${kind}`}>
          {kind === 'paused' ? liveEvents.paused : liveEvents.states[state]}
        </span>
        <span className="number live-rate">{liveEvents.perSecond(formatNumber(perSecond))}</span>
      </p>
      <p className="quiet number">
        {state === 'lost' && `${liveEvents.lost} `}
        {liveEvents.received(formatNumber(received))}
        {filtered && `, ${liveEvents.matching(count)}`}
        {!filtered && shown.length < received && `, ${liveEvents.shown(count)}`}
        {paused && `, ${liveEvents.waiting(formatNumber(waiting))}`}
        {missed > 0 && `, ${liveEvents.missed(formatNumber(missed))}`}
      </p>
    </div>
  );
}

function RawEvent({ event }: { event: EventResponse }) {
  const json = JSON.stringify(event, null, 2);
  return (
    <div className="live-raw">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which the keyboard must reach */}
      <pre tabIndex={0}>{json}</pre>
      <CopyButton text={json} label={liveEvents.rawOf(event.subject)} />
    </div>
  );
}

function NothingYet({ after }: { after: '0' | undefined }) {
  const command = `curl -N '${location.origin}/events?type=*${after === '0' ? '&after=0' : ''}'`;
  return (
    <EmptyState title={liveEvents.emptyTitle}>
      <p>{liveEvents.empty}</p>
      <p className="row">
        <Link to="/" className="button">
          {liveEvents.emptyUpload}
        </Link>
        {after !== '0' && (
          <Link to="/live" search={{ after: '0' }} className="button">
            {liveEvents.emptyBeginning}
          </Link>
        )}
      </p>
      <p className="quiet">{liveEvents.emptyCurl}</p>
      <Commands text={command} label={liveEvents.curl} />
    </EmptyState>
  );
}
