/** `/keys`: the keys of programs: made, shown once, and revoked. */
import '../components/list.css';
import './administration.css';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import type { KeyResponse, NewKeyResponse } from '../../http/responses.ts';
import { request } from '../api/client.ts';
import { keysQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { Commands } from '../components/commands.tsx';
import { DataTable } from '../components/data-table.tsx';
import { Dialog } from '../components/dialog.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { Time } from '../components/time.tsx';
import { Title } from '../layout/title.tsx';
import { keysPage as words } from '../texts/administration.ts';
import { frame } from '../texts/page.ts';
import { NewKeyDialog } from './new-key-dialog.tsx';

export function KeysPage() {
  const { data } = useQuery({ ...keysQuery(), throwOnError: hasNothingToShow });
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<NewKeyResponse | null>(null);
  const [toRevoke, askToRevoke] = useState<KeyResponse | null>(null);
  return (
    <>
      <Title>{words.title}</Title>
      <div className="list-summary">
        <p>{words.help}</p>
        <button type="button" onClick={() => setAdding(true)}>
          {words.add}
        </button>
      </div>
      {made && <MadeKey made={made} onDismiss={() => setMade(null)} />}
      {!data && <p className="quiet">{frame.loading}</p>}
      {data?.items.length === 0 && <p className="panel">{words.none}</p>}
      {data && data.items.length > 0 && <KeyTable keys={data.items} onRevoke={askToRevoke} />}
      {data && data.next_cursor !== null && <p className="quiet">{words.more}</p>}
      <NewKeyDialog open={isAdding} onClose={() => setAdding(false)} onMade={setMade} />
      <RevokeDialog of={toRevoke} onClose={() => askToRevoke(null)} />
    </>
  );
}

const MadeKey = ({ made: { name, key }, onDismiss }: { made: NewKeyResponse; onDismiss: () => void }) => (
  <section className="panel made-key" aria-labelledby="made-key">
    <h2 id="made-key">{words.madeTitle(name)}</h2>
    <p role="status">{words.once}</p>
    <Commands text={key} label={words.copyLabel} />
    <button type="button" onClick={onDismiss}>
      {words.dismiss}
    </button>
  </section>
);

const KeyTable = ({ keys, onRevoke }: { keys: KeyResponse[]; onRevoke: (key: KeyResponse) => void }) => (
  <div className="list-panel">
    <DataTable
      caption={words.caption}
      rows={keys}
      keyOf={({ id }) => id}
      cardsBelow={64}
      columns={[
        { header: words.name, cell: ({ id, name }) => <span title={id}>{name}</span> },
        { header: words.role, cell: ({ role, scopes }) => (scopes ? `${role}: ${scopes.join(', ')}` : role) },
        { header: words.hubs, cell: ({ hubs }) => hubs?.join(', ') ?? words.allHubs },
        {
          header: words.made,
          cell: ({ created_at, created_by }) => (
            <span>
              <Time iso={created_at} /> {created_by !== null && <span className="quiet">{words.by(created_by)}</span>}
            </span>
          ),
        },
        { header: words.lastUsed, cell: ({ last_used_at }) => timeOr(last_used_at) },
        { header: words.expires, cell: ({ expires_at }) => timeOr(expires_at) },
        {
          header: words.actions,
          cell: (key) => (
            <button
              type="button"
              className="button-danger"
              aria-label={words.revokeOf(key.name)}
              onClick={() => onRevoke(key)}
            >
              {words.revoke}
            </button>
          ),
        },
      ]}
    />
  </div>
);

const timeOr = (iso: string | null) =>
  iso === null ? <span className="quiet">{words.never}</span> : <Time iso={iso} />;

function RevokeDialog({ of, onClose }: { of: KeyResponse | null; onClose: () => void }) {
  const queries = useQueryClient();
  const revocation = useMutation({
    mutationFn: ({ id }: KeyResponse) => request<null>(`/keys/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSuccess: () => {
      flushSync(close);
      void queries.invalidateQueries({ queryKey: ['keys'] });
      // The button that had the focus goes with its row.
      document.getElementById('main')?.focus();
    },
  });
  const close = () => {
    revocation.reset();
    onClose();
  };
  return (
    <Dialog
      title={of ? words.revokeTitle(of.name) : ''}
      open={of !== null}
      onClose={close}
      closeLabel={words.keep}
      actions={
        <button
          type="button"
          className="button-danger"
          disabled={revocation.isPending}
          onClick={() => of && revocation.mutate(of)}
        >
          {words.confirm}
        </button>
      }
    >
      <p>{words.revokeMeans}</p>
      {revocation.error && <ProblemView error={revocation.error} />}
    </Dialog>
  );
}
