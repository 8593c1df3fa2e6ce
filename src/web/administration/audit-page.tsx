/** `/audit`: who asked for a change, of what, and how it ended. */
import '../components/list.css';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { AuditEntryResponse } from '../../http/responses.ts';
import { auditQuery } from '../api/queries.ts';
import { throwUnlessRefused } from '../api/query-client.ts';
import { DataTable } from '../components/data-table.tsx';
import { FilterField } from '../components/filter-field.tsx';
import { Pager } from '../components/pager.tsx';
import { RefusedList } from '../components/refused-list.tsx';
import { Time } from '../components/time.tsx';
import { Title } from '../layout/title.tsx';
import { auditPage as words } from '../texts/administration.ts';
import { frame, list } from '../texts/page.ts';

const route = getRouteApi('/audit');

export function AuditPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, isPlaceholderData } = useQuery({
    ...auditQuery(search),
    placeholderData: keepPreviousData,
    throwOnError: throwUnlessRefused,
  });
  const filter = (changes: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...changes, cursor: undefined }), resetScroll: false });
  return (
    <>
      <Title>{words.title}</Title>
      <p>{words.help}</p>
      <search aria-label={words.filters} className="filters panel">
        {(['principal', 'action', 'target'] as const).map((name) => (
          <FilterField
            key={name}
            label={words[name]}
            hint={words[`${name}Hint`]}
            value={search[name] ?? ''}
            onFilter={(value) => filter({ [name]: value || undefined })}
          />
        ))}
        {(['from', 'to'] as const).map((name) => (
          <FilterField
            key={name}
            type="date"
            label={words[name]}
            value={search[name] ?? ''}
            onFilter={(value) => filter({ [name]: value || undefined })}
          />
        ))}
      </search>
      <RefusedList error={error} cursor={search.cursor} toFirst={words.first} onFirst={() => filter({})} />
      {!data && !error && <p className="quiet">{frame.loading}</p>}
      {data?.items.length === 0 && <p className="panel">{words.none}</p>}
      {data && data.items.length > 0 && <Entries entries={data.items} busy={isPlaceholderData} />}
      {data && (
        <Pager
          label={list.pages}
          words={{ first: words.first, previous: words.previous, next: words.next }}
          cursor={search.cursor}
          nextCursor={data.next_cursor}
          busy={isPlaceholderData}
          onGo={({ cursor, state }) => navigate({ search: (old) => ({ ...old, cursor }), state })}
        />
      )}
    </>
  );
}

const Entries = ({ entries, busy }: { entries: AuditEntryResponse[]; busy: boolean }) => (
  <div className="list-panel" aria-busy={busy}>
    <DataTable
      caption={words.caption}
      rows={entries}
      keyOf={({ chain, n }) => `${chain} ${n}`}
      cardsBelow={64}
      columns={[
        { header: words.at, cell: ({ at }) => <Time iso={at} /> },
        {
          header: words.principal,
          cell: ({ principal }) => principal ?? <span className="quiet">{words.nobody}</span>,
        },
        { header: words.action, cell: ({ action }) => action },
        { header: words.target, cell: ({ target }) => target },
        { header: words.outcome, cell: ({ status, code, count }) => words.outcomeOf(status, code, count) },
        { header: words.address, cell: ({ address }) => address },
      ]}
    />
  </div>
);
